"""The money of a case: asked of the refunds, which check limits and caps, and followed until it has moved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.clock import now
from core.errors import Conflict, Forbidden, Invalid
from core.people import SYSTEM, Agent
from orders.apportioning import half_up
from orders.claims.models import DONE, Claim
from orders.policies.documents import read_wish
from orders.refunds.approval import retry_failed
from orders.refunds.case import Exchange, Label, PriceProtection, Reason, Request, Special
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.quote import Quote
from orders.refunds.requesting import quote_for, request_refund
from orders.refunds.rules import SELLER_FAULT
from orders.refunds.states import OPEN_INTENTS, IntentState, PartState
from tickets.aftersales.kinds import Kind, traits
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.moves import Case
from tickets.aftersales.states import State
from tickets.aftersales.urging import urge

_LOST = (IntentState.FAILED, IntentState.REFUSED, IntentState.WITHDRAWN, IntentState.FROZEN)
_WAITS = f"refund_{IntentState.AWAITING_APPROVAL}"
_WHOLE = 100_00  # hundredths of a percent


@dataclass(frozen=True, slots=True)
class Money:
    """What a case asks of the refunds, and what that comes to now."""

    request: Request
    special: Special | None
    quote: Quote


async def pay(case: Case, *, by_rule: bool) -> None:
    """Ask for the money of a case that was granted, or whose goods were accepted.

    Raises what `request_refund` raises; `by_rule`, when nobody is there to be told, the case says that the refund has
    failed, and presses.
    """
    try:
        intent = await _ask(case, by_rule=by_rule)
    except (Conflict, Forbidden, Invalid) as error:
        if not by_rule:
            raise
        await fail(case, error.code)
        return
    case.row.problem = ""
    await case.move(State.REFUND_PENDING, "problem", by=SYSTEM, amount=intent.amount, currency=intent.currency)
    await follow_intent(case, intent)


async def follow_intent(case: Case, intent: RefundIntent) -> None:
    """Bring a locked case up to what has become of its money."""
    if case.row.state == State.REFUND_FAILED and intent.state not in _LOST:  # it was begun again, or settled by hand
        case.row.problem = ""
        await case.move(State.REFUND_PENDING, "problem", by=SYSTEM)
    if case.row.problem == _WAITS and intent.state in (IntentState.CREATED, IntentState.PENDING):
        await _goes_on(case)
    if case.row.state == State.REPLACING:
        await _follow_difference(case, intent)
    if case.row.state != State.REFUND_PENDING:
        return
    if intent.state == IntentState.SUCCEEDED:
        case.row.problem = ""
        await case.move(State.REFUNDED, "problem", by=SYSTEM, amount=intent.amount, currency=intent.currency)
        await case.move(State.CLOSED, by=SYSTEM)
    elif intent.state in _LOST:
        await fail(case, f"refund_{intent.state}")
    elif intent.state == IntentState.AWAITING_APPROVAL:
        await _stuck(case, f"refund_{intent.state}")


async def give_difference(case: Case, *, by_rule: bool) -> None:
    """What an exchange costs less goes back, while the replacement is sent. Raises as `pay` does."""
    try:
        intent = await _ask(case, by_rule=by_rule)
        if case.row.problem:
            await _goes_on(case)
        await follow_intent(case, intent)
    except (Conflict, Forbidden, Invalid) as error:
        if not by_rule:
            raise
        await _stuck(case, error.code)


def gives_back(row: AfterSale) -> bool:
    """Whether what an exchange costs less could not go back, so that somebody has to see to it."""
    owed = row.state == State.REPLACING and row.difference_open and (row.difference or 0) < 0
    return owed and row.problem not in ("", _WAITS)


async def fail(case: Case, problem: str) -> None:
    """The money of a locked case cannot go back as things are: a person has to look."""
    case.row.problem = problem[:64]
    await case.move(State.REFUND_FAILED, "problem", by=SYSTEM, problem=problem)
    await urge(case, "urgent")


async def money_of(row: AfterSale) -> Money:
    """What a case is worth now: units that were accepted, else granted; losses of value; at most what was granted, and
    what the customer paid for the way back if that is the seller's to bear.

    Raises Invalid as `orders.refunds.refundable.quote` does.
    """
    lines = await AfterSaleLine.filter(case_id=row.id).select_related("line").order_by("id")
    special = _special(row, lines)
    everything = not lines or await _is_everything(row)
    label = Label(amount=row.label_paid, by_customer=True) if row.label_paid else None
    request = Request(units=None if everything else _units(lines), reason=_reason(row), return_label=label)
    worth = await quote_for(row.order_id, request, special=special)
    loss = sum(_loss(line, worth) for line in lines) if special is None else 0
    if loss:
        request = replace(request, value_loss=loss)
        worth = await quote_for(row.order_id, request, special=special)
    if row.granted is not None and row.granted + worth.return_label < worth.most:
        request = replace(request, amount=row.granted + worth.return_label)  # the goods were granted, the way is owed
        worth = await quote_for(row.order_id, request, special=special)
    return Money(request, special, worth)


def bears_label(row: AfterSale) -> bool:
    """Whether the seller owes what the customer paid for the way back, along with the money for the goods."""
    about = traits(row.kind)
    return about.money and about.goods_back and _reason(row) in SELLER_FAULT


async def last_intent(row: AfterSale) -> RefundIntent | None:
    """The newest refund of a case."""
    return await RefundIntent.filter(case_id=row.public_id).order_by("-attempt").first()


async def _follow_difference(case: Case, intent: RefundIntent) -> None:
    if intent.state == IntentState.SUCCEEDED and case.row.settled_at is None:
        case.row.settled_at, case.row.problem = now(), ""
        await case.write("case_difference_paid", "settled_at", "problem", by=SYSTEM)
    elif intent.state in (*_LOST, IntentState.AWAITING_APPROVAL):
        await _stuck(case, f"refund_{intent.state}")


async def _goes_on(case: Case) -> None:
    case.row.problem = ""
    await case.write("case_refund_pending", "problem", by=SYSTEM)


async def _stuck(case: Case, problem: str) -> None:
    if case.row.problem != problem:
        case.row.problem = problem[:64]
        await case.write("case_needs_person", "problem", by=SYSTEM, problem=problem)
        await urge(case, "high")


async def _ask(case: Case, *, by_rule: bool) -> RefundIntent:
    row, last = case.row, await last_intent(case.row)
    if last is not None and last.state in OPEN_INTENTS:
        return last
    if last is not None and case.actor.kind == "agent" and await _paid_in_part(last):
        return await retry_failed(last.id, await Agent.get(id=case.actor.id))
    money = await money_of(row)
    lines = await AfterSaleLine.filter(case_id=row.id)
    more: dict[str, Any] = {"restock": any(line.restock == "available" for line in lines)} if _inspected(lines) else {}
    return await request_refund(
        row.order_id,
        row.public_id,
        money.request,
        SYSTEM if by_rule else case.actor,
        attempt=last.attempt + 1 if last is not None else 1,
        special=money.special,
        note=str(row.number),
        cancels_unshipped=by_rule and row.kind == Kind.CANCEL,
        **more,
    )


async def _paid_in_part(intent: RefundIntent) -> bool:
    """Whether some of a refund that has failed has arrived: then only the rest of it is asked for again."""
    return intent.state == IntentState.FAILED and await RefundPart.exists(
        intent_id=intent.id, state=PartState.SUCCEEDED
    )


async def _is_everything(row: AfterSale) -> bool:
    """Whether a cancellation took all that the order still held: then the delivery is paid back as well."""
    if row.kind != Kind.CANCEL:
        return False
    claim = await Claim.filter(case_id=row.public_id, state=DONE).order_by("-id").first()
    return claim is not None and claim.whole and not claim.gone


def _inspected(lines: Sequence[AfterSaleLine]) -> bool:
    return any(line.accepted is not None for line in lines)


def _units(lines: Sequence[AfterSaleLine]) -> tuple[tuple[str, int | None], ...]:
    units = [(line.line.source_id, _count(line)) for line in lines]
    return tuple((name, count) for name, count in units if count)


def _count(line: AfterSaleLine) -> int:
    return line.granted if line.accepted is None else line.accepted


def _reason(row: AfterSale) -> Reason:
    """The reason that the money is computed with: a row may count it as another right."""
    if row.kind == Kind.CANCEL:
        return Reason.CANCELLED
    return Reason(row.decision.get("counts_as") or read_wish(row.wish).reason)


def _special(row: AfterSale, lines: Sequence[AfterSaleLine]) -> Special | None:
    if row.kind == Kind.EXCHANGE:
        return Exchange(price=sum((line.price_now or 0) * _count(line) for line in lines))
    if row.kind == Kind.PRICE_PROTECTION and lines:
        line = lines[0]
        return PriceProtection(line=line.line.source_id, price_now=line.price_now or 0, quantity=_count(line))
    return None


def _loss(line: AfterSaleLine, worth: Quote) -> int:
    amount = next((each.amount for each in worth.lines if each.id == line.line.source_id), 0)
    return half_up(amount * line.value_loss, _WHOLE) if line.value_loss else 0
