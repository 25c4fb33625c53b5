"""Tickets among others at the desk: merged and parted, split, tagged, followed, and named in notes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.jobs.bulk import change_tickets
from app.realtime.hub import Hub
from app.realtime.topics import conversation_topic
from conversations.noting import add_note
from conversations.queries import messages_after
from core.jobs import Job
from core.people import Actor
from tests.console.conftest import Browser, Talk
from tests.people import World, make_customer, make_order
from tickets.models import Ticket, TicketLink
from tickets.parents import put_below
from tickets.work_models import Follower, Mention, TicketMerge

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


class Ear:
    """A customer's widget: hears the frames of its conversation."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def deliver(self, frame: dict[str, Any], text: str) -> None:
        self.heard.append(text)

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(f"closed: {code} {reason}")


async def test_two_tickets_become_one_and_two_again(
    world: World, talk: Talk, hub: Hub, open_browser: OpenBrowser
) -> None:
    lamp = await make_order(world.lumen, "#1001")
    (target, _), (source, second) = [
        await talk.ticket(world.lumen, world.ines, words, order_ids=[lamp.id]) for words in ("Dark?", "Still dark!")
    ]
    browser, base = await open_browser(world.omar), f"/console/tickets/{source.number}"
    assert f"Ticket {target.number} seems to be about the same thing" in (await browser.get(base)).text
    page = (await browser.get(f"{base}/arrangement")).text
    assert "Same order and reason" in page
    answer = await browser.post(f"{base}/merging", into=str(target.number))
    assert answer.status_code == 303
    assert (await browser.get(base)).headers["location"].startswith(f"/console/tickets/{target.number}?said=")
    page = (await browser.get(f"/console/tickets/{target.number}")).text
    for words in ("Still dark!", "other conversation", "1 merged ticket", f"merged ticket {source.number} into this"):
        assert words in page
    await talk.says(second, world.ines, "Hello?")
    assert f'data-conversation="{second.public_id}"' in (await browser.get(f"/console/tickets/{target.number}")).text
    stale = await browser.fetch(f"{base}/priority", priority="high")
    assert (stale.status_code, stale.json()["code"]) == (409, "ticket_merged")
    merged = await TicketMerge.get()
    await browser.get(f"/console/tickets/{target.number}/arrangement")
    await browser.post(f"/console/tickets/{target.number}/parting", merge=merged.public_id)
    assert (await browser.get(base)).status_code == 200
    assert "unmerged this from ticket" in browser.page


async def test_tickets_of_two_customers_stay_two(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    one, _ = await talk.ticket(world.lumen, world.ines, "Dark?")
    other, _ = await talk.ticket(world.lumen, await make_customer(world.lumen, "Pia", "pia@example.com"), "Dark too")
    browser = await open_browser(world.omar)
    answer = await browser.post(f"/console/tickets/{one.number}/merging", into=f"#{other.number}")
    assert answer.status_code == 409
    assert "These tickets belong to two customers." in answer.text
    assert (await browser.post(f"/console/tickets/{one.number}/merging", into="99")).status_code == 404


async def test_a_part_gets_its_own_number(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    orders = [await make_order(world.lumen, number) for number in ("#1001", "#1002")]
    ticket, _ = await talk.ticket(world.lumen, world.ines, "Lamp and shade", order_ids=[o.id for o in orders])
    browser, base = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    page = (await browser.get(f"{base}/arrangement")).text
    assert "#1002" in page
    links = await TicketLink.filter(ticket_id=ticket.id).order_by("id")
    await browser.post(f"{base}/splitting", subject="The shade", kind="complaint", link=str(links[1].id))
    part = await Ticket.get(number=ticket.number + 1)
    assert (part.subject, part.kind, [link.order_id for link in await TicketLink.filter(ticket_id=part.id)]) == (
        "The shade",
        "complaint",
        [orders[1].id],
    )


async def test_tags_and_following(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    ticket, _ = await talk.ticket(world.lumen, world.ines, "Dark?")
    browser, base = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    await browser.post(f"{base}/tags", tag="Needs <b>photo</b>", do="add")
    page = (await browser.get(base)).text
    assert "needs &lt;b&gt;photo&lt;/b&gt;" in page
    found = await browser.get("/console/tags?q=need&shop=lumen", accept="application/json")
    assert found.json() == {"tags": ["needs <b>photo</b>"]}
    wei = await open_browser(world.wei)
    assert (await wei.get("/console/tags?shop=lumen", accept="application/json")).json() == {"tags": []}
    await browser.post(f"{base}/tags", tag="needs <b>photo</b>", do="remove")
    assert (await browser.fetch(f"{base}/tags", tag=",", do="add")).json()["code"] == "bad_tag"
    await browser.post(f"{base}/following", do="follow")
    assert await Follower.exists(ticket_id=ticket.id, agent_id=world.omar.id)
    assert 'aria-pressed="true"' in (await browser.get(base)).text
    await browser.post(f"{base}/following", do="stop")
    assert not await Follower.all().exists()


async def test_a_problem_shows_its_notes_on_its_cases(
    world: World, talk: Talk, hub: Hub, open_browser: OpenBrowser
) -> None:
    problem, its_talk = await talk.ticket(world.lumen, world.ines, "The dimmer hums")
    case, _ = await talk.ticket(world.lumen, await make_customer(world.lumen, "Pia", "pia@example.com"), "It hums")
    browser = await open_browser(world.omar)
    await browser.post(f"/console/tickets/{case.number}/parent", above=str(problem.number))
    await add_note(its_talk.id, world.mei, "Bad batch, @Omar: new ones on Friday", "note-0001")
    page = (await browser.get(f"/console/tickets/{case.number}")).text
    assert "Bad batch" in page
    assert f"Case of {problem.number}" in page
    assert await Mention.filter(read_at=None).count() == 1
    assert "1 case" in (await browser.get(f"/console/tickets/{problem.number}")).text
    assert await Mention.filter(read_at=None).count() == 0
    await put_below(case.id, None, Actor.of(world.omar))
    assert "Bad batch" not in (await browser.get(f"/console/tickets/{case.number}")).text


async def test_resolving_a_problem_asks_about_its_cases(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    problem, _ = await talk.ticket(world.lumen, world.ines, "The dimmer hums")
    case, _ = await talk.ticket(world.lumen, world.ines, "It hums")
    await put_below(case.id, problem.id, Actor.of(world.omar))
    browser, base = await open_browser(world.omar), f"/console/tickets/{problem.number}"
    assert "Resolve it and its cases" in (await browser.get(base)).text
    asked = await browser.fetch(f"{base}/resolution")
    assert (asked.status_code, asked.json()["code"]) == (409, "cases_open")
    await browser.post(f"{base}/resolution", cases="all")
    await change_tickets((await Job.get(kind="tickets.bulk")).args, None)  # type: ignore[arg-type]
    assert await Ticket.filter(status="resolved").count() == 2


async def test_what_changed_meanwhile_and_what_was_refused_is_shown(
    world: World, talk: Talk, open_browser: OpenBrowser
) -> None:
    ticket, _ = await talk.ticket(world.lumen, world.ines, "Dark?")
    omar, mei, base = await open_browser(world.omar), await open_browser(world.mei), f"/console/tickets/{ticket.number}"
    await omar.get(base)
    seen = omar.hidden("known")
    await mei.get(base)
    await mei.post(f"{base}/priority", priority="urgent", known=mei.hidden("known"))
    answer = await omar.post(f"{base}/resolution", known=seen)
    assert answer.status_code == 409
    assert "Mei just changed this ticket." in answer.text
    await omar.post(f"{base}/closing", known=omar.hidden("known"))
    assert "Omar tried to set this to “Closed”, which was refused" in (await mei.get(base)).text


async def test_the_customer_notices_nothing_of_a_merge(
    world: World, talk: Talk, hub: Hub, open_browser: OpenBrowser
) -> None:
    (target, first), (source, second) = [
        await talk.ticket(world.lumen, world.ines, words) for words in ("Dark?", "Still dark!")
    ]
    ears = [Ear(), Ear()]
    for ear, conversation in zip(ears, (first, second), strict=True):
        hub.subscribe(conversation_topic(conversation.public_id), ear)
    browser = await open_browser(world.omar)
    await browser.post(f"/console/tickets/{source.number}/merging", into=str(target.number))
    assert [ear.heard for ear in ears] == [[], []]
    texts = [message.text for message in await messages_after(second.id, 0)]
    assert texts == ["Still dark!"]


async def test_a_ticket_turns_out_to_be_a_complaint(
    world: World, talk: Talk, hub: Hub, open_browser: OpenBrowser
) -> None:
    ticket, _ = await talk.ticket(world.lumen, world.ines, "My lamp came broken")
    browser, base = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    assert 'aria-label="Kind: Question"' in (await browser.get(base)).text
    answer = await browser.post(f"{base}/kind", kind="complaint", known=browser.hidden("known"))
    page = (await browser.get(answer.headers["location"])).text
    for words in ("Kind changed.", "Omar made this: Complaint", "This is a complaint"):
        assert words in page
    refused = await browser.post(f"{base}/kind", kind="question")
    assert refused.status_code == 409
    assert "If it isn’t one, dismiss it first." in refused.text
