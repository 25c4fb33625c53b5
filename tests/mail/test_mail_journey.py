"""The whole way of a mail through the running desk: in by SMTP, answered, read and answered in the demo mailbox."""

import asyncio
import re
import smtplib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from app.gateways.mail import DemoMailbox
from app.mail.models import IncomingMail, OutgoingMail
from app.main import create_app
from app.settings import Settings
from conversations.models import Conversation, Message
from conversations.posting import post
from conversations.proofs import check_code, request_code
from core.people import Actor
from tests.mail.conftest import Letter
from tests.people import World, chat, make_order, make_world


@dataclass
class Desk:
    """A running desk with a mail door, and a browser at its demo mailbox."""

    app: Starlette
    browser: httpx2.AsyncClient
    world: World

    async def send(self, letter: Letter) -> None:
        def run() -> None:
            with smtplib.SMTP("127.0.0.1", self.app.state.mail_port, timeout=10) as smtp:
                smtp.sendmail("ines@example.com", [letter.to], letter.bytes())

        await asyncio.to_thread(run)

    async def page(self, path: str) -> str:
        answer = await self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def fill_in(self, path: str, **fields: str) -> httpx2.Response:
        return await self.browser.post(path, data=fields, headers={"sec-fetch-site": "same-origin"})


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(database_url), mail_port=0, demo=True)
    app = create_app(settings, mailer=DemoMailbox())
    async with app.router.lifespan_context(app):
        world = await make_world()
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://desk.example") as browser:
            yield Desk(app, browser, world)


async def until(happened: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(30):
        while not (found := await happened()):
            await asyncio.sleep(0.02)
    return found


def sent(**which: Any) -> Callable[[], Awaitable[Any]]:
    return lambda: OutgoingMail.filter(state="sent", **which).order_by("-id").first()


async def test_a_mail_is_answered_and_answered_again(desk: Desk) -> None:
    await desk.send(Letter(text="Where is my order 1001?"))
    await until(sent(key__startswith="acknowledgement:"))
    conversation = await Conversation.get()
    text = "It left Hamburg <yesterday>."
    await post(conversation.id, Actor.of(desk.world.omar), text, client_id="o1", channel="email")
    answer = await until(sent(message_id__not_isnull=True))

    listed = await desk.page("/demo/mailbox?to=ines@example.com")
    assert listed.index("Re: Where is my lamp?") < listed.index("We’ve received your message")
    letter = await desk.page(f"/demo/mailbox/{answer.public_id}")
    assert "It left Hamburg &lt;yesterday&gt;." in letter
    assert f"&lt;{answer.header_id}&gt;" in letter
    framed = await desk.browser.get(f"/demo/mailbox/{answer.public_id}/html")
    assert "sandbox" in framed.headers["content-security-policy"]
    assert "It left Hamburg &lt;yesterday&gt;." in framed.text

    written = await desk.fill_in(f"/demo/mailbox/{answer.public_id}/reply", text="Thank you!")
    assert written.status_code == 303
    await until(lambda: Message.filter(text="Thank you!").first())
    assert await Conversation.all().count() == 1
    assert [m.author_kind for m in await Message.all().order_by("number")] == ["customer", "agent", "customer"]


async def test_a_visitor_writes_to_a_shop_from_the_mailbox(desk: Desk) -> None:
    page = await desk.page("/demo/mailbox")
    assert "help@chaye.example" in page
    fields = {"from": "lin@example.com", "to": "help@chaye.example", "subject": "退货\r\nBcc: x", "text": "我想退货"}
    answer = await desk.fill_in("/demo/mailbox", **fields)
    assert answer.headers["location"] == "/demo/mailbox?to=lin%40example.com&sent=1"
    letter = await until(sent(recipient="lin@example.com"))
    assert letter.recipient in await desk.page(answer.headers["location"])
    assert (await Message.get()).text == "我想退货"
    assert b"\nBcc" not in (await IncomingMail.get()).content


INJECTED = "a@b.example\nBcc: x@y.example"


@pytest.mark.parametrize(
    "wrong", [{"from": "nobody"}, {"to": "x@elsewhere.example"}, {"text": " "}, {"from": INJECTED}]
)
async def test_what_cannot_be_sent(desk: Desk, wrong: dict[str, str]) -> None:
    fields = {"from": "lin@example.com", "to": "help@chaye.example", "subject": "", "text": "hi"} | wrong
    assert (await desk.fill_in("/demo/mailbox", **fields)).status_code == 422
    assert await IncomingMail.all().count() == 0


async def test_a_one_time_code_arrives(desk: Desk) -> None:
    await make_order(desk.world.lumen, "#1001", email="ines@example.com")
    talk = await chat(desk.world.lumen, desk.world.ines)
    await request_code(talk.id, "1001")
    letter = await until(sent(key__startswith="code:"))
    text = await desk.page(f"/demo/mailbox/{letter.public_id}")
    code = re.search(r"^ {4}(\d{6})$", text, re.MULTILINE)
    assert code is not None
    assert "cnv" not in letter.content.decode()
    assert await check_code(talk.id, code[1])


async def test_letters_page_by_page(desk: Desk) -> None:
    for number in range(35):
        await desk.send(Letter(sender=f"c{number}@example.com", header_id=f"{number}@example.com"))
    await until(lambda: _count(35))
    first = await desk.page("/demo/mailbox")
    older = re.search(r'/demo/mailbox\?to=&amp;before=(mlo_\w+)"', first)
    assert older is not None
    second = await desk.page(f"/demo/mailbox?before={older[1]}")
    assert (first.count('class="letter"'), second.count('class="letter"')) == (30, 5)


async def _count(wanted: int) -> bool:
    return await OutgoingMail.all().count() == wanted


async def test_only_the_demo_has_a_mailbox(desk: Desk) -> None:
    desk.app.state.demo = False
    for path in ("/demo/mailbox", "/demo/mailbox/mlo_x", "/demo/mailbox/mlo_x/html"):
        assert (await desk.browser.get(path)).status_code == 404
    assert (await desk.fill_in("/demo/mailbox", text="x")).status_code == 404
