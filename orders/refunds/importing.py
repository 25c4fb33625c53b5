"""Our own refunds as the shop's record tells them: they settle their parts, or have the gateway asked."""

from core.transactions import transaction
from orders.models import Refund
from orders.refunds.gateway import Answer, Outcome
from orders.refunds.intents import plan
from orders.refunds.matching import our_part
from orders.refunds.models import RefundPart
from orders.refunds.settling import settle_part
from orders.refunds.states import UNDER_WAY, PartState

_RECORDED_FIRST = frozenset({"woocommerce"})  # it writes a refund down before its plug-in has moved the money
_SETTLES = (*UNDER_WAY, PartState.SUCCEEDED)


async def settle_by_record(refund_id: int) -> None:
    """Take in what the record says of a refund, if it is one of ours.

    What fits settles the part. A failure, another amount, and the word of a shop that writes before it pays only have
    the gateway asked: records lag and add up.
    """
    refund = await Refund.get_or_none(id=refund_id)
    if refund is None:
        return
    part = our_part(refund, await RefundPart.filter(order_id=refund.order_id).order_by("id"))
    if part is None or part.state not in _SETTLES:
        return
    fits = (refund.amount, refund.currency) == (part.amount, part.currency)
    if refund.state == "succeeded" and fits and part.gateway not in _RECORDED_FIRST:
        await settle_part(part.public_id, Outcome(state=Answer.SUCCEEDED, reference=refund.reference))
    elif refund.state == "failed" and fits:
        await settle_part(part.public_id, Outcome(state=Answer.FAILED, code="told_failed"))
    elif part.state in UNDER_WAY:
        async with transaction():
            await plan(part, "refund.look", again="told")
