"""The money of a case: asked of the refunds, which check limits and caps, and followed until it has moved."""

from core.people import SYSTEM
from tickets.aftersale_moves import Case
from tickets.aftersale_states import State


async def pay(case: Case, *, by_rule: bool) -> None:
    """Ask for the money of a case that was granted, or whose goods were accepted."""
    await case.move(State.REFUND_PENDING, by=SYSTEM)
