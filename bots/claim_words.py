"""The final answer to a customer who wanted an order cancelled or readdressed. Pure."""

from collections.abc import Mapping

from bots.buttons import buttons
from bots.decisions import Reply
from bots.phrases import join, render
from core.money import Money

_REFUSALS: Mapping[str, str] = {  # by the reason of a claim's end
    "handed_over": "claim_refused_gone",
    "refused_by_shop": "claim_refused_gone",
    "refused_by_warehouse": "claim_refused_gone",
    "delivered": "claim_refused_arrived",
    "no_answer": "claim_refused_silent",
}

_STILL_SENT = frozenset(_REFUSALS) - {"delivered"}


def cancelled(
    number: str, language: str, *, whole: bool, some_gone: bool, refund: Money | None, money: str = "back"
) -> Reply:
    """Yes. `refund` is what goes back; `money`: back, approved_first, by_person, or not_charged."""
    done = "claim_cancelled_rest" if some_gone else "claim_cancelled" if whole else "claim_cancelled_part"
    about = {
        "back": "claim_money_back",
        "approved_first": "claim_money_approved_first",
        "by_person": "claim_money_by_person",
        "not_charged": "claim_not_charged",
    }[money]
    text = join(language, [render(done, language, {"number": number}), render(about, language, {"amount": refund})])
    offers = buttons(("return",), language) if some_gone else ()
    return Reply(phrase=done, text=text, quick_replies=offers)


def refused(wish: str, why: str, number: str, language: str) -> Reply:
    """No, and what is possible instead. `wish` is cancel or address, `why` the reason of the claim's end."""
    if wish == "cancel":
        phrase = _REFUSALS.get(why, "claim_refused")
    else:
        phrase = "claim_address_kept" if why in _STILL_SENT else "claim_address_refused"
    offers = ("return", "person") if phrase.startswith(("claim_refused_gone", "claim_refused_arrived")) else ("person",)
    text = render(phrase, language, {"number": number})
    return Reply(phrase=phrase, text=text, quick_replies=buttons(offers, language))


def readdressed(number: str, language: str) -> Reply:
    """Yes, it goes elsewhere."""
    return Reply(phrase="claim_readdressed", text=render("claim_readdressed", language, {"number": number}))


def contradicted(number: str, language: str) -> Reply:
    """It was sent in spite of the yes."""
    text = render("claim_contradicted", language, {"number": number})
    return Reply(phrase="claim_contradicted", text=text, quick_replies=buttons(("person",), language))
