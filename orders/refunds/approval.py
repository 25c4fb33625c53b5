"""The second person: approving a refund, refusing it, taking it back before anything was sent, trying it once more.

Four eyes: whoever asked never approves, nor whoever would be paid, nor whose own limit is below the amount. What is
tried against that is audited as well.
"""

from collections.abc import Sequence

from core import audit
from core.clock import now
from core.errors import Conflict, Forbidden, WismoError
from core.ids import new_id
from core.people import Actor, Agent
from core.text import clean
from core.transactions import transaction
from orders.models import Order
from orders.refunds.books import Books, read_books
from orders.refunds.caps import order_left
from orders.refunds.case import Request
from orders.refunds.from_order import case_from
from orders.refunds.intents import add_parts, enter, locked_intent, plan_payments
from orders.refunds.limits import allowance_of, is_own_order
from orders.refunds.lines import sold_lines
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.quote import TenderPart
from orders.refunds.states import IntentState, PartState

_WAITING = IntentState.AWAITING_APPROVAL
_LASTING = ("goodwill_above_worth", "typed_details")  # what needed two people at first does so at every attempt


async def approve(intent_id: int, agent: Agent) -> RefundIntent:
    """Let the money leave. Approving twice is approving once.

    Raises NotFound; Forbidden (self_approval, own_order, above_limit, daily_limit) and Conflict (not_waiting,
    amount_changed: so much is not left any more); all of them are audited.
    """
    actor = Actor.of(agent)
    async with transaction():
        intent, order = await locked_intent(intent_id, actor)
        if intent.approved_by == agent.id and intent.state != _WAITING and intent.requested_id != agent.id:
            return intent
        try:
            rule = await _may_approve(intent, order, actor)
        except WismoError as error:
            refusal = error  # raised after the commit, which keeps the audit entry
            tried = {"code": error.code, "amount": intent.amount, "currency": intent.currency}
            await audit.note(actor, "refund.approval_refused", intent.public_id, **tried)
        else:
            decided = {"approved_by": agent.id, "decided_by": agent.name, "decided_at": now(), "rule": rule}
            await enter(intent, IntentState.CREATED, **decided)
            await audit.note(actor, "refund.approved", intent.public_id, amount=intent.amount, rule=rule)
            await plan_payments(await RefundPart.filter(intent_id=intent.id).order_by("id"))
            return intent
    raise refusal


async def refuse(intent_id: int, agent: Agent, why: str) -> RefundIntent:
    """Say no; the money is free again. Raises NotFound, Conflict (not_waiting). Audited."""
    return await _drop(intent_id, Actor.of(agent), IntentState.REFUSED, clean(why, limit=500))


async def withdraw(intent_id: int, actor: Actor) -> RefundIntent:
    """Take back what waits for approval. Raises NotFound, Conflict (not_waiting). Audited."""
    return await _drop(intent_id, actor, IntentState.WITHDRAWN, "")


async def retry_failed(intent_id: int, agent: Agent) -> RefundIntent:
    """Begin the next attempt for the parts that failed, or return the one that was begun already.

    A part has failed only after the gateway was asked again and knew of no money that left, so this is safe. Limits
    hold as for any refund. Raises NotFound, Conflict (not_failed, amount_changed). Audited.
    """
    actor = Actor.of(agent)
    async with transaction():
        intent, order = await locked_intent(intent_id, actor)
        later = (
            await RefundIntent.filter(case_id=intent.case_id, attempt__gt=intent.attempt).order_by("attempt").first()
        )
        if later is not None:
            return later
        if intent.state != IntentState.FAILED:
            raise Conflict("the refund has not failed", code="not_failed", state=intent.state)
        books = await read_books(order)
        failed = await RefundPart.filter(intent_id=intent.id, state=PartState.FAILED).order_by("id")
        _require_room(books, intent, failed)
        return await _begin_again(intent, failed, books, actor)


async def _may_approve(intent: RefundIntent, order: Order, actor: Actor) -> str:
    """The rule that allows it."""
    if intent.state != _WAITING:
        raise Conflict("nothing waits for approval", code="not_waiting", state=intent.state)
    if intent.requested_kind == "agent" and intent.requested_id == actor.id:
        raise Forbidden("somebody else has to approve", code="self_approval")
    if await is_own_order(actor.id, order):
        raise Forbidden("it is the approver's own order", code="own_order")
    books = await read_books(order)
    allowance = await allowance_of(actor, books.shop, intent.currency)
    if exceeded := allowance.exceeded_by(intent.amount):
        raise Forbidden("more than this person may allow", code=exceeded, limit=allowance.single)
    parts = [part for part in books.parts if part.intent_id == intent.id]
    _require_room(books.without(intent), intent, parts)
    return f"approved:{allowance.rule}"


def _require_room(books: Books, intent: RefundIntent, parts: Sequence[RefundPart]) -> None:
    """What was left when it was asked for may have gone back elsewhere since."""
    case, wanted = case_from(books, Request()), sum(part.amount for part in parts)
    room = {each.id: each.left for each in case.payments}
    fits = all(part.amount <= room.get(part.payment, 0) for part in parts)
    left = order_left(case, sold_lines(case, []))
    if left is not None and intent.quote.get("kind") == "refund":
        label = intent.wish.get("return_label") or {}
        fits = fits and wanted <= left + intent.goodwill + int(label.get("amount", 0))
    if not fits:
        raise Conflict("so much is not left any more", code="amount_changed", asked=wanted)


async def _drop(intent_id: int, actor: Actor, state: IntentState, why: str) -> RefundIntent:
    async with transaction():
        intent, _ = await locked_intent(intent_id, actor)
        if intent.state == state:
            return intent
        if intent.state != _WAITING:
            raise Conflict("nothing waits for approval", code="not_waiting", state=intent.state)
        await RefundPart.filter(intent_id=intent.id).update(state=PartState.DROPPED.value)
        await enter(intent, state, decided_by=actor.name, decided_at=now(), why=why)
        await audit.note(actor, f"refund.{state.value}", intent.public_id, amount=intent.amount)
    return intent


async def _begin_again(
    failed_intent: RefundIntent, failed: list[RefundPart], books: Books, actor: Actor
) -> RefundIntent:
    amount = sum(part.amount for part in failed)
    allowance = await allowance_of(actor, books.shop, failed_intent.currency)
    exceeded = allowance.exceeded_by(amount)
    own = await is_own_order(actor.id, books.order)
    needs = [
        *([exceeded] if exceeded else []),
        *(["own_order"] if own else []),
        *(need for need in failed_intent.needs if need in _LASTING),
        *(["dispute_open"] if books.disputed else []),
    ]
    moment = now()
    intent = RefundIntent(
        **{name: getattr(failed_intent, name) for name in _CARRIED},
        public_id=new_id("rfi"),
        attempt=failed_intent.attempt + 1,
        amount=amount,
        goodwill=min(failed_intent.goodwill, amount),  # what has arrived paid first what was due
        requested_kind=actor.kind,
        requested_id=actor.id,
        requested_name=actor.name,
        needs=needs,
        approved_by=None if needs else actor.id,
        decided_at=None if needs else moment,
        rule="" if needs else allowance.rule,
        created_at=moment,
        version=0,
    )
    await enter(intent, _WAITING if needs else IntentState.CREATED)
    arrived = await RefundPart.filter(intent_id=failed_intent.id, carries=True, state=PartState.SUCCEEDED)
    told = {part.gateway for part in arrived}
    parts = await add_parts(intent, books, [TenderPart(p.payment, p.tender, p.amount) for p in failed], told)
    tried = {"after": failed_intent.public_id, "amount": amount, "needs": needs}
    await audit.note(actor, "refund.requested", intent.public_id, order=books.order.public_id, **tried)
    if not needs:
        await plan_payments(parts)
    return intent


_CARRIED = (
    "shop_id",
    "order_id",
    "case_id",
    "reason",
    "currency",
    "lines",
    "shipping",
    "shipping_tax",
    "wish",
    "quote",
    "note",
    "restock",
)
