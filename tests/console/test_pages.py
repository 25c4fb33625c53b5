"""The desk's pages: what they show, to whom, in both languages, and that nothing on them comes alive."""

import html
import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest

from app.auth.agents import disable_agent
from conversations.models import AnswerReceipt, Conversation
from conversations.noting import add_note
from conversations.rating import rate
from core.audit import AuditEntry
from core.clock import FrozenClock
from core.people import BOT, Actor, Agent
from orders.import_files import read_jsonl
from orders.importing import import_order
from orders.models import SourceEvent
from tests.console.conftest import Browser, Talk
from tests.heard import counted
from tests.people import World, chat, make_customer, make_order
from tickets.assignment import assign
from tickets.models import Ticket

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
EVIL = '"><script>window.hurt=1</script><img src=x onerror=hurt()> {{7*7}} %(name)s'


async def test_whoever_is_not_signed_in_is_asked_to_and_comes_back(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser()
    answer = await browser.get("/console/tickets/1001?pane=order")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/login?next=%2Fconsole%2Ftickets%2F1001%3Fpane%3Dorder"
    for path in ("/console?fragment=rows", "/console/tickets/1001?fragment=thread"):
        assert (await browser.get(path)).status_code == 401
    assert (await browser.get("/console", accept="application/json")).json()["code"] == "signed_out"


async def test_the_inbox_shows_who_waits_and_how_long(
    world: World, talk: Talk, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    await talk.ticket(world.lumen, world.ines, "My lamp is late", order_ids=[order.id], priority="urgent")
    clock.advance(timedelta(minutes=50))
    browser = await open_browser(world.omar)
    page = (await browser.get("/console")).text
    for words in ("Ines", "My lamp is late", "#1001", "Urgent", "Question", "10 min left", "New words"):
        assert words in page
    clock.advance(timedelta(minutes=20))
    assert "10 min late" in (await browser.get("/console")).text


async def test_the_desk_speaks_chinese(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    ticket, _ = await talk.ticket(world.chaye, world.lin, "我的订单到哪里了？")
    await Agent.filter(id=world.wei.id).update(language="zh")
    browser = await open_browser(world.wei)
    for path in ("/console", f"/console/tickets/{ticket.number}", "/console/search?q=订单", "/console/account"):
        page = (await browser.get(path)).text
        assert '<html lang="zh-Hans"' in page
        assert "收件箱" in page or "未分配" in page
    assert "我的订单到哪里了？" in (await browser.get(f"/console/tickets/{ticket.number}")).text


async def test_each_view_holds_its_tickets(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    mine, _ = await talk.ticket(world.lumen, world.ines, "Mine to do")
    await assign(mine.id, world.omar, Actor.of(world.omar))
    theirs, _ = await talk.ticket(world.lumen, await make_customer(world.lumen, "Bo", "bo@example.com"), "Hers to do")
    await assign(theirs.id, world.mei, Actor.of(world.mei))
    await talk.ticket(world.lumen, await make_customer(world.lumen, "Cy", "cy@example.com"), "Nobody has it")
    live = await chat(world.lumen, await make_customer(world.lumen, "Di", "di@example.com"))
    await talk.says(live, await live.customer, "Where is my parcel")
    browser = await open_browser(world.omar)
    held = {
        "open": {"Mine to do", "Nobody has it"},
        "mine": {"Mine to do"},
        "unassigned": {"Nobody has it"},
        "resolved": set[str](),
        "all": {"Mine to do", "Hers to do", "Nobody has it"},
        "live": {"Where is my parcel"},
        "nonsense": {"Mine to do", "Nobody has it"},
    }
    everything = {"Mine to do", "Hers to do", "Nobody has it", "Where is my parcel"}
    for view, expected in held.items():
        page = (await browser.get(f"/console?view={view}")).text
        assert {words for words in everything if words in page} == expected, view
    assert (await browser.get("/console?after=nonsense")).status_code == 422


async def test_a_ticket_page_shows_the_whole_story(
    world: World, talk: Talk, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    ticket, conversation = await talk.ticket(
        world.lumen, world.ines, "Where is my lamp?", order_ids=[order.id], summary="Ines asks for her lamp."
    )
    await talk.says(conversation, BOT, "It is being packed.", order_id=order.id)
    receipt: dict[str, Any] = {"rule": "wismo/processing", "rulebook": "r1", "intent": "wismo", "order_version": 0}
    await AnswerReceipt.create(conversation=conversation, question_number=1, order=order, as_of=clock.now(), **receipt)
    await add_note(conversation.id, world.mei, "She is a good customer.", "note-0001")
    browser = await open_browser(world.omar)
    page = (await browser.get(f"/console/tickets/{ticket.number}")).text
    for words in (
        "Where is my lamp?",
        "Ines asks for her lamp.",
        "It is being packed.",
        "Internal note",
        "She is a good customer.",
        "The bot opened this ticket",
        "What the customer was told",
        "wismo/processing",
        "the order has moved on since",
        "nothing yet",
        "#1001",
    ):
        assert words in page, words
    await conversation.refresh_from_db()
    assert conversation.desk_read == conversation.last_number  # looking is reading
    assert await AuditEntry.exists(action="order.read", subject=order.public_id, actor_id=world.omar.id)


async def test_a_suggested_order_is_not_shown_before_somebody_accepts_it(
    world: World, talk: Talk, open_browser: OpenBrowser
) -> None:
    order = await make_order(world.lumen, "#1001", email="other@example.com")
    ticket, _ = await talk.ticket(
        world.lumen, world.ines, "About 1001", order_ids=[order.id], link_confirmed=False, link_source="mail"
    )
    browser = await open_browser(world.omar)
    page = (await browser.get(f"/console/tickets/{ticket.number}")).text
    assert "Is this about order #1001?" in page
    assert f'data-order="{order.public_id}"' not in page
    assert not await AuditEntry.exists(action="order.read")


async def test_long_threads_come_in_pages(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    ticket, conversation = await talk.ticket(world.lumen, world.ines, "word 1")
    for number in range(2, 131):
        await talk.says(conversation, world.ines, f"word {number}")
    browser = await open_browser(world.omar)
    page = (await browser.get(f"/console/tickets/{ticket.number}")).text
    assert "word 31<" in page
    assert "word 30<" not in page
    older = re.search(r'href="(/console/tickets/\d+\?before=\d+)"', page)
    assert older
    page = (await browser.get(older[1])).text
    assert "word 30<" in page
    assert "word 31<" not in page


async def test_other_shops_look_like_nothing(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    ticket, conversation = await talk.ticket(world.lumen, world.ines, "Private words", order_ids=[order.id])
    stranger, nobody = await open_browser(world.wei), await open_browser(world.ada)
    for path, missing in [
        (f"/console/tickets/{ticket.number}", "/console/tickets/999999"),
        (f"/console/conversations/{conversation.public_id}", "/console/conversations/cnv_0"),
        (f"/console/orders/{order.public_id}", "/console/orders/ord_0"),
    ]:
        refused, absent = await stranger.get(path), await stranger.get(missing)
        assert (refused.status_code, refused.text.replace(path, "")) == (404, absent.text.replace(missing, ""))
        assert (await nobody.get(path)).status_code in (200, 303)  # the administrator sees every shop
    for query in ("1001", "Private", "ines@example.com"):
        page = (await stranger.get(f"/console/search?q={query}")).text
        assert "Nothing found" in page
    assert "Private words" not in (await stranger.get("/console?view=all")).text


@pytest.mark.parametrize("number", ["0", "-1", "01", "1.0", "1001%20", "x", "9" * 30, "%F0%9F%98%80", "1001;--"])
async def test_strange_ticket_numbers_are_nothing(world: World, open_browser: OpenBrowser, number: str) -> None:
    browser = await open_browser(world.ada)
    assert (await browser.get(f"/console/tickets/{number}")).status_code == 404


class Scan(HTMLParser):
    """What a browser would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[dict[str, str | None]] = []
        self.handlers: list[str] = []
        self.images: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append(dict(attrs))
        if tag == "img":
            self.images.append(str(attrs))
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


async def test_nothing_that_people_write_comes_alive(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    ines = await make_customer(world.lumen, EVIL, "evil@example.com")
    order = await make_order(world.lumen, EVIL[:100], email="evil@example.com")
    ticket, conversation = await talk.ticket(world.lumen, ines, EVIL, order_ids=[order.id], summary=EVIL)
    await add_note(conversation.id, world.mei, EVIL, "note-0001")
    await SourceEvent.create(
        public_id="evt_1", shop=world.lumen, source="shopify", topic=EVIL[:100], delivery_key="1", body=b"",
        received_at=ticket.created_at, order=order, state="failed", error=EVIL,
    )  # fmt: skip
    await Agent.filter(id=world.mei.id).update(name=EVIL)
    await assign(ticket.id, await Agent.get(id=world.mei.id), Actor.of(world.mei))
    browser = await open_browser(world.ada)
    for path in (
        "/console?view=all",
        "/console?view=all&fragment=rows",
        f"/console/tickets/{ticket.number}",
        f"/console/tickets/{ticket.number}?fragment=thread",
        f"/console/orders/{order.public_id}",
        "/console/search?q=script",
        "/console/agents",
    ):
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        scan = Scan()
        scan.feed(answer.text)
        own = [script for script in scan.scripts if script.get("src", "") or script.get("type") == "application/json"]
        assert scan.scripts == own
        assert (scan.handlers, scan.images) == ([], [])
        assert "hurt" in answer.text
        assert "{{7*7}}" in answer.text


async def test_pages_keep_to_themselves(world: World, open_browser: OpenBrowser) -> None:
    answer = await (await open_browser(world.omar)).get("/console")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<style|\sstyle=|\son\w+=", answer.text)


async def test_the_work_of_the_database_does_not_grow(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    async def statements(path: str) -> int:
        with counted() as statements:
            assert (await browser.get(path)).status_code == 200
        return len(statements)

    browser = await open_browser(world.omar)
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    ticket, conversation = await talk.ticket(world.lumen, world.ines, "Where is it", order_ids=[order.id])
    paths = ("/console", "/console?view=live", f"/console/tickets/{ticket.number}", "/console/search?q=where")
    await browser.get(f"/console/tickets/{ticket.number}")  # what is read now is not marked as read again
    before = [await statements(path) for path in paths]
    for number in range(12):
        customer = await make_customer(world.lumen, f"C{number}", f"c{number}@example.com")
        other = await make_order(world.lumen, f"#20{number}", email="ines@example.com")
        await talk.ticket(world.lumen, customer, f"Where is it {number}", order_ids=[other.id])
        await talk.says(conversation, BOT, f"answer {number}", order_id=order.id)
        await add_note(conversation.id, world.mei, f"note {number}", f"note-{number:04d}")
    await browser.get(f"/console/tickets/{ticket.number}")
    after = [await statements(path) for path in paths]
    assert after == before
    assert before[:3] == [3, 3, 8]  # who asks; the rail; the list. And: the ticket, its thread, its order, the audit
    assert before[3] <= 12


async def test_search_finds_by_what_people_have_at_hand(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    await make_order(world.lumen, "#1001", email="ines@example.com", phone="+4930123456")
    ticket, _ = await talk.ticket(world.lumen, world.ines, "The lamp flickers at night")
    browser = await open_browser(world.omar)
    for query in ("1001", "#1001", "INES@example.com", "3456"):
        page = (await browser.get("/console/search?" + f"q={query.replace('#', '%23')}")).text
        assert re.search(r"/console/orders/ord_\w+", page), query
    assert f"/console/tickets/{ticket.number}" in (await browser.get(f"/console/search?q={ticket.number}")).text
    assert "The lamp flickers at night" in (await browser.get("/console/search?q=flickers")).text
    entry = await AuditEntry.filter(action="orders.found").first()
    assert entry is not None
    assert "ines@example.com" not in str(entry.detail)
    for query in ("", "%20", "%00", "'%22%20OR%201=1", "x" * 3000, "NEAR(", "*"):
        assert (await browser.get(f"/console/search?q={query}")).status_code == 200


async def test_search_finds_orders_by_goods_and_name_page_by_page(world: World, open_browser: OpenBrowser) -> None:
    for number in range(23):
        document = {
            "id": f"A{number}",
            "updated_at": "2026-03-02T08:00:00Z",
            "number": str(7000 + number),
            "currency": "USD",
            "placed_at": f"2026-03-02T08:{number:02d}:00Z",
            "customer": {"name": "Ines Marlow"},
            "lines": [{"id": "1", "sku": "LO-ALD", "title": "Alder table lamp", "quantity": 1}],
        }
        (draft,) = read_jsonl(json.dumps(document).encode())
        assert (await import_order(world.lumen, draft)).result == "taken"
    browser = await open_browser(world.omar)
    for query in ("alder lamp", "LO-ALD", "marl"):
        page = (await browser.get(f"/console/search?q={quote(query)}")).text
        assert page.count("/console/orders/ord_") == 20
        following = re.search(r'href="(/console/search\?q=[^"]+after=[^"]+)"', page)
        assert following is not None
        assert (await browser.get(html.unescape(following[1]))).text.count("/console/orders/ord_") == 3
    assert "/console/orders/ord_" not in (await (await open_browser(world.wei)).get("/console/search?q=alder")).text
    assert (await browser.get("/console/search?q=alder&after=x")).status_code == 422


async def test_only_administrators_see_who_works_here(world: World, open_browser: OpenBrowser) -> None:
    await disable_agent(world.wei)
    page = (await (await open_browser(world.ada)).get("/console/agents")).text
    assert all(name in page for name in ("Omar", "Mei", "Wei", "Sue", "Disabled"))
    for agent in (world.omar, world.sue):
        assert (await (await open_browser(agent)).get("/console/agents")).status_code == 403


async def test_an_agent_changes_the_password(world: World, open_browser: OpenBrowser) -> None:
    here, there = await open_browser(world.omar), await open_browser(world.omar)
    await here.get("/console/account")
    answer = await here.post("/console/account/password", current="wrong", new="a much better one")
    assert answer.status_code == 422
    assert "That isn’t your password." in answer.text
    answer = await here.post("/console/account/password", current="correct horse battery", new="short")
    assert "10 to 200 characters" in answer.text
    answer = await here.post("/console/account/password", current="correct horse battery", new="a much better one")
    assert answer.status_code == 303
    assert (await there.get("/console")).status_code == 303
    assert (await here.get("/console")).status_code == 200
    await there.sign_in(world.omar, "a much better one")
    await here.post("/console/account/sessions")
    assert (await there.get("/console")).status_code == 303


async def test_a_live_chat_can_be_watched_and_becomes_a_ticket_when_taken(
    world: World, talk: Talk, open_browser: OpenBrowser
) -> None:
    conversation = await chat(world.lumen, world.ines)
    await talk.says(conversation, world.ines, "Hello, anybody?")
    browser = await open_browser(world.omar)
    path = f"/console/conversations/{conversation.public_id}"
    page = (await browser.get(path)).text
    assert "The bot is answering" in page
    answer = await browser.post(f"{path}/takeover")
    ticket = await Ticket.get(conversation_id=conversation.id)
    assert answer.headers["location"] == f"/console/tickets/{ticket.number}?said=taken"
    assert (ticket.subject, ticket.assignee_id) == ("Hello, anybody?", world.omar.id)
    assert (await browser.get(path)).headers["location"] == f"/console/tickets/{ticket.number}"
    assert "You are answering" in (await browser.get(f"/console/tickets/{ticket.number}")).text
    conversation = await Conversation.get(id=conversation.id)
    assert (conversation.handler, conversation.agent_id) == ("agent", world.omar.id)


async def test_a_rating_stands_in_the_thread(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    ticket, conversation = await talk.ticket(world.lumen, world.ines, "My lamp is late")
    await rate(conversation.id, Actor.of(world.ines), 2, EVIL)
    browser = await open_browser(world.omar)
    page = (await browser.get(f"/console/tickets/{ticket.number}")).text
    assert "Ines rated the help 2 of 5" in page
    assert "<script>window.hurt" not in page
