"""Money back for what a claim has cancelled: in full, delivery included, once, and never for what was not paid."""

from core.errors import Conflict, Invalid, NotFound
from core.people import SYSTEM, Actor
from orders.claims.models import Claim
from orders.claims.reading import units_of
from orders.models import Payment
from orders.refunds.approval import withdraw
from orders.refunds.case import Reason, Request
from orders.refunds.models import RefundIntent
from orders.refunds.requesting import request_refund
from orders.refunds.states import IntentState

NOT_PAID = "not_paid"
BY_CASE = "by_case"  # an after-sales case asks for its money itself


async def refund_cancelled(claim: Claim) -> str:
    """Ask for the money of a claim that is done; part of that change.

    Returns the public id of the refund, "not_paid" when nothing was captured, "by_case" when the case that has claimed
    the units asks for the money, or why it has to be a person's work.
    """
    if claim.case_id.startswith("afs_"):
        return BY_CASE
    if not await Payment.exists(order_id=claim.order_id, captured__gt=0):
        return NOT_PAID
    everything = claim.whole and not claim.gone
    request = Request(units=None if everything else units_of(claim.units), reason=Reason.CANCELLED)
    actor = Actor(claim.actor_kind, claim.actor_id, claim.actor_name)
    case, attempt = await _case(claim)
    try:
        intent = await request_refund(
            claim.order_id,
            case,
            request,
            actor,
            attempt=attempt,
            client_key=claim.public_id,
            cancels_unshipped=True,
        )
    except (Conflict, Invalid, NotFound) as refusal:  # not found: by an agent who has left the shop since
        return refusal.code
    return str(intent.public_id)


async def take_refund_back(claim: Claim) -> None:
    """The goods were sent all the same: what has not left yet stays here. What has left, a person looks at."""
    intent = await RefundIntent.get_or_none(public_id=claim.refund)
    if intent is not None and intent.state == IntentState.AWAITING_APPROVAL:
        await withdraw(intent.id, SYSTEM)


async def _case(claim: Claim) -> tuple[str, int]:
    """What the refund is for: the ticket, its next attempt. While another one of the ticket is open, the claim."""
    case = claim.case_id or claim.public_id
    last = await RefundIntent.filter(case_id=case).order_by("-attempt").first()
    if last is None:
        return case, 1
    over = last.state in (IntentState.SUCCEEDED, IntentState.FAILED, IntentState.REFUSED, IntentState.WITHDRAWN)
    return (case, last.attempt + 1) if over else (claim.public_id, 1)
