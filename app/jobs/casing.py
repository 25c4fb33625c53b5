"""The bot's after-sales cases: asked for in the chat, decided by the policies at once, followed by the customer."""

from collections.abc import Sequence

from app.jobs.case_news import tell_case
from bots.decisions import CaseStep, OpenCase
from bots.question import KnownCase
from conversations.models import Attachment, Conversation
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.people import BOT
from orders.models import Order
from orders.refunds.case import Reason
from tickets.aftersales.decisions import cancel_case
from tickets.aftersales.evidence import FILES_LIMIT
from tickets.aftersales.kinds import Kind
from tickets.aftersales.models import AfterSale
from tickets.aftersales.opening import Wanted, open_case
from tickets.aftersales.returns import register_return
from tickets.aftersales.scope import Asked
from tickets.aftersales.states import OVER, State
from tickets.models import Ticket

MOST_KNOWN = 10
_PHOTO = "image/"


async def open_wished(order: Order, ticket: Ticket, talk: Conversation, wish: OpenCase, language: str) -> State | None:
    """Open the case and tell the customer the decision; part of the running change. None when a person has to do it:
    the goods have not come so far, another case is about them, or this customer may not hear of it.
    """
    wanted = Wanted(
        kind=Kind(wish.kind),
        reason=Reason(wish.reason),
        lines=[Asked(line=line, units=units) for line, units in wish.lines],
        note=wish.note,
        photos=await _photos(talk, order),
    )
    try:
        case = await open_case(ticket.id, order.id, wanted, BOT)
    except Conflict as refused:
        if refused.code == "units_taken":
            await _tell_open_cases(order, wish, talk, language)
        return None
    except (Invalid, NotFound):
        return None
    return State(case.state) if await tell_case(case, talk, language) else None


async def take_case_step(step: CaseStep, talk: Conversation, language: str) -> bool:
    """Do what the customer says about a case of an order they have proved, and tell how it stands then.

    False when that is not possible any more.
    """
    try:
        if step.what == "cancel":
            row = await cancel_case(step.case_id, BOT)
        elif step.what == "track":
            row = await register_return(step.case_id, BOT, step.carrier, step.number)
        else:
            row = await AfterSale.get(public_id=step.case_id)
    except (Conflict, Forbidden, Invalid, NotFound):
        return False
    return await tell_case(row, talk, language, again=f"{talk.last_number}" if step.what == "tell" else "")


async def known_cases(orders: Sequence[Order]) -> tuple[KnownCase, ...]:
    """The newest cases of these orders, which the customer has proved, newest first."""
    rows = AfterSale.filter(order_id__in=[order.id for order in orders]) if orders else None
    names = {order.id: order.public_id for order in orders}
    found = await rows.order_by("-id").limit(MOST_KNOWN) if rows is not None else []
    return tuple(
        KnownCase(case_id=row.public_id, order_id=names[row.order_id], kind=row.kind, state=row.state) for row in found
    )


async def _tell_open_cases(order: Order, wish: OpenCase, talk: Conversation, language: str) -> None:
    """What another case does about the same goods, before a person looks at the new wish."""
    named = [line for line, _ in wish.lines]
    rows = AfterSale.filter(order_id=order.id, state__not_in=OVER, lines__line__source_id__in=named)
    for row in await rows.order_by("id").distinct():
        await tell_case(row, talk, language, again=f"{talk.last_number}")


async def _photos(talk: Conversation, order: Order) -> list[str]:
    """The newest pictures that the customer has sent in this chat since the order was placed."""
    sent = Attachment.filter(conversation_id=talk.id, uploader_kind="customer", message_id__not_isnull=True)
    sent = sent.filter(state="ready", content_id=None)  # what stands within the HTML of a mail is decoration
    pictures = sent.filter(media_type__startswith=_PHOTO, message__created_at__gte=order.placed_at)
    return [str(name) for name in await pictures.order_by("-id").limit(FILES_LIMIT).values_list("public_id", flat=True)]
