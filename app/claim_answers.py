"""What has become of a claim, in the customer's words: the same for the chat and for whoever looks at it."""

from bots import claim_words
from bots.decisions import Reply
from core.money import Money
from orders.claims.models import DONE, REFUSED, Claim
from orders.claims.refunding import NOT_PAID
from orders.claims.rules import What
from orders.models import Order
from orders.refunds.models import RefundIntent
from orders.refunds.states import IntentState


async def final_answer(claim: Claim, order: Order, language: str) -> Reply | None:
    """The bubble for a settled claim of the customer's; None while nothing is certain, and for what is internal."""
    what = What(claim.what)
    if what is What.KEEP:
        return None
    if claim.contradicted_at is not None:
        return claim_words.contradicted(order.number, language)
    if claim.state == REFUSED:
        return claim_words.refused(claim.what, claim.why, order.number, language)
    if claim.state != DONE:
        return None
    if what is What.ADDRESS:
        return claim_words.readdressed(order.number, language)
    refund, money = await _money(claim)
    gone = bool(claim.gone)
    return claim_words.cancelled(order.number, language, whole=claim.whole, some_gone=gone, refund=refund, money=money)


async def _money(claim: Claim) -> tuple[Money | None, str]:
    intent = await RefundIntent.get_or_none(public_id=claim.refund) if claim.refund.startswith("rfi_") else None
    if intent is None:
        return None, "not_charged" if claim.refund in (NOT_PAID, "") else "by_person"
    waits = intent.state == IntentState.AWAITING_APPROVAL
    return Money(intent.amount, intent.currency), "approved_first" if waits else "back"
