"""Tickets for cases that only the platform knows: opened when somebody at the shop has to act, let go afterwards."""

from conversations.models import API, Conversation
from conversations.opening import open_conversation
from core.clock import now
from core.ids import new_id
from core.people import SYSTEM, Customer
from core.shops import Shop
from core.transactions import transaction
from orders.models import Order
from tickets.aftersales.models import AfterSale
from tickets.aftersales.states import OVER
from tickets.models import Ticket, TicketLink
from tickets.opening import open_ticket
from tickets.resolution import resolve
from tickets.statuses import ACTIVE
from tickets.timeline import change

KIND = "aftersales"
_SUBJECTS = {"en": "Order {number}: after-sales case at the platform", "zh": "订单 {number}：平台售后"}


async def bring_to_desk(public_id: str) -> Ticket:
    """The ticket of a case without one: of a talk that is about its order already, else in one of its own.

    Nobody is promised a reply: whoever asked did so at the platform.
    """
    async with transaction():
        row = await AfterSale.get(public_id=public_id).select_related("order", "shop")
        order, shop = row.order, row.shop
        talk = await _talk(order) or await _new_talk(order, shop)
        subject = _SUBJECTS[_language(order)].format(number=order.number)
        ticket = await open_ticket(
            talk.id, KIND, SYSTEM, subject=subject, order_ids=[order.id], link_source="system", awaited=False
        )
        locked = await AfterSale.filter(id=row.id).select_for_update().get()
        if locked.ticket_id is None:
            locked.ticket_id = ticket.id
            locked.version += 1
            await locked.save(update_fields=["ticket_id", "version"])
            detail = {"case": row.number, "case_kind": row.kind, "number": order.number}
            await change(ticket, SYSTEM, "aftersale", "case_opened", **detail)
    return ticket


async def let_go(ticket_id: int) -> None:
    """The cases of a ticket that the desk has opened itself are over, and nobody has written: nothing is left to do."""
    ticket = await Ticket.get(id=ticket_id).select_related("conversation")
    waits = await AfterSale.filter(ticket_id=ticket_id).exclude(state__in=OVER).exists()
    is_ours = ticket.opened_by == SYSTEM.kind and not ticket.conversation.last_customer_number
    if is_ours and not waits and ticket.status in ACTIVE:
        await resolve(ticket_id, SYSTEM)


async def _talk(order: Order) -> Conversation | None:
    """The newest talk with a ticket that is about this order for certain."""
    links = TicketLink.filter(order_id=order.id, confirmed=True, ticket__merged_into_id=None).order_by("-id")
    link = await links.select_related("ticket__conversation").first()
    return link.ticket.conversation if link is not None else None


async def _new_talk(order: Order, shop: Shop) -> Conversation:
    """A talk that nobody reads at the other end. The contacts of the order stay there: nobody has told them to us."""
    who = await Customer.create(
        public_id=new_id("cus"),
        shop_id=shop.id,
        name=order.customer_name,
        language=_language(order),
        created_at=now(),
    )
    return await open_conversation(shop, who, channel=API, language=_language(order), subject=order.number)


def _language(order: Order) -> str:
    return "zh" if order.language.startswith("zh") else "en"
