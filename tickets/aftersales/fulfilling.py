"""What follows a grant: units are kept from leaving, goods awaited, money goes back, something is sent."""

from core import audit
from core.clock import now
from core.errors import Conflict, Invalid
from core.people import SYSTEM, Actor
from core.text import clean
from orders.claims.cancellation import claim_lines
from orders.claims.models import DONE, REFUSED, Claim
from orders.claims.rules import What
from orders.models import Order
from orders.refunds.states import OPEN_INTENTS
from orders.returns import INSTEAD, announce_parcel
from tickets.aftersales.keeping import is_unsent, let_go
from tickets.aftersales.kinds import Kind, traits
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.money import fail, give_difference, gives_back, last_intent, money_of, pay
from tickets.aftersales.moves import Case, take_step
from tickets.aftersales.states import SENIOR, State
from tickets.aftersales.urging import urge


async def fulfil(case: Case, *, by_rule: bool) -> None:
    """Go on from `approved`. `by_rule`: nobody is there to be told that something cannot be done."""
    about = traits(case.row.kind)
    if about.goods_back:
        await case.move(State.AWAITING_RETURN, by=SYSTEM)
        if await _are_here(case.row):
            await case.move(State.RECEIVED, by=SYSTEM)
    elif is_unsent(case.row):
        await _keep_here(case, by_rule=by_rule)
    elif about.money:
        await pay(case, by_rule=by_rule)
    elif about.sends:
        await case.move(State.REPLACING, by=SYSTEM)


async def claim_settled(case: Case, claim: Claim, *, by_rule: bool) -> None:
    """The shop has answered whether units of a granted case are still there. What has left is not given away."""
    if case.row.state not in (State.APPROVED, State.REFUND_FAILED):
        return
    if claim.state == DONE:
        await pay(case, by_rule=by_rule)
    elif claim.state == REFUSED:
        case.row.problem = f"claim_{claim.why or claim.state}"[:64]
        await case.move(State.UNDER_REVIEW, "problem", by=SYSTEM, problem=case.row.problem)
        await urge(case, "high")


async def conclude(case: Case, words: str, *, by_rule: bool) -> None:
    """Go on from `inspected`: with nothing accepted the case is rejected, which the customer may take further."""
    row, about = case.row, traits(case.row.kind)
    lines = await AfterSaleLine.filter(case_id=row.id)
    if not any(line.accepted for line in lines):
        row.answer = words
        await case.move(State.REJECTED, "answer", by=SYSTEM, rule="inspection", text=words)
    elif about.money:
        await pay(case, by_rule=by_rule)
    else:
        await _replace(case, lines, by_rule=by_rule)


async def send_replacement(
    public_id: str, actor: Actor, carrier: str, tracking: str, *, version: int | None = None
) -> AfterSale:
    """What is sent instead, or the repaired thing, is on its way; the case is done when it arrives.

    Raises NotFound, Invalid (bad_tracking), Forbidden, Conflict (bad_step; difference_open while the customer owes).
    """

    async def step(case: Case) -> None:
        row = case.row
        if row.state != State.REPLACING:
            raise Conflict("nothing is to be sent now", code="bad_step", current=row.state)
        if row.difference_open and (row.difference or 0) > 0:
            raise Conflict("the customer has not paid the difference", code="difference_open")
        order = await Order.get(id=row.order_id)
        parcel = await announce_parcel(order, f"replacement-{row.public_id}", INSTEAD, carrier, tracking)
        row.replacement_id = parcel.id
        await case.write("case_replacement", "replacement_id", text=parcel.tracking_number)

    return await take_step(public_id, actor, step, version)


async def settle_difference(public_id: str, actor: Actor, *, version: int | None = None) -> AfterSale:
    """The customer has paid what an exchange costs more; once it is noted, the time stays. Audited.

    Raises NotFound, Forbidden, Conflict (bad_step when the customer owes nothing now).
    """

    async def step(case: Case) -> None:
        row = case.row
        if row.settled_at is not None:
            return
        if row.state != State.REPLACING or (row.difference or 0) <= 0:
            raise Conflict("nothing is owed now", code="bad_step", current=row.state)
        row.settled_at = now()
        await audit.note(actor, "case.difference_paid", public_id, amount=row.difference, currency=row.currency)
        await case.write("case_difference_paid", "settled_at")

    return await take_step(public_id, actor, step, version)


async def retry_refund(public_id: str, actor: Actor, *, version: int | None = None) -> AfterSale:
    """Ask for the money again after it has failed: all of it, or what an exchange costs less.

    Raises NotFound, Invalid, Conflict, Forbidden.
    """

    async def step(case: Case) -> None:
        if gives_back(case.row):
            await give_difference(case, by_rule=False)
        elif case.row.state != State.REFUND_FAILED:
            raise Conflict("no refund has failed", code="bad_step", current=case.row.state)
        elif is_unsent(case.row):
            await _keep_here(case, by_rule=False)
        else:
            await pay(case, by_rule=False)

    return await take_step(public_id, actor, step, version)


async def complete_case(public_id: str, actor: Actor, what: str = "", *, version: int | None = None) -> AfterSale:
    """It is done: the invoice was sent, the coupon issued, the replacement is there.

    Raises Forbidden, Conflict (bad_step; difference_open while one side owes what an exchange costs more or less).
    """

    async def step(case: Case) -> None:
        if case.row.difference_open:
            await _give_up_difference(case)
        if case.row.state == State.REFUND_FAILED:
            await audit.note(actor, "case.closed_without_refund", public_id, problem=case.row.problem)
        await case.move(State.CLOSED, text=clean(what, limit=300))

    return await take_step(public_id, actor, step, version)


async def _are_here(row: AfterSale) -> bool:
    """Whether all goods of a grant came before, and were refused at their inspection."""
    lines = [line for line in await AfterSaleLine.filter(case_id=row.id) if line.granted]
    return bool(lines) and all((line.received or 0) >= line.granted for line in lines)


async def _give_up_difference(case: Case) -> None:
    """Only a supervisor, and only what cannot go back: what is on its way is waited for, what is owed is noted."""
    row, last = case.row, await last_intent(case.row)
    under_way = last is not None and last.state in OPEN_INTENTS
    if case.role not in SENIOR or not gives_back(row) or under_way:
        raise Conflict("the difference is not settled", code="difference_open")
    detail = {"problem": row.problem, "amount": row.difference, "currency": row.currency}
    await audit.note(case.actor, "case.closed_without_refund", row.public_id, **detail)


async def _keep_here(case: Case, *, by_rule: bool) -> None:
    """Units that have not left are claimed first: what the warehouse has sent meanwhile is not paid back."""
    row, lines = case.row, await AfterSaleLine.filter(case_id=case.row.id).select_related("line")
    units = tuple((line.line.source_id, line.granted) for line in lines if line.granted)
    actor = SYSTEM if by_rule else case.actor
    await let_go(row)  # from being kept to being cancelled
    try:
        claim = await claim_lines(row.order_id, What.CANCEL, units, actor, reason=row.reason, case_id=row.public_id)
    except (Conflict, Invalid) as error:
        if not by_rule:
            raise
        await fail(case, error.code)
        return
    await claim_settled(case, claim, by_rule=by_rule)


async def _replace(case: Case, lines: list[AfterSaleLine], *, by_rule: bool) -> None:
    """Send something instead. What an exchange costs more is settled first; what it costs less goes back (E14)."""
    row = case.row
    if row.kind == Kind.EXCHANGE and any(line.price_now is not None for line in lines):
        worth = (await money_of(row)).quote
        row.difference = worth.customer_pays or -worth.entitled
    await case.move(State.REPLACING, "difference", by=SYSTEM)
    if row.difference and row.difference < 0:
        await give_difference(case, by_rule=by_rule)
