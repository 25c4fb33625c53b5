"""A customer's socket against the real server: nothing acknowledged is lost, doubled or out of order."""

import asyncio
import json

import pytest
from tortoise.expressions import F

from app.auth import visitors
from app.auth.models import VisitorToken
from app.realtime import allowance, connection
from app.realtime.channel import Close
from app.realtime.client_frames import MAX_FRAME_BYTES
from app.realtime.topics import agent_topic, conversation_topic
from conversations.handover import take
from conversations.models import Conversation, Message, Rating
from conversations.noting import add_note
from conversations.posting import post
from core.people import BOT, Actor, Customer
from core.shops import Shop
from tests.people import World
from tests.realtime.clients import dialled, visitor
from tests.realtime.serving import Desk
from tickets.merging import merge
from tickets.models import Ticket
from tickets.opening import open_ticket
from tickets.resolution import resolve

pytestmark = pytest.mark.anyio


async def test_looking_leaves_nothing_behind(desk: Desk) -> None:
    async with visitor(desk) as ines:
        assert ines.welcome["visitor_token"]
        assert ines.welcome["conversation"] is None
        assert ines.welcome["shop"] == "Lumen"
    assert not await VisitorToken.exists()
    assert not await Conversation.exists()


async def test_words_are_acknowledged_stored_and_shown(desk: Desk) -> None:
    async with visitor(desk) as ines:
        ack = await ines.post("Where is my order?")
        assert ack["number"] == 1
        shown = await ines.wait("message")
        assert (shown["text"], shown["author"]["kind"]) == ("Where is my order?", "customer")
        assert shown["client_id"] == ack["client_id"]
    assert await Message.filter(text="Where is my order?").count() == 1


async def test_sent_again_it_is_said_once(desk: Desk) -> None:
    async with visitor(desk) as ines:
        first = await ines.post("Hello", client_id="same-client-id")
        again = await ines.post("Hello", client_id="same-client-id")
        assert again["number"] == first["number"]
        token = ines.welcome["visitor_token"]
    async with visitor(desk, token=token) as ines:
        assert (await ines.post("Hello", client_id="same-client-id"))["number"] == first["number"]
    assert await Message.all().count() == 1


async def test_a_first_message_sent_again_over_a_new_socket_begins_one_conversation(desk: Desk) -> None:
    """The acknowledgement was lost with the line: the same token and client id come back."""
    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        await ines.send("post", client_id="first-client-id", text="Hello")
    async with visitor(desk, token=token) as ines:
        await ines.post("Hello", client_id="first-client-id")
    assert await Conversation.all().count() == 1
    assert await Message.all().count() == 1


async def test_words_sent_while_the_page_closes_are_kept(desk: Desk) -> None:
    async with dialled(desk, "/chat/ws") as ines:
        await ines.send("hello", site="lumen")
        await ines.send("post", client_id="parting-words", text="Bye, write to me")
        await ines.wait("welcome")
    async with asyncio.timeout(5):
        while not await Message.exists(text="Bye, write to me"):
            await asyncio.sleep(0.01)


async def test_coming_back_fills_the_gap(desk: Desk, world: World) -> None:
    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        await ines.post("One")
        conversation = await Conversation.get()
    for text in ("Two", "Three"):
        await post(conversation.id, BOT, text, client_id=f"bot:{text}")
    async with visitor(desk, token=token, last=1) as ines:
        assert ines.welcome["visitor_token"] is None, "the token it has is good"
        assert [message["text"] for message in ines.welcome["messages"]] == ["Two", "Three"]
        assert not ines.welcome["truncated"]
        await post(conversation.id, BOT, "Four", client_id="bot:Four")
        assert await ines.messages(up_to=4) == [(4, "Four")]


async def test_after_a_long_absence_the_newest_page_comes_and_the_rest_is_fetched(desk: Desk) -> None:
    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        await ines.post("1")
        conversation = await Conversation.get()
    for number in range(2, 131):
        await post(conversation.id, BOT, str(number), client_id=f"bot:{number}")
    async with visitor(desk, token=token, last=1) as ines:
        assert ines.welcome["truncated"]
        assert [message["number"] for message in ines.welcome["messages"]] == list(range(81, 131))
        await ines.send("fetch", before=81)
        page = await ines.wait("history")
        assert ([m["number"] for m in page["messages"]], page["more"]) == (list(range(31, 81)), True)
        await ines.send("fetch", after=120)
        page = await ines.wait("history")
        assert ([m["number"] for m in page["messages"]], page["more"]) == (list(range(121, 131)), False)
        await ines.send("fetch")
        assert (await ines.wait("error"))["code"] == "bad_fetch"


async def test_messages_between_subscribing_and_reading_arrive(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dangerous moment: the catch-up has been read, and the socket is not live yet."""
    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        await ines.post("One")
        conversation = await Conversation.get()
    read = visitors.find

    async def answered_meanwhile(*args: object) -> object:
        found = await read(*args)  # type: ignore[arg-type]
        await post(conversation.id, BOT, "Two", client_id="bot:two")
        return found

    monkeypatch.setattr(visitors, "find", answered_meanwhile)
    async with visitor(desk, token=token, last=1) as ines:
        monkeypatch.undo()
        told = {message["number"] for message in ines.welcome["messages"]}
        told |= {frame["number"] for frame in await ines.settle() if frame["type"] == "message"}
        assert 2 in told


async def test_a_number_that_never_was_starts_anew(desk: Desk) -> None:
    """The database was restored from before: the client's place lies in a future that did not happen."""
    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        await ines.post("One")
    async with visitor(desk, token=token, last=99) as ines:
        assert [message["number"] for message in ines.welcome["messages"]] == [1]
        assert ines.welcome["truncated"], "what the client has must go"


async def test_two_tabs_are_one_visitor(desk: Desk) -> None:
    async with visitor(desk) as first:
        token = first.welcome["visitor_token"]
        async with visitor(desk, token=token) as second:
            await first.post("From the first tab")
            hint = await second.wait("hint")
            await second.send("fetch", after=0)
            page = await second.wait("history", conversation=hint["conversation"])
            assert [message["text"] for message in page["messages"]] == ["From the first tab"]
            await asyncio.gather(first.post("A"), second.post("B"))
            assert await first.messages(up_to=3) == [(1, "From the first tab"), *await second.messages(up_to=3)]


async def test_two_tabs_that_speak_first_at_once(desk: Desk) -> None:
    async with visitor(desk) as first, visitor(desk, token=first.welcome["visitor_token"]) as second:
        acks = await asyncio.gather(first.post("A"), second.post("B"))
        assert acks[0]["conversation"] == acks[1]["conversation"]
    assert await Conversation.all().count() == await Customer.filter(email=None).count() == 1


async def test_only_the_desk_hears_that_a_customer_writes_and_no_customer_hears_notes(desk: Desk, world: World) -> None:
    async with visitor(desk) as ines:
        await ines.post("Hello")
        conversation = await Conversation.get()
        await ines.settle()
        await add_note(conversation.id, world.omar, "Difficult customer", client_id="note-1")
        await ines.send("typing", on=True)
        await take(conversation.id, world.omar)
        assert (await ines.wait("handler"))["agent"] == "Omar"
        assert [frame["type"] for frame in await ines.settle()] == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{", "malformed"),
        ("[]", "malformed"),
        ('"post"', "malformed"),
        ("null", "malformed"),
        (b"\x00\x01", "malformed"),
        (b'{"type":"ping"}', "malformed"),
        ('{"type":"nonsense"}', "malformed"),
        ('{"type":"ping","more":1}', "malformed"),
        ('{"type":"read","number":"1"}', "malformed"),
        ('{"type":"read","number":-1}', "malformed"),
        ('{"type":"fetch","after":1e400}', "malformed"),
        ('{"type":"post","client_id":"bot:1:0000","text":"x"}', "malformed"),
        ('{"type":"post","client_id":"client-id","text":"\\ud800"}', "malformed"),
        ("[" * 60_000, "malformed"),
        ('{"type":"post","client_id":"client-id","text":" \\n "}', "empty_text"),
        (json.dumps({"type": "post", "client_id": "client-id", "text": "x" * 8001}), "text_too_long"),
        (json.dumps({"type": "post", "client_id": "client-id", "text": "x" * 60_000}), "text_too_long"),
        ('{"type":"post","client_id":"client-id","text":"\\u200b\\u202e"}', "empty_text"),
        (json.dumps({"type": "ping", "x": "y" * MAX_FRAME_BYTES}), "too_large"),
        ('{"type":"read","number":1}', "not_found"),
        ('{"type":"fetch","after":0,"conversation":"cnv_00000000000000000000000000"}', "not_found"),
        ('{"type":"watch","conversation":"cnv_00000000000000000000000000"}', "not_for_you"),
        ('{"type":"hello","site":"lumen"}', "not_for_you"),
    ],
)
async def test_nonsense_is_answered_and_the_line_stays(desk: Desk, said: str | bytes, code: str) -> None:
    async with visitor(desk) as mallory:
        await mallory.socket.send(said)
        assert (await mallory.wait("error"))["code"] == code
        assert (await mallory.post("Still here"))["number"] == 1


async def test_a_refused_post_names_itself(desk: Desk) -> None:
    async with visitor(desk) as ines:
        await ines.send("post", client_id="nothing-said", text="")
        assert (await ines.wait("error"))["client_id"] == "nothing-said"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", None, "http://127.0.0.1:1", "http://127.0.0.1.evil.example"]
)
@pytest.mark.parametrize("path", ["/chat/ws", "/console/ws"])
async def test_a_foreign_page_is_shut_out(desk: Desk, origin: str | None, path: str) -> None:
    async with dialled(desk, path, origin=origin) as mallory:
        assert await mallory.closed() == Close.FORBIDDEN
        assert [frame["code"] for frame in mallory.heard] == ["foreign_origin"]


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"type":"ping"}', Close.UNAUTHENTICATED),
        ("nonsense", Close.UNAUTHENTICATED),
        (b"\x00", Close.UNAUTHENTICATED),
        ("x" * (MAX_FRAME_BYTES + 1), Close.TOO_LARGE),
        ('{"type":"hello","site":"nowhere"}', Close.FORBIDDEN),
        ('{"type":"hello","site":"lumen\\u0000"}', Close.FORBIDDEN),
        ('{"type":"hello"}', Close.FORBIDDEN),
    ],
)
async def test_whoever_does_not_begin_with_hello_is_sent_away(desk: Desk, first: str | bytes, code: int) -> None:
    async with dialled(desk, "/chat/ws") as mallory:
        await mallory.socket.send(first)
        assert await mallory.closed() == code


async def test_whoever_says_nothing_is_sent_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HELLO_SECONDS", 0.05)
    async with dialled(desk, "/chat/ws") as mallory:
        assert await mallory.closed() == Close.HELLO_TIMEOUT


async def test_a_flood_ends_the_line_and_disturbs_nobody(desk: Desk) -> None:
    async with visitor(desk) as ines, visitor(desk) as mallory:
        for _ in range(allowance.BURST_FRAMES + 50):
            await mallory.send("ping")
        assert await mallory.closed() == Close.RATE
        assert (await ines.post("Undisturbed"))["number"] == 1


async def test_too_many_messages_are_refused_with_a_time(desk: Desk) -> None:
    async with visitor(desk) as mallory:
        for number in range(20):
            await mallory.post(f"Spam {number}")
        await mallory.send("post", client_id="one-too-many", text="Spam")
        refused = await mallory.wait("error", client_id="one-too-many")
        assert refused["code"] == "too_many"
        assert 1 <= refused["data"]["retry_after"] <= 60
    assert await Message.all().count() == 20


@pytest.mark.parametrize("token", ["wv1.guessed.guessed", "wv1", "x" * 200, "ключ", ""])
async def test_a_token_that_is_not_ours_becomes_a_new_one(desk: Desk, token: str) -> None:
    async with visitor(desk, token=token) as mallory:
        assert mallory.welcome["visitor_token"] not in ("", None, token)


async def test_a_token_is_bound_to_its_shop(desk: Desk) -> None:
    async with visitor(desk, "lumen") as ines:
        await ines.post("For Lumen only")
        token = ines.welcome["visitor_token"]
    async with visitor(desk, "chaye", token=token) as elsewhere:
        assert elsewhere.welcome["conversation"] is None
        assert elsewhere.welcome["visitor_token"] not in (None, token)


async def test_only_hashes_of_tokens_are_stored(desk: Desk) -> None:
    async with visitor(desk) as ines:
        await ines.post("Hello")
        row = await VisitorToken.get()
        assert row.token_hash == visitors.digest(ines.welcome["visitor_token"])


async def test_a_chat_that_was_ended_is_dead_in_every_tab(desk: Desk) -> None:
    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        await ines.post("My secret")
        async with visitor(desk, token=token) as other_tab:
            await ines.send("leave")
            assert (await ines.wait("bye"))["reason"] == "left"
            await other_tab.closed()
    async with visitor(desk, token=token) as next_person:
        assert next_person.welcome["conversation"] is None
        assert next_person.welcome["visitor_token"] not in (None, token)


async def test_a_token_unused_for_half_a_year_is_dead(desk: Desk) -> None:
    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        await ines.post("Hello")
    await VisitorToken.all().update(expires_at=F("used_at"))
    async with visitor(desk, token=token) as ines:
        assert ines.welcome["conversation"] is None


async def test_the_person_chooses_the_language(desk: Desk) -> None:
    async with visitor(desk) as ines:
        await ines.post("Hello")
        await ines.send("speak", language="zh")
        welcome = await ines.wait("welcome")
        assert (welcome["language"], [m["text"] for m in welcome["messages"]]) == ("zh", ["Hello"])
    assert (await Conversation.get()).language == "zh"


async def test_what_was_read_is_noted_once(desk: Desk) -> None:
    async with visitor(desk) as ines:
        await ines.post("Hello")
        conversation = await Conversation.get()
        await post(conversation.id, BOT, "Hi", client_id="bot:hi")
        await ines.send("read", number=2)
        await ines.settle()
        await conversation.refresh_from_db()
        assert conversation.customer_read == 2


async def test_a_view_that_is_revoked_hears_nothing_more(desk: Desk) -> None:
    async with visitor(desk) as ines:
        public_id = (await ines.post("Hello"))["conversation"]
        await ines.settle()
        topic = conversation_topic(public_id)
        desk.hub.publish(topic, {"type": "bye", "reason": "revoked", "conversation": public_id})
        desk.hub.publish(topic, {"type": "hint", "conversation": public_id, "number": 9, "changed": False})
        assert [frame["type"] for frame in await ines.settle()] == ["bye"]


async def test_customers_never_hear_agents_topics(desk: Desk, world: World) -> None:
    async with visitor(desk) as ines:
        await ines.post("Hello")
        await ines.settle()
        assert {topic.partition(":")[0] for topic in desk.hub.topics()} == {"conversation", "visitor"}
        desk.hub.publish(agent_topic(world.omar.id), {"type": "hint", "conversation": "x", "number": 1})
        assert await ines.settle() == []


async def test_the_server_restarts_and_everybody_is_told(desk: Desk) -> None:
    async with visitor(desk) as ines:
        await desk.hub.stop()
        assert await ines.closed() == Close.RESTART


async def test_an_answer_by_an_agent_reaches_the_customer(desk: Desk, world: World) -> None:
    async with visitor(desk) as ines:
        await ines.post("Hello")
        conversation = await Conversation.get()
        await post(conversation.id, Actor.of(world.omar), "Good morning", client_id="agent-client-id")
        answer = await ines.wait("message", number=2)
        assert answer["author"] == {"kind": "agent", "name": "Omar"}


async def test_how_the_help_was_is_asked_when_the_work_is_done(desk: Desk, world: World) -> None:
    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        await ines.send("rate", score=5)
        assert (await ines.wait("error"))["code"] == "not_found"
        said = await ines.post("Where is my order?")
        conversation = await Conversation.get(public_id=said["conversation"])
        ticket = await open_ticket(conversation.id, "question", BOT, subject="Who is the provider?")
        await resolve(ticket.id, Actor.of(world.omar))
    async with visitor(desk, token=token) as ines:
        assert ines.welcome["rate"]
        assert (ines.welcome["ticket"]["number"], ines.welcome["ticket"]["status"]) == (ticket.number, "resolved")
        await ines.send("rate", score=6)
        assert (await ines.wait("error"))["code"] == "malformed"
        await ines.send("rate", score=4, text="Quick")
        await ines.settle()
    rating = await Rating.get(conversation_id=conversation.id)
    assert (rating.score, rating.text) == (4, "Quick")
    async with visitor(desk, token=token) as ines:
        assert not ines.welcome["rate"]


async def test_hours_and_words_for_a_person(desk: Desk, world: World) -> None:
    await Shop.filter(key="lumen").update(hours={"mon": [["09:00", "18:00"]]})
    async with visitor(desk) as ines:
        hours = ines.welcome["hours"]
        assert hours["timezone"] == "UTC"
        assert hours["open"] == (hours["opens_at"] is None)
        assert hours["answers_by"]
        await ines.send("enquire", client_id="client-id-1", name="Ines", contact="?", text="Call me")
        assert (await ines.wait("error", client_id="client-id-1"))["code"] == "bad_contact"
        await ines.send("enquire", client_id="client-id-1", name="Ines", contact="ines@example.com", text="Write me")
        answer = await ines.wait("enquired", client_id="client-id-1")
        assert answer["by"]
        assert await Ticket.exists(number=answer["number"])
        await ines.send("fetch", after=0)  # it is no part of the chat
        await ines.wait("error", code="not_found")
    async with visitor(desk, "chaye") as lin:
        assert lin.welcome["hours"] is None


async def test_after_a_merge_nobody_is_asked_how_it_was(desk: Desk, world: World) -> None:
    async with visitor(desk) as ines:
        await ines.post("My lamp is dark")
        token = ines.welcome["visitor_token"]
    talk = await Conversation.get()
    target = await open_ticket(talk.id, "question", BOT, subject="Dark")
    source = await open_ticket(talk.id, "refund", BOT, subject="Still dark")
    await merge(source.id, target.id, Actor.of(world.omar))
    async with visitor(desk, token=token) as ines:
        assert ines.welcome["ticket"]["number"] == target.number
        assert ines.welcome["ticket"]["status"] == "open"
        assert not ines.welcome["rate"]
