"""The final answer to a wish to cancel or readdress says nothing that is not so."""

import pytest

from bots.claim_words import refused
from orders.claims.rules import Why

ON_ITS_WAY = {Why.HANDED_OVER, Why.REFUSED_BY_SHOP, Why.REFUSED_BY_WAREHOUSE, Why.NO_ANSWER}


@pytest.mark.parametrize("why", Why)
@pytest.mark.parametrize(("language", "parcel"), [("en", "the parcel goes"), ("zh", "包裹仍会寄到")])
def test_no_parcel_is_promised_of_what_is_cancelled_or_there(why: Why, language: str, parcel: str) -> None:
    answer = refused("address", why, "1001", language)
    assert "1001" in answer.text
    assert (parcel in answer.text) == (why in ON_ITS_WAY)
    assert answer.quick_replies
