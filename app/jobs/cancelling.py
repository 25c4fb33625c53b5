"""The bot's cancellations: what its rules grant is asked of the shop at once, under the ticket that keeps it."""

from collections.abc import Sequence

from app.claim_answers import final_answer
from bots.decisions import Reply
from core.errors import Conflict
from core.people import BOT
from orders.claims.cancellation import request_cancellation
from orders.claims.models import BY_SHOP, LIVE
from orders.models import Order
from tickets.models import Ticket


async def cancel_at_shop(order: Order, ticket: Ticket, language: str, under_way: Sequence[Reply]) -> Sequence[Reply]:
    """Have all of an order cancelled; part of the running change. Returns what to say now: the answer if there is one
    already, else that it is `under_way`. Nothing when a person has to act: the shop cannot be told, the goods are
    packed, or somebody else decides about them.
    """
    try:
        claim = await request_cancellation(order.id, None, "customer", BOT, case_id=ticket.public_id)
    except Conflict:
        return ()
    if claim.state in LIVE:
        return under_way if claim.way == BY_SHOP and claim.case_id == ticket.public_id else ()
    answer = await final_answer(claim, order, language)
    return (answer,) if answer else ()
