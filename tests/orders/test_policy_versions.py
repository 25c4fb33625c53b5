"""Which policies hold for a shop, and for an order of the past."""

import pytest

from core.clock import now
from core.errors import NotFound
from core.shops import Shop
from orders.policy_presets import EUROPE, LAW, USUAL
from orders.policy_versions import cited_row, jurisdiction_of, policies_of
from orders.refund_case import Jurisdiction
from tests.orders.deliveries import a_shop
from tests.people import make_order

pytestmark = pytest.mark.usefixtures("clock")


async def test_a_new_shop_has_the_law_and_the_usual_terms(lumen: Shop) -> None:
    assert await policies_of(lumen.id) == (*LAW, USUAL)
    assert await policies_of(lumen.id, now()) == (*LAW, USUAL)


async def test_whose_law_holds_follows_the_parcel(lumen: Shop) -> None:
    order = await make_order(lumen, "#1001")
    for country, law in (("DE", "EU"), ("no", "EU"), ("CN", "CN"), ("US", "US"), ("HK", "other"), ("GB", "other")):
        order.ship_to = {"country": country}
        assert jurisdiction_of(lumen, order) is Jurisdiction(law)
    order.ship_to = {}
    assert jurisdiction_of(lumen, order) is Jurisdiction.US
    assert jurisdiction_of(a_shop("generic"), None) is Jurisdiction.CN


async def test_what_was_cited_is_found_again(lumen: Shop) -> None:
    cited = await cited_row(lumen.id, "eu_withdrawal", 1, "fourteen_days")
    assert cited.row in EUROPE.rows
    assert (await cited_row(lumen.id, "", 0, "no_row")).row.id == "no_row"
    for policy, version, row in (("eu_withdrawal", 99, "fourteen_days"), ("shop", 1, "x"), ("usual", 1, "gone")):
        with pytest.raises(NotFound):
            await cited_row(lumen.id, policy, version, row)
