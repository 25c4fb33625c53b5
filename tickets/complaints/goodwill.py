"""Compensation for complaints: offered by the matrix, within caps, approved by a second person, issued. No refund."""

from datetime import timedelta

from tortoise.functions import Sum

from core import audit
from core.clock import now
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.ids import new_id
from core.people import AGENT, Actor, Agent, Customer, shop_ids_of
from core.text import clean
from core.transactions import transaction
from orders.models import Order, OrderLine
from orders.refunds.limits import is_own_order
from orders.snapshots import snapshot
from tickets.complaints.goodwill_matrix import CAPS, Proposal, alone, order_cap, propose
from tickets.complaints.models import Compensation, Complaint, ComplaintOrder
from tickets.complaints.progress import locked_complaint
from tickets.complaints.steps import REJECTED, UNDECIDED, Step
from tickets.complaints.suggestion import delay_days
from tickets.models import Ticket
from tickets.timeline import change

GOODWILL, COUPON, POINTS = "goodwill", "coupon", "points"
KINDS = (GOODWILL, COUPON, POINTS)
AWAITING, APPROVED, ISSUED, REFUSED, WITHDRAWN = "awaiting_approval", "approved", "issued", "refused", "withdrawn"
COUNTS = (AWAITING, APPROVED, ISSUED)  # against the caps
MEMORY = timedelta(days=90)


async def proposal_for(complaint: Complaint, order: Order) -> tuple[Proposal | None, int, int]:
    """What the matrix gives for the complaint's cause, the days of delay, and what the goods cost (minor units)."""
    delay = delay_days(await snapshot(order), complaint.received_at)
    net = sum(line.unit_price * line.quantity - line.discount for line in await OrderLine.filter(order_id=order.id))
    return propose(complaint.cause or "", delay, net, order.currency), delay, net


async def offer(
    ticket_id: int, agent: Agent, order_id: int, *, kind: str, amount: int | None = None, note: str = ""
) -> Compensation:
    """Give something for an order of the complaint: what the matrix says, or `amount` (minor units).

    More than the matrix gives needs a note; more than the agent may give alone or than the goods cost, and whatever is
    for an order of the agent's own, a second person.
    Raises Invalid (bad_kind, bad_amount, note_missing), Conflict (not_decided, not_our_fault, already_offered, and
    above_cap with `cap` and what is `left`), NotFound for orders that the complaint is not about.
    """
    if kind not in KINDS:
        raise Invalid("goodwill, coupon or points", code="bad_kind")
    actor, words = Actor.of(agent), clean(note, limit=500)
    async with transaction():
        complaint, ticket, _ = await locked_complaint(ticket_id, actor)
        order = await _locked_order(complaint, order_id)
        # What a customer gets and what an agent gives is counted one by one.
        await Customer.filter(id=complaint.customer_id).select_for_update().get()
        await Agent.filter(id=agent.id).select_for_update().get()
        if complaint.step in (*UNDECIDED, Step.DISMISSED) or complaint.outcome == REJECTED:
            raise Conflict("first decide that the customer is right", code="not_decided")
        proposal, delay, net = await proposal_for(complaint, order)
        if proposal is None:
            raise Conflict("nothing is given for what is not our fault", code="not_our_fault")
        wanted = proposal.amount if amount is None else amount
        if wanted <= 0:
            raise Invalid("not a sum that can be given", code="bad_amount")
        if wanted > proposal.amount and not words:
            raise Invalid("say why it is more than usual", code="note_missing")
        if await Compensation.exists(complaint_id=complaint.id, order_id=order.id, kind=kind, state__in=COUNTS):
            raise Conflict("this was offered already", code="already_offered")
        await _require_within_caps(complaint, order, agent, wanted, net)
        own = await is_own_order(agent.id, order)
        rule = "approval" if own else _rule(agent, wanted, net, proposal, order.currency)
        made = await Compensation.create(
            public_id=new_id("cps"),
            shop_id=complaint.shop_id,
            complaint_id=complaint.id,
            order_id=order.id,
            customer_id=complaint.customer_id,
            kind=kind,
            amount=wanted,
            currency=order.currency,
            state=AWAITING if rule == "approval" else APPROVED,
            cause=complaint.cause,
            delay_days=delay,
            net=net,
            matrix_row=proposal.row,
            proposed=proposal.amount,
            rule=rule,
            note=words,
            offered_by_id=agent.id,
            offered_at=now(),
        )
        await _note(made, ticket, actor, "offered", rule=rule, row=proposal.row)
    return made


async def approve(agent: Agent, public_id: str) -> Compensation:
    """Say yes as the second person. Raises NotFound; Conflict (not_waiting); Forbidden (self_approval, own_order,
    above_limit, not_your_step), noted in the audit."""
    return await _decide(agent, public_id, APPROVED, "")


async def refuse(agent: Agent, public_id: str, why: str) -> Compensation:
    """Say no as the second person, and why. Raises as `approve`, and Invalid (note_missing)."""
    if not clean(why, limit=500):
        raise Invalid("say why", code="note_missing")
    return await _decide(agent, public_id, REFUSED, clean(why, limit=500))


async def issue(agent: Agent, public_id: str, reference: str) -> Compensation:
    """The customer has it: `reference` is the transfer's or the coupon's. The same again changes nothing.

    Raises NotFound, Invalid (reference_missing), Conflict (not_approved).
    """
    words = clean(reference, limit=120)
    async with transaction():
        made, ticket = await _locked(agent, public_id)
        if made.state == ISSUED and made.reference == words:
            return made
        if made.state != APPROVED:
            raise Conflict("it is not approved", code="not_approved")
        if not words and made.kind != POINTS:
            raise Invalid("say which transfer or coupon it is", code="reference_missing")
        made.state, made.reference, made.issued_at = ISSUED, words, now()
        await made.save()
        await _note(made, ticket, Actor.of(agent), "issued")
    return made


async def withdraw(agent: Agent, public_id: str) -> Compensation:
    """Take back what was not issued; whoever offered it, or a supervisor. Raises NotFound, Conflict (not_approved),
    Forbidden (not_your_step)."""
    async with transaction():
        made, ticket = await _locked(agent, public_id)
        if agent.role == AGENT and made.offered_by_id != agent.id:
            raise Forbidden("somebody else offered it", code="not_your_step")
        if made.state not in (AWAITING, APPROVED):
            raise Conflict("it cannot be taken back any more", code="not_approved")
        made.state = WITHDRAWN
        await made.save()
        await _note(made, ticket, Actor.of(agent), "withdrawn")
    return made


async def _decide(agent: Agent, public_id: str, state: str, why: str) -> Compensation:
    async with transaction():
        made, ticket = await _locked(agent, public_id)
        own = await is_own_order(agent.id, await Order.get(id=made.order_id))
        refusal = _why_not(agent, made, state, own=own)
        if refusal is None:
            if made.state != AWAITING:
                raise Conflict("nobody waits for an answer to it", code="not_waiting")
            made.state, made.decided_by_id, made.decided_at = state, agent.id, now()
            made.note = f"{made.note}\n{why}".strip()[:500]
            await made.save()
            await _note(made, ticket, Actor.of(agent), state)
            return made
        # Raised below, after the commit: a rollback would take the audit entry with it.
        await audit.note(Actor.of(agent), "compensation.approval_refused", made.public_id, why=refusal.code)
    raise refusal


def _why_not(agent: Agent, made: Compensation, state: str, *, own: bool) -> Forbidden | None:
    if agent.role == AGENT:
        return Forbidden("only supervisors decide this", code="not_your_step")
    if made.offered_by_id == agent.id:
        return Forbidden("nobody approves their own", code="self_approval")
    if own:
        return Forbidden("it is the approver's own order", code="own_order")
    most = alone(agent.role, made.currency)
    if state == APPROVED and most is not None and made.amount > most and made.currency in CAPS:
        return Forbidden("more than you may give", code="above_limit")
    return None


async def _locked(agent: Agent, public_id: str) -> tuple[Compensation, Ticket]:
    known = await Compensation.get_or_none(public_id=public_id, shop_id__in=await shop_ids_of(agent))
    if known is None:
        raise NotFound("no such compensation")
    complaint = await Complaint.get(id=known.complaint_id)
    _, ticket, _ = await locked_complaint(complaint.ticket_id, Actor.of(agent))
    return await Compensation.filter(id=known.id).select_for_update().get(), ticket


async def _locked_order(complaint: Complaint, order_id: int) -> Order:
    """The order, ours until the commit."""
    if not await ComplaintOrder.exists(complaint_id=complaint.id, order_id=order_id):
        raise NotFound("the complaint is not about this order")
    return await Order.filter(id=order_id).select_for_update().get()


async def _require_within_caps(complaint: Complaint, order: Order, agent: Agent, amount: int, net: int) -> None:
    caps, moment = CAPS.get(order.currency), now()
    given = Compensation.filter(currency=order.currency, state__in=COUNTS)
    used = [("order", order_cap(net, order.currency), given.filter(order_id=order.id))]
    if caps is not None:
        recent = given.filter(offered_at__gte=moment - MEMORY)
        today = given.filter(offered_by_id=agent.id, offered_at__gte=moment - timedelta(days=1))
        used += [
            ("customer", caps.customer, recent.filter(customer_id=complaint.customer_id)),
            ("agent", caps.agent, today),
        ]
    for name, cap, rows in used:
        [total] = await rows.annotate(total=Sum("amount")).values_list("total", flat=True)
        left = cap - int(str(total or 0))
        if amount > left:
            raise Conflict("more than the cap", code="above_cap", cap=name, left=max(0, left))


def _rule(agent: Agent, amount: int, net: int, proposal: Proposal, currency: str) -> str:
    most = alone(agent.role, currency)
    if (most is not None and amount > most) or amount > net:
        return "approval"
    return "matrix" if amount <= proposal.amount else "limit"


async def _note(made: Compensation, ticket: Ticket, actor: Actor, what: str, **detail: str) -> None:
    """Money is kept in both places: the audit for good, the timeline for whoever works on it."""
    about = {"amount": made.amount, "currency": made.currency, "kind": made.kind, **detail}
    await audit.note(actor, f"compensation.{what}", made.public_id, **about)
    await change(ticket, actor, "complaint", f"compensation_{what}", **about)
