"""Inside the transaction of a change: the rules of the shop are asked about it, by a job."""

from collections.abc import Sequence

from conversations.events import MessagePosted
from core.events import Together
from core.sql import Program, carry_out
from orders.events import OrderChanged, ParcelMoved, RefundChanged
from tickets.events import TicketChanged, TicketOpened
from tickets.models import Ticket
from tickets.rules.facts import Trigger
from tickets.rules.firing import ask_rules
from tickets.rules.listening import listened_to

_MATTERS = frozenset({"status", "priority", "assignment", "tags", "links", "kind"})


async def ask_about_ticket(event: TicketOpened | TicketChanged) -> None:
    """A ticket is new or different, or one of its clocks has warned."""
    if isinstance(event, TicketOpened):
        await ask_rules(event.shop_id, Trigger.TICKET_OPENED, str(event.ticket_id), ticket=event.ticket_id)
    elif event.what in _MATTERS or event.what == "clock":
        trigger = Trigger.CLOCK_WARNED if event.what == "clock" else Trigger.TICKET_CHANGED
        if not await carry_out(listened_to([event.shop_id], trigger)):
            return
        version = await Ticket.get(id=event.ticket_id).values_list("version", flat=True)
        await ask_rules(event.shop_id, trigger, f"{event.ticket_id}:{version}", ticket=event.ticket_id)


async def ask_about_order(event: OrderChanged | ParcelMoved | RefundChanged) -> None:
    """An order that tickets may be about has moved."""
    match event:
        case OrderChanged() if event.before != event.after:
            occasion = f"{event.order_id}:{event.version}"
            await ask_rules(event.shop_id, Trigger.ORDER_CHANGED, occasion, order=event.order_id)
        case ParcelMoved():
            occasion = f"{event.shipment_id}:{event.state}"
            await ask_rules(event.shop_id, Trigger.PARCEL_MOVED, occasion, order=event.order_id)
        case RefundChanged():
            occasion = f"{event.refund_id}:{event.state}"
            await ask_rules(event.shop_id, Trigger.REFUND_CHANGED, occasion, order=event.order_id)


def _customers_wrote(events: Sequence[MessagePosted]) -> Program[list[MessagePosted]]:
    """What customers wrote in shops whose rules listen to that."""
    asked = [event for event in events if event.author_kind == "customer"]
    if not asked:
        return []
    listening = yield from listened_to({event.shop_id for event in asked}, Trigger.CUSTOMER_WROTE)
    return [event for event in asked if event.shop_id in listening]


async def _about_words(event: MessagePosted) -> None:
    about = {"conversation": event.conversation_id}
    await ask_rules(event.shop_id, Trigger.CUSTOMER_WROTE, str(event.message_id), **about)


ask_about_message = Together(_customers_wrote, otherwise=_about_words)
