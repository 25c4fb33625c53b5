"""After-sales cases: what a policy would say, opening one about units of an order, asking again after a refusal.

Decisions are in decisions.py, what follows a grant in fulfilling.py and returns.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.numbering import next_number
from core.people import SYSTEM, Actor
from core.shops import Shop
from core.text import clean
from core.transactions import transaction
from orders.models import Order
from orders.policies.deciding import Category, Outcome
from orders.policies.documents import wish_data
from orders.refunds.case import Reason
from tickets.access import locked_ticket
from tickets.aftersales.deciding import Judgement, judge
from tickets.aftersales.decisions import BY_POLICY, TEXT_LIMIT, decide_new, grant
from tickets.aftersales.evidence import photos_of
from tickets.aftersales.kinds import Kind
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.moves import Case, take_step, tell
from tickets.aftersales.scope import Asked, Scope, scope_of, stage_of
from tickets.aftersales.states import State
from tickets.linking import add_links
from tickets.models import Ticket
from tickets.statuses import Status
from tickets.timeline import change

MOST_AMENDED = 5  # as the WeChat shop allows; other platforms do not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks for. `amount` (minor units): no more than that much. `photos` are files of the conversation.

    `informed`: the customer was told of the right of withdrawal with the purchase.
    """

    kind: Kind
    reason: Reason
    lines: Sequence[Asked] = ()
    category: Category = Category.STANDARD
    informed: bool = True
    amount: int | None = None
    note: str = ""
    photos: Sequence[str] = ()


async def preview(order: Order, wanted: Wanted, *, amends: int | None = None) -> Judgement:
    """The decision that the policies would make now, for a new case or one (by id) that this `amends`; nothing is
    written. Raises what `open_case` raises."""
    _require_sane(wanted)
    found = await scope_of(order, wanted.kind, wanted.lines, but=amends)
    return await _judged(order, wanted, found)


async def open_case(
    ticket_id: int, order_id: int, wanted: Wanted, actor: Actor, *, platform_ref: str = ""
) -> AfterSale:
    """Open a case of a ticket about units of an order and decide it, as far as a policy does.

    Raises NotFound, Invalid (no_lines, bad_units, bad_amount) and Conflict (ticket_closed, units_taken, too_many_units,
    wrong_stage).
    """
    _require_sane(wanted)
    async with transaction():
        ticket, role = await locked_ticket(ticket_id, actor)
        if ticket.status == Status.CLOSED:
            raise Conflict("the ticket is closed", code="ticket_closed")
        # The order's lock makes two who ask for the same units one after the other.
        order = await Order.filter(id=order_id, shop_id=ticket.shop_id).select_for_update().first()
        if order is None:
            raise NotFound("no such order")
        found = await scope_of(order, wanted.kind, wanted.lines)
        judged = await _judged(order, wanted, found)
        row = await _create(ticket, order, wanted, judged, actor, platform_ref)
        await _write_lines(row, found)
        row.evidence = await photos_of(ticket.conversation_id, wanted.photos, State.REQUESTED)
        await row.save(update_fields=["evidence"])
        await add_links(ticket, [order.id], actor, reason=wanted.kind.value, source=actor.kind, confirmed=True)
        detail = {"case": row.number, "case_kind": row.kind, "number": order.number}
        await change(ticket, actor, "aftersale", "case_opened", **detail)
        tell(row)
        await decide_new(Case(row, ticket, actor, role), judged.outcome)
    return row


def may_be_amended(row: AfterSale) -> bool:
    """Whether a refusal has not been answered too often yet."""
    return bool(row.amended < MOST_AMENDED)


async def amend_case(public_id: str, actor: Actor, wanted: Wanted, *, version: int | None = None) -> AfterSale:
    """Ask again after a refusal: other units, another reason, no higher amount. Five times at most.

    Raises NotFound, Invalid, Forbidden and Conflict: too_often, kind_changed, and what `open_case` raises.
    """
    _require_sane(wanted)

    async def step(case: Case) -> None:
        row = case.row
        if wanted.kind != row.kind:
            raise Conflict("another kind is another case", code="kind_changed")
        if not may_be_amended(row):
            raise Conflict("it was amended too often", code="too_often", most=MOST_AMENDED)
        if row.amount is not None and (wanted.amount is None or wanted.amount > row.amount):
            raise Invalid("an amount is only reduced", code="bad_amount")
        order = await Order.filter(id=row.order_id).select_for_update().get()
        found = await scope_of(order, wanted.kind, wanted.lines, but=row.id)
        judged = await _judged(order, wanted, found)
        await _amend_lines(row, found)
        row.amended, row.reason, row.amount = row.amended + 1, wanted.reason.value, wanted.amount
        row.wish, row.decision = wish_data(judged.wish), judged.decision
        row.note = clean(wanted.note, limit=TEXT_LIMIT) or row.note
        if case.ticket is not None:
            row.evidence += await photos_of(case.ticket.conversation_id, wanted.photos, State.REJECTED)
        columns = ("amended", "reason", "amount", "wish", "decision", "note", "evidence")
        await case.move(State.UNDER_REVIEW, *columns, amended=row.amended)
        if judged.outcome is Outcome.GRANT:
            await grant(case, BY_POLICY, SYSTEM)

    return await take_step(public_id, actor, step, version)


async def _judged(order: Order, wanted: Wanted, found: Sequence[Scope]) -> Judgement:
    shop = await Shop.get(id=order.shop_id)
    stage = stage_of(found, order)
    return await judge(order, shop, wanted.kind, stage, wanted.reason, wanted.category, informed=wanted.informed)


async def _create(
    ticket: Ticket, order: Order, wanted: Wanted, judged: Judgement, actor: Actor, platform_ref: str
) -> AfterSale:
    moment = now()
    return await AfterSale.create(
        public_id=new_id("afs"),
        number=await next_number("aftersale"),
        shop_id=ticket.shop_id,
        ticket_id=ticket.id,
        order_id=order.id,
        kind=wanted.kind.value,
        state=State.REQUESTED.value,
        reason=wanted.reason.value,
        wish=wish_data(judged.wish),
        decision=judged.decision,
        currency=order.currency,
        amount=wanted.amount,
        note=clean(wanted.note, limit=TEXT_LIMIT),
        platform_ref=clean(platform_ref, limit=120),
        opened_by=actor.kind,
        opened_at=moment,
        since=moment,
    )


async def _write_lines(row: AfterSale, found: Sequence[Scope]) -> None:
    for each in found:
        await AfterSaleLine.create(case_id=row.id, line_id=each.line.id, **_columns(each))


async def _amend_lines(row: AfterSale, found: Sequence[Scope]) -> None:
    """What came of a line, and what the stock was told, stays: also of one that nothing is asked of any more."""
    known = {line.line_id: line for line in await AfterSaleLine.filter(case_id=row.id)}
    wanted = {each.line.id: each for each in found}
    await _write_lines(row, [each for each in found if each.line.id not in known])
    for line_id, line in known.items():
        if line_id in wanted:
            await line.update_from_dict({"approved": None, **_columns(wanted[line_id])}).save()
        elif line.received is None:
            await line.delete()
        else:
            await line.update_from_dict({"approved": None, "asked": 0}).save()


def _columns(each: Scope) -> dict[str, Any]:
    return {
        "asked": each.asked.units,
        "replacement": clean(each.asked.replacement, limit=200),
        "price_now": each.asked.price_now,
    }


def _require_sane(wanted: Wanted) -> None:
    if wanted.amount is not None and wanted.amount <= 0:
        raise Invalid("an amount above nothing", code="bad_amount")
    if any(one.price_now is not None and one.price_now < 0 for one in wanted.lines):
        raise Invalid("a price is not below nothing", code="bad_amount")
    if wanted.kind is Kind.PRICE_PROTECTION and (len(wanted.lines) != 1 or wanted.lines[0].price_now is None):
        raise Invalid("one line, and what it costs today", code="bad_amount")
