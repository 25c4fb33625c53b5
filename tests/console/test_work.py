"""What agents do to tickets: who may, what a stale page is told, and what never reaches a customer."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.realtime.hub import Hub
from app.realtime.topics import conversation_topic, desk_topic
from conversations.handover import take
from conversations.models import Conversation, Message, Note
from core.audit import AuditEntry
from core.people import Actor, Agent
from tests.console.conftest import Browser, Talk
from tests.people import World, make_customer, make_order
from tickets.assignment import assign
from tickets.models import Ticket, TicketLink
from tickets.queries import links_of

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


class Ear:
    """Somebody who listens to a topic."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def deliver(self, frame: dict[str, Any], text: str) -> None:
        self.heard.append(text)

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(f"closed: {code} {reason}")


@pytest.fixture
async def opened(world: World, talk: Talk) -> tuple[Ticket, Conversation, TicketLink]:
    """Ines's ticket with a suggested order."""
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    ticket, conversation = await talk.ticket(
        world.lumen, world.ines, "Where is my lamp?", order_ids=[order.id], link_confirmed=False, link_source="mail"
    )
    return ticket, conversation, (await links_of(ticket.id))[0]


def doors(ticket: Ticket, conversation: Conversation, link: TicketLink, world: World) -> dict[str, dict[str, str]]:
    """Every form of the desk that changes a ticket or a conversation, with good fields."""
    base, talk = f"/console/tickets/{ticket.number}", f"/console/conversations/{conversation.public_id}"
    words = {"text": "Good news", "seen": "99"}
    return {
        f"{base}/replies": words | {"client_id": "web-00000001"},
        f"{base}/notes": words | {"client_id": "web-00000002"},
        f"{base}/assignment": {"agent": world.mei.public_id},
        f"{base}/priority": {"priority": "high"},
        f"{base}/takeover": {"take_over": "1"},
        f"{base}/handback": {},
        f"{base}/links/{link.id}/confirmation": {},
        f"{base}/links/{link.id}/dismissal": {},
        f"{talk}/replies": words | {"client_id": "web-00000003"},
        f"{talk}/notes": words | {"client_id": "web-00000004"},
        f"{talk}/takeover": {"take_over": "1"},
        f"{talk}/handback": {},
        f"{base}/tags": {"tag": "late", "do": "add"},
        f"{base}/splitting": {"subject": "The shade"},
        f"{base}/reopening": {},
        f"{base}/resolution": {},
        f"{base}/closing": {},
    }


async def state() -> list[Any]:
    tickets = await Ticket.all().order_by("id").values("status", "priority", "assignee_id", "version")
    talks = await Conversation.all().order_by("id").values("handler", "agent_id", "last_number", "version")
    return [tickets, talks, await Note.all().count(), await Message.all().count(), await TicketLink.all().values()]


@pytest.mark.parametrize("who", ["guest", "wei"])
async def test_strangers_change_nothing(
    world: World, opened: tuple[Ticket, Conversation, TicketLink], open_browser: OpenBrowser, who: str
) -> None:
    browser = await open_browser(getattr(world, who, None))
    before = await state()
    for path, fields in doors(*opened, world).items():
        answer, script = await browser.post(path, **fields), await browser.fetch(path, **fields)
        if who == "guest":
            assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")
            assert (script.status_code, script.json()["code"]) == (401, "signed_out")
        else:
            assert (answer.status_code, script.status_code) == (404, 404), path
    assert await state() == before


@pytest.mark.parametrize("who", ["omar", "sue", "ada"])
async def test_everybody_who_works_for_the_shop_can_do_the_work(
    world: World, opened: tuple[Ticket, Conversation, TicketLink], open_browser: OpenBrowser, hub: Hub, who: str
) -> None:
    ticket, conversation, link = opened
    browser = await open_browser(getattr(world, who))
    for path, fields in doors(ticket, conversation, link, world).items():
        answer = await browser.post(path, **fields)
        if path.endswith("dismissal"):
            assert answer.status_code == 409  # it was accepted a line above: no suggestion any more
            continue
        assert answer.status_code == 303, (path, answer.status_code)
    await ticket.refresh_from_db()
    assert (ticket.status, ticket.priority) == ("closed", "high")


async def test_closing_open_work_is_for_supervisors(
    world: World, opened: tuple[Ticket, Conversation, TicketLink], open_browser: OpenBrowser
) -> None:
    path = f"/console/tickets/{opened[0].number}/closing"
    omar, sue = await open_browser(world.omar), await open_browser(world.sue)
    answer = await omar.post(path)
    assert answer.status_code == 403
    assert "Only a supervisor can do that." in answer.text
    assert await AuditEntry.exists(action="transition_refused", actor_id=world.omar.id)
    assert (await sue.post(path)).status_code == 303


async def test_a_reply_over_unread_words_is_refused_and_kept(
    world: World, opened: tuple[Ticket, Conversation, TicketLink], talk: Talk, open_browser: OpenBrowser, hub: Hub
) -> None:
    ticket, conversation, _ = opened
    path = f"/console/tickets/{ticket.number}"
    browser = await open_browser(world.omar)
    await browser.get(path)
    fields = {"seen": browser.hidden("seen"), "client_id": browser.hidden("client_id")}
    await talk.says(conversation, world.ines, "Forget it, I cancelled the order")
    answer = await browser.post(f"{path}/replies", text='It "ships" <today> & soon', **fields)
    assert answer.status_code == 409
    assert "Forget it, I cancelled the order" in answer.text
    assert "The customer has written since you started" in answer.text
    assert "It &#34;ships&#34; &lt;today&gt; &amp; soon</textarea>" in answer.text
    assert not await Message.exists(author_kind="agent")
    script = await browser.fetch(f"{path}/replies", text="It ships today", **fields)
    assert (script.status_code, script.json()["code"]) == (409, "stale")
    assert script.json()["data"]["last"] == 2
    fields = {"seen": browser.hidden("seen"), "client_id": browser.hidden("client_id")}
    answer = await browser.post(f"{path}/replies", text="Understood", **fields)
    assert answer.headers["location"] == f"{path}?said=replied"
    assert "Sent." in (await browser.get(answer.headers["location"])).text


async def test_a_reply_sent_twice_is_said_once(
    world: World, opened: tuple[Ticket, Conversation, TicketLink], open_browser: OpenBrowser, hub: Hub
) -> None:
    browser = await open_browser(world.omar)
    path, fields = f"/console/tickets/{opened[0].number}/replies", {"seen": "1", "client_id": "web-twice-1"}
    answers = [await browser.fetch(path, text="On its way", **fields) for _ in range(3)]
    assert [answer.json()["number"] for answer in answers] == [2, 2, 2]
    assert await Message.filter(author_kind="agent").count() == 1
    conversation = await Conversation.get(id=opened[1].id)
    assert (conversation.handler, conversation.agent_id) == ("agent", world.omar.id)
    assert (await Ticket.get(id=opened[0].id)).assignee_id == world.omar.id


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty_text"), (" \n\t ", "empty_text"), ("x" * 8001, "text_too_long")]
)
async def test_empty_and_endless_words_are_refused(
    world: World, opened: tuple[Ticket, Conversation, TicketLink], open_browser: OpenBrowser, text: str, code: str
) -> None:
    browser = await open_browser(world.omar)
    for door in ("replies", "notes"):
        path = f"/console/tickets/{opened[0].number}/{door}"
        assert (await browser.fetch(path, text=text, seen="1")).json()["code"] == code
        assert (await browser.post(path, text=text, seen="1")).status_code == 422


async def test_one_speaks_at_a_time(
    world: World, opened: tuple[Ticket, Conversation, TicketLink], open_browser: OpenBrowser, hub: Hub
) -> None:
    ticket, conversation, _ = opened
    await take(conversation.id, world.mei)
    browser = await open_browser(world.omar)
    path, fields = f"/console/tickets/{ticket.number}", {"seen": "1", "client_id": "web-00000001"}
    assert "Mei is answering" in (await browser.get(path)).text
    answer = await browser.post(f"{path}/replies", text="I know it better", **fields)
    assert answer.status_code == 409
    assert "Mei has the conversation." in answer.text
    assert 'name="take_over"' in answer.text
    assert (await browser.post(f"{path}/takeover")).status_code == 409
    answer = await browser.post(f"{path}/replies", text="I know it better", take_over="1", **fields)
    assert answer.status_code == 303
    assert (await Conversation.get(id=conversation.id)).agent_id == world.omar.id


async def test_two_who_grab_the_same_ticket_are_told_apart(
    world: World, opened: tuple[Ticket, Conversation, TicketLink], open_browser: OpenBrowser
) -> None:
    ticket, _, _ = opened
    browser = await open_browser(world.omar)
    path = f"/console/tickets/{ticket.number}"
    await browser.get(path)
    await assign(ticket.id, world.mei, Actor.of(world.mei))
    answer = await browser.post(f"{path}/assignment", agent=world.omar.public_id, expected=browser.hidden("expected"))
    assert answer.status_code == 409
    assert "Mei was faster." in answer.text
    answer = await browser.post(f"{path}/assignment", agent=world.omar.public_id, expected=world.mei.public_id)
    assert answer.status_code == 303
    answer = await browser.post(f"{path}/assignment", agent="", expected=world.omar.public_id)
    assert (await Ticket.get(id=ticket.id)).assignee_id is None
    for nobody in (world.wei.public_id, "agt_0", "1"):
        assert (await browser.post(f"{path}/assignment", agent=nobody)).status_code == 404


async def test_foreign_links_cannot_be_touched_through_an_own_ticket(
    world: World, opened: tuple[Ticket, Conversation, TicketLink], talk: Talk, open_browser: OpenBrowser
) -> None:
    order = await make_order(world.chaye, "9")
    theirs, _ = await talk.ticket(world.chaye, world.lin, "我的订单", order_ids=[order.id], link_confirmed=False)
    link = (await links_of(theirs.id))[0]
    browser = await open_browser(world.ada)  # even somebody who may see both
    for act in ("confirmation", "dismissal"):
        assert (await browser.post(f"/console/tickets/{opened[0].number}/links/{link.id}/{act}")).status_code == 404
    assert [found.confirmed for found in await links_of(theirs.id)] == [False]


async def test_form_fields_set_nothing_else(
    world: World, opened: tuple[Ticket, Conversation, TicketLink], open_browser: OpenBrowser
) -> None:
    browser = await open_browser(world.omar)
    extra = {"status": "closed", "shop_id": "2", "assignee_id": "5", "role": "admin", "author_kind": "bot"}
    await browser.post(f"/console/tickets/{opened[0].number}/priority", priority="low", **extra)
    ticket = await Ticket.get(id=opened[0].id)
    assert (ticket.priority, ticket.status, ticket.shop_id, ticket.assignee_id) == ("low", "open", world.lumen.id, None)
    answer = await browser.post(f"/console/tickets/{opened[0].number}/priority", priority="asap")
    assert answer.status_code == 422
    assert (await Agent.get(id=world.omar.id)).role == "agent"


async def test_notes_never_leave_the_desk(
    world: World, opened: tuple[Ticket, Conversation, TicketLink], open_browser: OpenBrowser, hub: Hub
) -> None:
    ticket, conversation, _ = opened
    customer, desk = Ear(), Ear()
    hub.subscribe(conversation_topic(conversation.public_id), customer)
    hub.subscribe(desk_topic(conversation.public_id), desk)
    browser = await open_browser(world.omar)
    path = f"/console/tickets/{ticket.number}"
    await browser.post(f"{path}/notes", text="SECRET-WORD between us", client_id="web-00000001")
    await browser.post(f"{path}/replies", text="It ships today", seen="1", client_id="web-00000002")
    await browser.post(f"{path}/resolution")
    assert any("SECRET-WORD" in frame for frame in desk.heard)
    assert any("It ships today" in frame for frame in customer.heard)
    assert not any("SECRET-WORD" in frame for frame in customer.heard)
    assert not await Message.filter(text__contains="SECRET-WORD").exists()
    page = (await browser.get(path)).text
    assert "SECRET-WORD" in page
    assert "Internal note" in page


async def test_a_mail_is_answered_by_mail(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    paul = await make_customer(world.lumen, "Paul", "paul@example.com")
    ticket, conversation = await talk.ticket(world.lumen, paul, "Broken glass")
    await Conversation.filter(id=conversation.id).update(channel="email")
    browser = await open_browser(world.omar)
    page = (await browser.get(f"/console/tickets/{ticket.number}")).text
    assert "To Paul &lt;paul@example.com&gt;" in page
    await browser.post(f"/console/tickets/{ticket.number}/replies", text="We send a new one", seen="1")
    assert (await Message.get(author_kind="agent")).channel == "email"
