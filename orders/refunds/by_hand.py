"""What only a person can say: that money was paid by hand, and what became of a refund that is frozen."""

from core import audit
from core.clock import now
from core.errors import Conflict, Forbidden, Invalid
from core.people import AGENT, Actor, Agent
from core.shops import Shop
from core.text import clean
from core.transactions import transaction
from orders.refunds.gateway import Answer, Outcome
from orders.refunds.held import hold
from orders.refunds.intents import enter, locked_intent, locked_order, plan_telling, resume
from orders.refunds.limits import allowance_of
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.sending import is_by_hand
from orders.refunds.settling import conclude, settle_part
from orders.refunds.states import UNDER_WAY, IntentState, PartState


async def paid_by_hand(key: str, agent: Agent, reference: str) -> RefundPart:
    """Say that a part was paid by hand, with the reference of the payment (a transfer's number, a receipt's).

    Above the agent's own limit somebody else must have approved it. Raises NotFound, Invalid (reference_missing),
    Conflict (not_by_hand), Forbidden (above_limit). Audited.
    """
    named = clean(reference, limit=190)
    if not named:
        raise Invalid("the payment needs a reference", code="reference_missing")
    actor = Actor.of(agent)
    async with transaction():
        held = await hold(key)
        part, intent = held.part, held.intent
        order = await locked_order(part.order_id, actor)
        if part.state == PartState.SUCCEEDED and part.gateway_ref == named:
            return part
        if not is_by_hand(part) or part.state not in UNDER_WAY or intent.state == IntentState.AWAITING_APPROVAL:
            raise Conflict("nothing of it is paid by hand now", code="not_by_hand", state=part.state)
        allowance = await allowance_of(actor, await Shop.get(id=order.shop_id), part.currency)
        if allowance.single is not None and part.amount > allowance.single and intent.approved_by in (None, agent.id):
            raise Forbidden("somebody else has to approve so much", code="above_limit", limit=allowance.single)
        await audit.note(actor, "refund.paid_by_hand", intent.public_id, part=part.public_id, amount=part.amount)
        return await settle_part(key, Outcome(state=Answer.SUCCEEDED, reference=named))


async def settle_frozen(intent_id: int, agent: Agent, paid: dict[str, int], why: str) -> RefundIntent:
    """Say what was really paid of each frozen part (its key → minor units; 0: nothing), after looking at the gateway.

    Only supervisors and admins. Raises NotFound, Forbidden (supervisor_needed), Conflict (not_frozen), Invalid
    (bad_amount, why_missing). Audited.
    """
    actor, reason = Actor.of(agent), clean(why, limit=500)
    if agent.role == AGENT:
        raise Forbidden("a supervisor decides about frozen refunds", code="supervisor_needed")
    if not reason:
        raise Invalid("say how you know", code="why_missing")
    async with transaction():
        intent, _ = await locked_intent(intent_id, actor)
        if intent.state != IntentState.FROZEN:
            raise Conflict("the refund is not frozen", code="not_frozen", state=intent.state)
        for part in await RefundPart.filter(intent_id=intent.id, state=PartState.FROZEN).order_by("id"):
            amount = paid.get(part.public_id)
            if type(amount) is not int or not 0 <= amount <= max(part.captured, part.amount):
                raise Invalid("say for each part what was paid", code="bad_amount", part=part.public_id)
            part.state = (PartState.SUCCEEDED if amount else PartState.FAILED).value
            part.paid, part.settled_at = amount or None, now()
            await part.save(update_fields=["state", "paid", "settled_at"])
            await plan_telling(part)
        await audit.note(actor, "refund.unfrozen", intent.public_id, paid=paid)
        await enter(intent, IntentState.PENDING, why=reason)
        await conclude(intent, await RefundPart.filter(intent_id=intent.id))
        await resume(intent)
    return intent
