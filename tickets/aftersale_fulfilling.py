"""What follows a grant: goods are awaited, money goes back, something is sent, or a person says that it is done."""

from core.clock import now
from core.people import SYSTEM, Actor
from core.text import clean
from tickets.aftersale_kinds import traits
from tickets.aftersale_models import AfterSale, AfterSaleLine
from tickets.aftersale_money import pay
from tickets.aftersale_moves import Case, take_step
from tickets.aftersale_states import State


async def fulfil(case: Case, *, by_rule: bool) -> None:
    """Go on from `approved`. `by_rule`: nobody is there to be told that money cannot go back."""
    about = traits(case.row.kind)
    if about.goods_back:
        await case.move(State.AWAITING_RETURN, by=SYSTEM)
    elif about.money:
        await pay(case, by_rule=by_rule)
    elif about.sends:
        await case.move(State.REPLACING, by=SYSTEM)


async def complete_case(public_id: str, actor: Actor, what: str = "", *, version: int | None = None) -> AfterSale:
    """It is done: the invoice was sent, the coupon issued, the replacement is there. Raises Conflict, Forbidden."""

    async def step(case: Case) -> None:
        await case.move(State.CLOSED, text=clean(what, limit=300))

    return await take_step(public_id, actor, step, version)


async def settle_difference(public_id: str, actor: Actor, *, version: int | None = None) -> AfterSale:
    """The customer has paid what an exchange costs more; once it is noted, the time stays."""

    async def step(case: Case) -> None:
        if case.row.settled_at is None:
            case.row.settled_at = now()
            await case.write("case_difference_paid", "settled_at")

    return await take_step(public_id, actor, step, version)


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
        await case.move(State.REPLACING, by=SYSTEM)
