"""Lists of one's own, and one change to many tickets, through the desk's doors."""

from collections.abc import Awaitable, Callable

import pytest

from app.jobs.bulk import change_tickets
from core.jobs import Job
from core.people import Actor
from tests.console.conftest import Browser, Talk
from tests.people import World
from tickets.models import Ticket
from tickets.tagging import add_tag
from tickets.work_models import BulkRun, SavedView

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


async def three(world: World, talk: Talk) -> list[Ticket]:
    words = ("Dark?", "Still dark!", "Broken shade")
    kinds = ("question", "question", "complaint")
    return [
        (await talk.ticket(world.lumen, world.ines, text, kind=kind))[0]
        for text, kind in zip(words, kinds, strict=True)
    ]


async def test_a_saved_view_is_a_list_with_a_count(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    tickets = await three(world, talk)
    await add_tag(tickets[0].id, "vip", Actor.of(world.omar))
    browser = await open_browser(world.omar)
    await browser.get("/console/views/new")
    answer = await browser.post("/console/views/new", name="VIP <b>", kinds="question", tags="VIP, ", assignee="nobody")
    path = answer.headers["location"]
    page = (await browser.get(path)).text
    assert "VIP &lt;b&gt;" in page
    assert "Dark?" in page
    assert "Still dark!" not in page
    assert f'data-count="{path.partition("=")[2]}">1<' in page
    assert f"view={path.partition('=')[2]}" in page  # the ticket keeps the list beside it
    beside = (await browser.get(f"/console/tickets/{tickets[0].number}?{path.partition('?')[2]}")).text
    assert "Broken shade" not in beside
    mei = await open_browser(world.mei)
    assert "Broken shade" in (await mei.get(path)).text  # not hers: the open tickets
    assert (await mei.post(path.replace("?view=", "/views/"), do="delete")).status_code == 404
    await browser.post(path.replace("?view=", "/views/"), do="delete")
    assert not await SavedView.all().exists()


async def test_only_supervisors_share(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    await three(world, talk)
    omar, sue = await open_browser(world.omar), await open_browser(world.sue)
    assert (await omar.post("/console/views/new", name="Ours", shared="1")).status_code == 403
    assert (await omar.post("/console/views/new", name=" ")).status_code == 422
    assert (await omar.post("/console/views/new", name="Ours", kinds="wish")).status_code == 422
    path = (await sue.post("/console/views/new", name="Complaints", kinds="complaint", shared="1")).headers["location"]
    page = (await omar.get(path)).text
    assert "Broken shade" in page
    assert "Dark?" not in page
    assert (await omar.post(path.replace("?view=", "/views/"), name="Mine now")).status_code == 403
    wei = await open_browser(world.wei)
    assert "Broken shade" not in (await wei.get(path)).text


async def test_many_are_changed_and_refusals_are_listed(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    tickets = await three(world, talk)
    tea, _ = await talk.ticket(world.chaye, world.lin, "茶？")
    browser = await open_browser(world.omar)
    page = (await browser.get("/console")).text
    assert f'name="ticket" value="{tickets[0].number}" form="bulk"' in page
    data = {"ticket": [str(ticket.number) for ticket in (*tickets[:2], tea)], "do": "close"}
    answer = await browser.post("/console/bulk", **data)
    job = await Job.get(kind="tickets.bulk")
    assert "0 of 2 done" in (await browser.get(answer.headers["location"])).text
    await change_tickets(job.args, None)  # type: ignore[arg-type]
    page = (await browser.get(answer.headers["location"] + "?fragment=progress")).text
    assert "2 refused" in page
    assert "Only a supervisor can do that." in page
    mei = await open_browser(world.mei)
    assert (await mei.get(answer.headers["location"])).status_code == 404


async def test_a_whole_view_is_changed(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    await three(world, talk)
    browser = await open_browser(world.omar)
    await browser.get("/console")
    answer = await browser.post("/console/bulk", all="1", view="unassigned", do="tag", tag="Recall")
    run = await BulkRun.get()
    assert (run.total, run.value) == (3, "recall")
    assert "Add the tag recall" in (await browser.get(answer.headers["location"])).text
    assert (await browser.post("/console/bulk", do="close")).status_code == 422
