"""Words left while nobody is there: a ticket once, an answer by mail, and nothing learned about orders."""

import asyncio

import pytest

from conversations.models import EMAIL, PHONE, QUEUE, Conversation, Message
from core.errors import Invalid
from core.people import Customer
from tests.people import World, make_order
from tickets.enquiries import Enquiry, enquire
from tickets.models import Ticket, TicketLink

pytestmark = pytest.mark.anyio


def enquiry(**changes: str) -> Enquiry:
    typed = {
        "name": " Ines ",
        "contact": "Ines@Example.com",
        "text": "My lamp flickers",
        "order_number": "#1042",
        "client_id": "client-id-1",
    }
    return Enquiry(**(typed | changes))


async def test_it_becomes_a_ticket_with_a_promise(world: World) -> None:
    order = await make_order(world.lumen, "1042", email="else@example.com")
    ticket = await enquire(world.lumen, enquiry())
    talk = await Conversation.get(id=ticket.conversation_id).select_related("customer")
    assert (talk.channel, talk.handler, talk.subject) == (EMAIL, QUEUE, "My lamp flickers")
    assert (talk.customer.name, talk.customer.email) == ("Ines", "ines@example.com")
    assert ticket.first_reply_due_at is not None
    assert (ticket.kind, ticket.opened_by) == ("question", "customer")
    assert [message.text for message in await Message.all()] == ["My lamp flickers"]
    link = await TicketLink.get()
    assert (link.order_id, link.confirmed, link.source) == (order.id, False, "customer")
    assert talk.order_id is None


async def test_sent_again_it_is_the_same_ticket(world: World) -> None:
    first = await enquire(world.lumen, enquiry())
    again = await enquire(world.lumen, enquiry())
    other = await enquire(world.lumen, enquiry(client_id="client-id-2"))
    assert again.number == first.number != other.number
    assert await Ticket.all().count() == 2


async def test_somebody_elses_customer_stays_apart(world: World) -> None:
    ticket = await enquire(world.lumen, enquiry(contact="ines@example.com"))
    talk = await Conversation.get(id=ticket.conversation_id)
    assert talk.customer_id != world.ines.id


async def test_a_phone_number_will_do(world: World) -> None:
    ticket = await enquire(world.lumen, enquiry(contact="+49 30 123456", order_number=""))
    talk = await Conversation.get(id=ticket.conversation_id).select_related("customer")
    assert (talk.channel, talk.customer.phone, talk.customer.email) == (PHONE, "+4930123456", None)
    assert not await TicketLink.exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"contact": "nobody"}, "bad_contact"), ({"text": " "}, "empty_text"), ({"text": "x" * 8001}, "text_too_long")],
)
async def test_what_cannot_be_answered_is_refused(world: World, changes: dict[str, str], code: str) -> None:
    before = await Customer.all().count()
    with pytest.raises(Invalid) as refused:
        await enquire(world.lumen, enquiry(**changes))
    assert refused.value.code == code
    assert await Customer.all().count() == before


async def test_sent_twice_at_the_same_moment_it_is_one_ticket(world: World) -> None:
    tickets = await asyncio.gather(*(enquire(world.lumen, enquiry()) for _ in range(4)))
    assert len({ticket.number for ticket in tickets}) == 1
    assert await Ticket.all().count() == await Conversation.all().count() == await Message.all().count() == 1


async def test_what_was_refused_can_be_sent_again(world: World) -> None:
    with pytest.raises(Invalid, match="words"):
        await enquire(world.lumen, enquiry(text=" "))
    assert (await enquire(world.lumen, enquiry())).number


async def test_another_contact_is_another_enquiry(world: World) -> None:
    """Nobody learns the number of a ticket by repeating somebody else's client id."""
    first = await enquire(world.lumen, enquiry())
    other = await enquire(world.lumen, enquiry(contact="else@example.com"))
    assert other.number != first.number
