"""Which of our cases is the platform's: the one of its number, one of our desk about the same goods, or a new one."""

from typing import Any

from core.clock import now
from core.ids import new_id
from core.numbering import next_number
from core.shops import Shop
from core.text import clean
from core.transactions import transaction
from orders.models import Order, OrderLine
from orders.policies.deciding import Category
from orders.policies.documents import wish_data
from tickets.aftersales.deciding import judge
from tickets.aftersales.decisions import TEXT_LIMIT
from tickets.aftersales.kinds import Kind
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.moves import Case, tell
from tickets.aftersales.platforms import reason_of
from tickets.aftersales.scope import Asked, Scope, stage_of
from tickets.aftersales.states import OVER, State
from tickets.aftersales.timers import follow_timers

PLATFORM = "platform"
_PLAIN = (Kind.CANCEL, Kind.REFUND_ONLY, Kind.RETURN_REFUND)  # what platforms keep under a refund's number


async def of_platform(order: Order, name: str, told: dict[str, Any]) -> AfterSale:
    """Our case for the platform's case `name`, made if there is none."""
    async with transaction():
        # The order's lock makes two who hear of it one after the other.
        await Order.filter(id=order.id).select_for_update().get()
        known = await AfterSale.filter(order_id=order.id, platform_ref=name).order_by("-id").first()
        if known is not None:
            return known
        ours = await _ours(order, told)
        if ours is None:
            return await _create(order, name, told)
        ours.platform_ref = name
        await ours.save(update_fields=["platform_ref"])
        return ours


async def refresh(case: Case, told: dict[str, Any]) -> None:
    """Take over what the platform says beside its word. Of a case that our desk has opened only whether goods come."""
    row, before = case.row, case.row.kind
    goods = told["goods"]
    if goods is not None and row.kind in _PLAIN and (row.kind == Kind.RETURN_REFUND) is not goods:
        row.kind = Kind.RETURN_REFUND.value if goods else Kind.REFUND_ONLY.value
    if row.opened_by == PLATFORM:
        row.amount = told["amount"] or row.amount
        row.note = clean(told["reason"], limit=TEXT_LIMIT) or row.note
        row.reason = reason_of(row.note).value
        row.wish = row.wish | {"reason": row.reason}
        await _write_line(row, told)
    await row.save(update_fields=["kind", "amount", "note", "reason", "wish"])
    if row.kind != before:
        await follow_timers(row)


async def _ours(order: Order, told: dict[str, Any]) -> AfterSale | None:
    """An open case about these goods that somebody has brought to our desk; the same wish first."""
    mine = AfterSale.filter(order_id=order.id, platform_ref="", kind__in=_PLAIN).exclude(state__in=OVER)
    cases = await mine.order_by("id").prefetch_related("lines__line")
    fits = [case for case in cases if not told["line"] or told["line"] in {each.line.source_id for each in case.lines}]
    wanted = told["goods"]
    fits.sort(key=lambda case: wanted is not None and (case.kind == Kind.RETURN_REFUND) is not wanted)
    return fits[0] if fits else None


async def _create(order: Order, name: str, told: dict[str, Any]) -> AfterSale:
    kind = Kind.RETURN_REFUND if told["goods"] else Kind.REFUND_ONLY
    reason, shop, moment = reason_of(told["reason"]), await Shop.get(id=order.shop_id), now()
    stage = stage_of(await _scope(order, told), order)
    judged = await judge(order, shop, kind, stage, reason, Category.STANDARD, informed=True)
    row = await AfterSale.create(
        public_id=new_id("afs"),
        number=await next_number("aftersale"),
        shop_id=order.shop_id,
        order_id=order.id,
        kind=kind.value,
        state=State.REQUESTED.value,
        reason=reason.value,
        wish=wish_data(judged.wish),
        decision=judged.decision,
        currency=order.currency,
        amount=told["amount"],
        note=clean(told["reason"], limit=TEXT_LIMIT),
        platform_ref=name,
        opened_by=PLATFORM,
        opened_at=moment,
        since=moment,
    )
    tell(row)
    return row


async def _scope(order: Order, told: dict[str, Any]) -> list[Scope]:
    line = await OrderLine.get_or_none(order_id=order.id, source_id=told["line"])
    if line is None:
        return []
    units = _units(line, told)
    return [Scope(line, Asked(line=line.source_id, units=units), line.quantity)]


async def _write_line(row: AfterSale, told: dict[str, Any]) -> None:
    line = await OrderLine.get_or_none(order_id=row.order_id, source_id=told["line"])
    if line is None:
        return
    known = await AfterSaleLine.get_or_none(case_id=row.id, line_id=line.id)
    if known is None:
        await AfterSaleLine.create(case_id=row.id, line_id=line.id, asked=_units(line, told))
    elif known.asked != _units(line, told):
        known.asked, known.approved = _units(line, told), None
        await known.save(update_fields=["asked", "approved"])


def _units(line: OrderLine, told: dict[str, Any]) -> int:
    return min(told["units"] or line.quantity, line.quantity)
