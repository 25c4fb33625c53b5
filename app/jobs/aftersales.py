"""After-sales cases: their timers once a minute, and what has happened elsewhere."""

from typing import Any

from app.aftersale_letters import reminder
from app.jobs.context import JobContext
from app.jobs.housekeeping import plan_next
from conversations.models import EMAIL
from conversations.posting import post
from core.clock import now
from core.jobs import enqueue
from core.people import SYSTEM
from core.shops import Shop
from core.transactions import transaction
from orders.models import Order
from tickets.aftersales.expiring import AT_ONCE, look_at_timers
from tickets.aftersales.following import follow
from tickets.aftersales.reminding import remind
from tickets.aftersales.told import follow_platform

MOST_ROUNDS = 10  # the next minute goes on


async def look_at_cases(args: dict[str, Any], context: JobContext) -> None:
    """Warn before times are over, and do what follows when they are."""
    await plan_next("aftersales.timers", now())
    for _ in range(MOST_ROUNDS):
        if await look_at_timers() < AT_ONCE:
            return


async def follow_case(args: dict[str, Any], context: JobContext) -> None:
    """Bring `case` (public id) up to its parcels, its money and the shop's answers."""
    await follow(str(args["case"]))


async def follow_told_case(args: dict[str, Any], context: JobContext) -> None:
    """Bring our case up to what the platform says of its `case` of `order`."""
    await follow_platform(int(args["order"]), str(args["case"]))


async def remind_customer(args: dict[str, Any], context: JobContext) -> None:
    """Tell the customer, in the chat or by mail, that their time (`timer`) is nearly over; once, and not too late."""
    async with transaction():
        found = await remind(int(args["timer"]))
        if found is None:
            return
        case, timer, talk = found
        row = case.row
        order, shop = await Order.get(id=row.order_id), await Shop.get(id=row.shop_id)
        words = reminder(timer.kind, row.number, order.number, timer.due_at, row.answer, shop.timezone, talk.language)
        message = await post(
            talk.id,
            SYSTEM,
            words,
            client_id=f"aftersale:{row.public_id}:{timer.id}",
            channel=talk.channel,
            language=talk.language,
        )
        if talk.channel == EMAIL:
            await enqueue("mail.reply", {"message": message.id}, key=f"mail.reply:{message.id}")
