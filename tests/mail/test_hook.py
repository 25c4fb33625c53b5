"""Mails by signed HTTP: stored once, and everything that is not signed looks the same."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from app.faults import FaultPages
from app.guards import BodyLimit
from app.intake import hook
from app.intake.hook import TOLERANCE, routes, sign
from app.mail.arriving.receiving import Means, receive
from app.mail.hook_models import MailHook
from app.mail.models import IncomingMail
from conversations.models import Message
from core.clock import FrozenClock, now
from core.jobs import Job
from core.shops import Shop, add_secret
from tests.mail.conftest import Letter
from tests.people import World

LETTER = b"Return-Path: <bounces+1@shop-list.example>\r\nDelivered-To: Help+x@lumen.example\r\n" + Letter().bytes()


@pytest.fixture
async def secret(world: World, clock: FrozenClock) -> str:
    return await add_secret(world.lumen, "mail")


@pytest.fixture
async def web() -> AsyncIterator[httpx2.AsyncClient]:
    limits = [Middleware(FaultPages), Middleware(BodyLimit, limit=500, mails=5_000)]
    transport = httpx2.ASGITransport(app=Starlette(routes=routes, middleware=limits))
    async with httpx2.AsyncClient(transport=transport, base_url="http://desk.example") as client:
        yield client


async def send(
    web: httpx2.AsyncClient,
    secret: str,
    body: bytes = LETTER,
    *,
    key: str = "lumen",
    age: float = 0,
    headers: dict[str, str] | None = None,
) -> httpx2.Response:
    sent = int(now().timestamp() - age)
    signed = {"x-wismo-timestamp": str(sent), "x-wismo-signature": sign(secret, sent, body)}
    return await web.post(f"/hooks/mail/{key}", content=body, headers=signed | (headers or {}))


async def test_a_mail_is_kept_and_read(web: httpx2.AsyncClient, secret: str) -> None:
    answer = await send(web, secret)
    mail = await IncomingMail.get()
    assert (answer.status_code, answer.json()) == (200, {"mail": mail.public_id})
    assert (mail.content, mail.sender, mail.recipient) == (
        LETTER,
        "bounces+1@shop-list.example",
        "help+x@lumen.example",
    )
    assert (await Job.get(kind="mail.receive")).args == {"incoming_mail": mail.id}
    await receive(mail.id, Means(secret=b"secret"))
    assert (await Message.get()).text == "Hello, where is my order 1001?"


@pytest.mark.usefixtures("both_databases")
async def test_the_same_mail_is_kept_once(web: httpx2.AsyncClient, secret: str) -> None:
    answers = await asyncio.gather(*(send(web, secret, age=age) for age in (0, 0, 100)))
    assert len({answer.json()["mail"] for answer in answers}) == 1
    assert await IncomingMail.all().count() == await Job.filter(kind="mail.receive").count() == 1


async def test_whoever_has_not_signed_hears_the_same(web: httpx2.AsyncClient, secret: str) -> None:
    old = TOLERANCE.total_seconds() + 1
    answers = [
        await web.post("/hooks/mail/lumen", content=LETTER),
        await send(web, "whsec_other"),
        await send(web, secret, key="nobody"),
        await send(web, secret, key="chaye"),  # which has no such secret
        await send(web, secret, age=old),
        await send(web, secret, age=-old),
        await send(web, secret, headers={"x-wismo-signature": "sha256="}),
        await send(web, secret, headers={"x-wismo-timestamp": "1e9"}),
        await send(web, secret, headers={"x-wismo-timestamp": "9" * 4_000}),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["code"] for answer in answers}) == 1
    replayed = await web.post(
        "/hooks/mail/lumen", content=LETTER + b"more", headers=(await send(web, secret)).request.headers
    )
    assert replayed.status_code in (400, 401)
    assert await IncomingMail.all().count() == 1


async def test_a_new_secret_leaves_the_one_before_good(web: httpx2.AsyncClient, secret: str, world: World) -> None:
    await add_secret(await Shop.get(id=world.lumen.id), "mail")
    assert (await send(web, secret)).status_code == 200


async def test_too_much_and_nothing_are_refused(web: httpx2.AsyncClient, secret: str) -> None:
    assert (await send(web, secret, b"x" * 5_001)).status_code == 413
    assert (await send(web, secret, b"\r\n")).status_code == 400

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000

    sent = str(int(now().timestamp()))
    headers = {"x-wismo-timestamp": sent, "x-wismo-signature": "sha256=00"}
    assert (await web.post("/hooks/mail/lumen", content=endless(), headers=headers)).status_code == 413
    assert await IncomingMail.all().count() == 0


async def noted() -> None:
    """What is done after the answer is done."""
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "hook"))


async def test_who_knocks_in_vain_is_noted_for_the_shop(
    web: httpx2.AsyncClient, secret: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, "PAUSE_SECONDS", 0)
    monkeypatch.setitem(hook._throttle, "next", 0)
    await send(web, "whsec_other")
    await noted()
    assert (await MailHook.get(shop_id=world.lumen.id)).refused_why == "signature"
    await MailHook.all().update(refused_at=None)
    await send(web, secret, age=TOLERANCE.total_seconds() + 1)
    await noted()
    assert (await MailHook.get()).refused_why == "time"
    await send(web, secret, key="nobody")
    await send(web, secret, key="chaye")  # which takes no mails this way
    await noted()
    assert await MailHook.all().count() == 1


async def test_a_mail_says_by_which_door_it_came(web: httpx2.AsyncClient, secret: str) -> None:
    await send(web, secret)
    assert (await IncomingMail.get()).way == "hook"
