"""The withdrawal button over HTTP: without script, in both languages, and it never tells whether an order exists."""

import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import httpx2
import pytest

from app.gateways.mail import RecordingMailer
from app.jobs import HANDLERS
from app.jobs.context import JobContext
from app.mail.models import OutgoingMail
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from core import jobs
from core.clock import FrozenClock
from core.shops import Shop
from tests.app.desks import open_desk
from tests.people import World, make_world
from tests.tickets.sold import sold
from tickets.aftersales.models import AfterSale
from tickets.models import Ticket
from tickets.withdrawal_models import Withdrawal

PAGE = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
TYPED = {
    "name": "Ines",
    "order_number": "#1001",
    "email": "ines@example.com",
    "items": "",
    "client_id": "wdr_abcdefghij",
}


@pytest.fixture
async def world(database: object) -> World:
    world = await make_world()
    await Shop.filter(id=world.lumen.id).update(country="DE", timezone="Europe/Berlin")
    return world


@pytest.fixture
async def web(world: World, database_url: str, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        open_desk(database_url, tmp_path) as desk,
        httpx2.AsyncClient(base_url=desk.address, headers=PAGE) as client,
    ):
        yield client


async def work(folder: Path) -> None:
    """Do what was queued."""
    context = JobContext(Settings(data_dir=folder), RecordingMailer(), Shelf(own_rulebook()))
    while claimed := await jobs.claim(10):
        for job in claimed:
            await HANDLERS[job.kind](job.args, context)
            await jobs.finish(job)


async def test_from_the_form_to_the_case_and_the_letter(
    web: httpx2.AsyncClient, world: World, clock: FrozenClock, tmp_path: Path
) -> None:
    await sold(world.lumen)
    form = (await web.get("/withdraw/lumen?lang=en&order=1001")).text
    assert 'value="1001"' in form
    assert "Confirm withdrawal" in form
    client_id = re.search(r'name="client_id" value="(wdr_\w+)"', form)
    assert client_id is not None
    typed = TYPED | {"client_id": client_id[1], "name": "Ines <b>"}
    answers = [await web.post("/withdraw/lumen?lang=en", data=typed) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "Received on 2 Mar 2026 at 10:00 (Berlin time)." in answers[0].text
    assert "Name: Ines &lt;b&gt;" in answers[0].text
    await work(tmp_path)
    [mail] = await OutgoingMail.filter(key__startswith="withdrawal:")
    letter = message_from_bytes(mail.content, policy=default).get_body(("plain",))
    assert letter is not None
    words = letter.get_content().replace("\r\n", "\n")
    assert mail.recipient == "ines@example.com"
    assert "on 2 Mar 2026 at 10:00 (Berlin time)" in words
    assert "Withdrawal from the contract: order #1001\nI hereby withdraw from my contract with Lumen." in words
    case = await AfterSale.get()
    assert (case.reason, case.state, await Ticket.all().count()) == ("withdrawal", "awaiting_return", 1)


async def test_an_order_that_is_not_there_looks_the_same(web: httpx2.AsyncClient, world: World, tmp_path: Path) -> None:
    await sold(world.lumen)
    pages = []
    for number, email in (("1001", "ines@example.com"), ("1001", "else@example.com"), ("9999", "ines@example.com")):
        typed = TYPED | {"order_number": number, "email": email, "client_id": "wdr_" + number + email[:4]}
        page = (await web.post("/withdraw/lumen?lang=en", data=typed)).text
        pages.append(page.replace(number, "N").replace(email, "A"))
    assert pages[0] == pages[1] == pages[2]
    await work(tmp_path)
    assert await OutgoingMail.filter(key__startswith="withdrawal:").count() == 3
    assert await AfterSale.all().count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, "请填写您的姓名。"),
        ({"order_number": ""}, "请填写订单号"),
        ({"email": "a b@example.com"}, "邮箱"),
    ],
)
async def test_what_is_missing_is_said_and_what_was_typed_stays(
    web: httpx2.AsyncClient, change: dict[str, str], words: str
) -> None:
    answer = await web.post("/withdraw/lumen?lang=zh", data=TYPED | {"items": "台灯"} | change)
    assert answer.status_code == 422
    assert re.search(rf'role="alert"[^§]*{words}', answer.text)
    assert "台灯" in answer.text
    assert not await Withdrawal.exists()


async def test_the_widget_of_a_shop_in_the_union_leads_there(web: httpx2.AsyncClient) -> None:
    assert 'href="/withdraw/lumen?lang=en"' in (await web.get("/widget?site=lumen&lang=en")).text
    assert "/withdraw/" not in (await web.get("/widget?site=chaye&lang=en")).text
    assert (await web.get("/withdraw/nowhere")).status_code == 404


async def test_nobody_floods_a_mailbox(web: httpx2.AsyncClient) -> None:
    for number in range(10):
        assert (await web.post("/withdraw/lumen", data=TYPED | {"client_id": f"wdr_number{number}"})).status_code == 200
    assert (await web.post("/withdraw/lumen", data=TYPED | {"client_id": "wdr_number10"})).status_code == 429
