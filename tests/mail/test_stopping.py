"""One click ends automatic messages: for whoever got one, for nobody else, and never by looking."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient
from tortoise.context import TortoiseContext

from app.mail.holding import STOPPED, holds_on
from app.mail.leaving.replying import reply
from app.mail.models import OutgoingMail
from app.mail.stopping import stop_path
from app.main import create_app
from app.settings import Settings
from conversations.models import Conversation, Message
from conversations.posting import post
from core.people import SYSTEM
from tests.mail.conftest import Letter
from tests.mail.test_receiving import SECRET, arrive, opened, plain
from tests.mail.test_replying import say
from tests.people import World

SITE = "https://desk.example"


@pytest.fixture
async def client(world: World, database: TortoiseContext, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    """A mail program and a browser without cookies, at the desk's doors."""
    app = create_app(Settings(data_dir=tmp_path), work=False, intake=False)
    app.state.database = database
    async with AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1") as client:
        yield client


async def told(client_id: str, secret: bytes = SECRET) -> OutgoingMail | None:
    conversation = await Conversation.get()
    message = await post(conversation.id, SYSTEM, "Your parcel has left.", client_id=client_id, channel="email")
    return await reply(message.id, secret, site=SITE)


async def test_what_no_person_wrote_can_be_stopped(world: World, client: AsyncClient, tmp_path: Path) -> None:
    secret = Settings(data_dir=tmp_path).secret
    await arrive(world.lumen, Letter())
    mail = await told("n1", secret)
    assert mail is not None
    url = str(opened(mail)["List-Unsubscribe"]).strip("<>")
    assert opened(mail)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url.startswith(f"{SITE}/mail/stop/mlo_")
    assert "ines" not in url
    assert url in plain(mail)
    path = url.removeprefix(SITE)
    assert "Stop automatic messages" in (await client.get(path)).text
    assert await holds_on(world.lumen.id, ["ines@example.com"]) == []  # looking changed nothing
    done = await client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    assert "You won’t get automatic messages any more" in done.text
    await client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert len(await holds_on(world.lumen.id, ["ines@example.com"], STOPPED)) == 1
    assert await told("n2", secret) is None
    answer = await reply((await say(world, "It left.")).id, SECRET, site=SITE)
    assert answer is not None  # people still write
    assert opened(answer)["List-Unsubscribe"] is None
    assert "恢复发送" in (await client.post(path + "?lang=zh", data={"do": "stop"})).text
    await client.post(path, data={"do": "again"})
    assert await told("n3", secret) is not None


async def test_nobody_else_can_stop_them(world: World, client: AsyncClient, tmp_path: Path) -> None:
    secret = Settings(data_dir=tmp_path).secret
    await arrive(world.lumen, Letter())
    mail = await told("n1", secret)
    assert mail is not None
    good = stop_path(secret, mail.public_id, "ines@example.com").rpartition("/")[2]
    other = stop_path(secret, mail.public_id, "ben@example.net").rpartition("/")[2]
    for name, signature in [
        (mail.public_id, other),
        (mail.public_id, "0" * 32),
        (mail.public_id, "null"),
        (mail.public_id, good[:-1]),
        (mail.public_id, good + "0"),
        (mail.public_id, "%20"),
        ("mlo_x", good),
        ("mlo_x", "-" * 32),
        ("null", good),
    ]:
        for answer in (
            await client.get(f"/mail/stop/{name}/{signature}"),
            await client.post(f"/mail/stop/{name}/{signature}", data={"List-Unsubscribe": "One-Click"}),
        ):
            assert answer.status_code == 404
    assert await holds_on(world.lumen.id, ["ines@example.com"]) == []
    assert (await Message.filter(author_kind="system").get()).state == "sent"
