"""Words that a visitor leaves when nobody is there: with a name and a contact they become a ticket.

The contact is what somebody typed, worth as much as the From line of a mail: the answer goes there, it opens nothing.
"""

import hashlib
from dataclasses import dataclass

from conversations.handover import hand_to_queue
from conversations.models import EMAIL, PHONE
from conversations.opening import open_conversation
from conversations.posting import post
from core.clock import now
from core.errors import Invalid
from core.ids import new_id
from core.people import SYSTEM, Actor, Customer
from core.shops import Shop
from core.sql import fetch
from core.text import clean, reference
from core.transactions import transaction
from orders.contacts import normal_email, normal_phone
from orders.models import Order
from tickets.models import QUESTION, EnquiryReceipt, Ticket
from tickets.opening import open_ticket

NAME_LIMIT, NUMBER_LIMIT, SUBJECT_LIMIT = 200, 120, 80  # characters
_RECEIVE = (
    "INSERT INTO enquiry_receipt (key, created_at) VALUES ({key}, {now}) ON CONFLICT (key) DO NOTHING RETURNING id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """What the form holds, as it was typed."""

    name: str
    contact: str  # an e-mail address or a phone number
    text: str
    order_number: str = ""
    language: str = "en"
    client_id: str


async def enquire(shop: Shop, enquiry: Enquiry) -> Ticket:
    """Open a conversation by mail or phone with these words and a ticket for a person.

    The same again, even at the same moment, finds the first ticket: one client id, shop and contact are one enquiry.

    An order is only suggested, and whether there is one shows to nobody but the desk. Raises Invalid (bad_contact,
    empty_text, text_too_long).
    """
    email, phone = normal_email(enquiry.contact), None
    if email is None and (phone := normal_phone(enquiry.contact, shop.country)) is None:
        raise Invalid("neither an e-mail address nor a phone number", code="bad_contact")
    key = _key(shop, email or phone or "", enquiry.client_id)
    async with transaction():
        if not await fetch(_RECEIVE, key=key, now=now()):  # a second one waits here until the first is stored
            return await Ticket.get(enquiry_receipts__key=key)
        customer = await Customer.create(
            public_id=new_id("cus"),
            shop_id=shop.id,
            name=clean(enquiry.name, limit=NAME_LIMIT),
            email=email,
            phone=phone,
            language=enquiry.language,
            created_at=now(),
        )
        ticket = await _open(shop, customer, enquiry, EMAIL if email else PHONE)
        await EnquiryReceipt.filter(key=key).update(ticket_id=ticket.id)
        return ticket


def _key(shop: Shop, contact: str, client_id: str) -> str:
    """The contact is part of it: nobody learns another's ticket by guessing a client id."""
    return hashlib.sha256(f"{shop.id}\n{contact}\n{client_id}".encode()).hexdigest()


async def _open(shop: Shop, customer: Customer, enquiry: Enquiry, channel: str) -> Ticket:
    subject = clean(enquiry.text, limit=SUBJECT_LIMIT)
    talk = await open_conversation(shop, customer, channel=channel, language=enquiry.language, subject=subject)
    await hand_to_queue(talk.id, SYSTEM, "enquiry")  # before the words, or the bot would answer them
    actor = Actor.of(customer)
    await post(talk.id, actor, enquiry.text, client_id=enquiry.client_id, channel=channel, language=enquiry.language)
    key = reference(enquiry.order_number)[:NUMBER_LIMIT]
    order = await Order.filter(shop_id=shop.id, number_key=key).order_by("-placed_at", "-id").first()
    return await open_ticket(
        talk.id,
        QUESTION,
        actor,
        subject=subject,
        summary=enquiry.text,
        order_ids=[order.id] if order is not None and key else (),
        link_source="customer",
        link_confirmed=False,
    )
