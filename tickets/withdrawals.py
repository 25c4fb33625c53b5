"""The withdrawal button (Directive 2011/83/EU, art. 11a): a declaration is kept at once, and looked at by a job.

Whoever declares learns the same whether there is such an order or not. The declaration counts from its receipt on.
"""

import hashlib
from dataclasses import dataclass

from conversations.handover import hand_to_queue
from conversations.models import EMAIL
from conversations.opening import open_conversation
from conversations.posting import post
from core.clock import now
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.jobs import enqueue
from core.people import SYSTEM, Actor, Customer
from core.shops import Shop
from core.text import clean, reference
from core.transactions import transaction
from orders.contacts import normal_email
from orders.models import Order, OrderLine
from orders.refunds.case import Reason
from tickets.aftersales.kinds import Kind, traits
from tickets.aftersales.models import AfterSale
from tickets.aftersales.opening import Wanted, open_case
from tickets.aftersales.scope import Asked, most_units, taken_units
from tickets.models import AFTERSALES, Ticket
from tickets.opening import open_ticket
from tickets.withdrawal_models import Withdrawal

NAME_LIMIT, NUMBER_LIMIT, ITEMS_LIMIT, STATEMENT_LIMIT = 200, 120, 1000, 4000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What the form holds, as it was typed; `statement` is all of it in the words that the customer has confirmed."""

    name: str
    email: str
    order_number: str
    items: str = ""
    statement: str
    language: str = "en"
    client_id: str


async def declare(shop: Shop, declaration: Declaration) -> Withdrawal:
    """Keep a declaration; its acknowledgement and the look at its order are jobs. The same again finds the first.

    Raises Invalid (no_name, no_number, bad_contact).
    """
    name, number = clean(declaration.name, limit=NAME_LIMIT), clean(declaration.order_number, limit=NUMBER_LIMIT)
    email = normal_email(declaration.email)
    if not name:
        raise Invalid("a name is needed", code="no_name")
    if not reference(number):
        raise Invalid("an order number is needed", code="no_number")
    if email is None:
        raise Invalid("no e-mail address", code="bad_contact")
    key = hashlib.sha256(f"{shop.id}\n{email}\n{declaration.client_id}".encode()).hexdigest()
    fresh = Withdrawal(
        public_id=new_id("wdr"),
        key=key,
        shop_id=shop.id,
        name=name,
        email=email,
        order_number=number,
        items=clean(declaration.items, limit=ITEMS_LIMIT),
        statement=clean(declaration.statement, limit=STATEMENT_LIMIT),
        language=declaration.language,
        received_at=now(),
    )
    async with transaction():
        await Withdrawal.bulk_create([fresh], ignore_conflicts=True)
        kept = await Withdrawal.get(key=key)
        if kept.public_id == fresh.public_id:
            for kind in ("withdrawal.acknowledge", "withdrawal.place"):
                await enqueue(kind, {"withdrawal": kept.id}, key=f"{kind}:{kept.id}")
    return kept


async def place(withdrawal_id: int) -> Ticket:
    """Open the ticket of a declaration, and its cases when the order is that of the address. A second time nothing new.

    What fits no order, or leaves a doubt about which goods are meant, is a person's to look at.
    """
    async with transaction():
        declared = await Withdrawal.filter(id=withdrawal_id).select_for_update().get()
        await declared.fetch_related("shop")
        order = await _order_of(declared)
        fits = order is not None and order.email == declared.email
        ticket = await _ticket_of(declared, order, confirmed=fits)
    if order is not None and fits:
        await _open_cases(declared, ticket, order)
    return ticket


async def _order_of(declared: Withdrawal) -> Order | None:
    """The order of that number; with several, the newest, and before all others one of the same address."""
    named = Order.filter(shop_id=declared.shop_id, number_key=reference(declared.order_number)[:NUMBER_LIMIT])
    newest = named.order_by("-placed_at", "-id")
    return await newest.filter(email=declared.email).first() or await newest.first()


async def _ticket_of(declared: Withdrawal, order: Order | None, *, confirmed: bool) -> Ticket:
    if declared.ticket_id is not None:
        return await Ticket.get(id=declared.ticket_id)
    customer = await Customer.create(
        public_id=new_id("cus"),
        shop_id=declared.shop_id,
        name=declared.name,
        email=declared.email,
        language=declared.language,
        created_at=now(),
    )
    subject, actor = declared.statement.partition("\n")[0], Actor.of(customer)
    talk = await open_conversation(declared.shop, customer, channel=EMAIL, language=declared.language, subject=subject)
    await hand_to_queue(talk.id, SYSTEM, "withdrawal")  # before the words, or the bot would answer them
    words, name = declared.statement, declared.public_id
    await post(talk.id, actor, words, client_id=name, channel=EMAIL, language=declared.language)
    ticket = await open_ticket(
        talk.id,
        AFTERSALES,
        actor,
        subject=subject,
        summary=words,
        order_ids=[order.id] if order is not None else (),
        reason=Reason.WITHDRAWAL.value,
        link_source="customer",
        link_confirmed=confirmed,
    )
    declared.ticket_id = ticket.id
    await declared.save(update_fields=["ticket_id"])
    return ticket


async def _open_cases(declared: Withdrawal, ticket: Ticket, order: Order) -> None:
    """What has not left is cancelled, what has left comes back: a case each. What cannot be opened stays a ticket."""
    lines = _meant(declared.items, await OrderLine.filter(order_id=order.id).order_by("position", "id"))
    taken = await taken_units(order.id)
    for kind in (Kind.CANCEL, Kind.RETURN_REFUND):
        asked = [
            Asked(line=line.source_id, units=units)
            for line in lines
            if line.requires_shipping and (units := most_units(line, traits(kind), taken.get(line.id, 0)))
        ]
        if asked and not await AfterSale.exists(ticket_id=ticket.id, kind=kind):
            wanted = Wanted(kind=kind, reason=Reason.WITHDRAWAL, lines=asked, note=declared.statement)
            try:
                await open_case(ticket.id, order.id, wanted, SYSTEM)
            except (Conflict, Invalid):
                continue


def _meant(items: str, lines: list[OrderLine]) -> list[OrderLine]:
    """The lines that somebody means: all, or those that are named. None when it is not certain how many of a line."""
    if not items:
        return lines
    words = items.casefold()
    named = [
        line
        for line in lines
        if line.title.casefold() in words or (len(reference(line.sku)) > 2 and reference(line.sku) in reference(words))
    ]
    return named if all(line.quantity == 1 for line in named) else []
