"""The page of mailboxes: who sees it, adding one with a test that speaks plainly, and what it never shows."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from app.mail.fetching.turns import note_failure
from app.mail.mailbox_models import Mailbox
from app.mail.mailboxes import Place, add_mailbox, credentials_of
from app.settings import Settings
from core.clock import FrozenClock
from core.people import Actor
from tests.console.conftest import BASE, Browser
from tests.heard import counted
from tests.mail.scripted_imap import scripted
from tests.mail.sink import Sink, listening
from tests.people import World

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
PAGE = "/console/mailboxes"
MAIL = b"From: ines@example.com\r\n\r\nhello\r\n"


@pytest.fixture(autouse=True)
def _inside(desk: Starlette) -> None:
    """The operator allows servers on this machine."""
    settings = desk.state.settings
    desk.state.settings = Settings(data_dir=settings.data_dir, base_url=BASE, private_hosts=True)


def typed(port: int, **other: str) -> dict[str, Any]:
    form = {"address": "help@lumen.example", "host": "127.0.0.1", "port": str(port), "security": "plain"}
    return form | {"auth": "password", "password": "swordfish", "after": "leave", "folder": ""} | other


async def add(world: World, desk: Starlette, *, host: str = "imap.lumen.example") -> Mailbox:
    place = Place(address="help@lumen.example", host=host, user="help@lumen.example")
    secret, given = desk.state.settings.secret, {"password": "swordfish"}
    return await add_mailbox(world.lumen, place, given, Actor.of(world.ada), secret=secret)


async def test_adding_one_from_the_choice_of_a_provider_to_the_list(
    world: World, desk: Starlette, open_browser: OpenBrowser
) -> None:
    ada = await open_browser(world.ada)
    assert "No mailboxes yet" in (await ada.get(PAGE)).text
    providers = (await ada.get(PAGE + "/new")).text
    for name in ("Gmail", "Microsoft 365", "QQ 邮箱", "163 网易", "阿里邮箱", "Fastmail", "iCloud", "Yahoo"):
        assert name in providers
    form = (await ada.get(PAGE + "/new?provider=qq")).text
    assert 'value="imap.qq.com"' in form
    assert "授权码" in form
    async with scripted(mails={1: MAIL, 2: MAIL}) as server:
        page = (await ada.post(PAGE + "/new", **typed(server.port, do="test"))).text
        assert "It works." in page
        assert "The folder holds 2 mails." in page
        assert "swordfish" not in page
        assert await Mailbox.all().count() == 0
        answer = await ada.post(PAGE + "/new", **typed(server.port, do="save"))
        assert answer.headers["location"] == f"{PAGE}?said=saved"
    mailbox = await Mailbox.get()
    assert (mailbox.user, mailbox.folder, mailbox.last_uid) == ("help@lumen.example", "INBOX", 2)
    assert credentials_of(mailbox, desk.state.settings.secret) == {"password": "swordfish"}
    assert "help@lumen.example" in (await ada.get(PAGE)).text


async def test_what_is_wrong_is_said_and_what_was_typed_stays(world: World, open_browser: OpenBrowser) -> None:
    wei = await open_browser(world.ada, language="zh")
    world.ada.language = "zh"
    await world.ada.save()
    refusing = {"LOGIN": lambda tag, _: f"{tag} NO Please using authorized code to login\r\n".encode()}
    async with scripted(answers=refusing) as server:
        answer = await wei.post(PAGE + "/new", **typed(server.port, do="save"))
        assert answer.status_code == 422
        assert "授权码" in answer.text
        assert "using authorized code" in answer.text
        assert 'value="help@lumen.example"' in answer.text
        assert "swordfish" not in answer.text
    missing = {"EXAMINE": lambda tag, _: f"{tag} NO [NONEXISTENT] no\r\n".encode()}
    async with scripted(answers=missing) as server:
        answer = await wei.post(PAGE + "/new", **typed(server.port, do="test", folder="Orders"))
        assert "<option>Shop 台北</option>" in answer.text
    answer = await wei.post(PAGE + "/new", **typed(0, do="test", address="nobody"))
    assert answer.status_code == 422
    assert await Mailbox.all().count() == 0


async def test_one_that_is_answered_from(world: World, desk: Starlette, open_browser: OpenBrowser) -> None:
    ada = await open_browser(world.ada)
    form = (await ada.get(PAGE + "/new?provider=microsoft")).text
    for shown in ('value="smtp.office365.com"', 'value="587"', 'name="answer" value="1" checked', "SMTP.Send"):
        assert shown in form
    sink = Sink(users={"help@lumen.example": "another"})
    async with scripted(mails={1: MAIL}) as server, listening(sink):
        sending = {"answer": "1", "smtp_host": "127.0.0.1", "smtp_port": str(sink.port), "smtp_security": "plain"}
        page = await ada.post(PAGE + "/new", **typed(server.port, do="save"), **sending)
        assert page.status_code == 422
        for words in ("Fetching:", "The folder holds 1 mail.", "Sending:", "535 5.7.8 wrong user name or password"):
            assert words in page.text
        assert await Mailbox.all().count() == 0
        sink.users = {"help@lumen.example": "swordfish"}
        assert (await ada.post(PAGE + "/new", **typed(server.port, do="save"), **sending)).status_code == 303
        mailbox = await Mailbox.get()
        url = f"{PAGE}/{mailbox.public_id}"
        assert "answers leave through" in (await ada.get(PAGE)).text
        assert 'name="answer" value="1" checked' in (await ada.get(url)).text
        moved = sending | {"smtp_host": "localhost"}
        answer = await ada.post(url, **(typed(server.port, do="save", password="") | moved))
        assert "enter the password again" in answer.text
        assert (await ada.post(url, **typed(server.port, do="save", password=""))).status_code == 303
        assert 'name="answer" value="1" checked' not in (await ada.get(url)).text
        assert (await ada.post(url, **(typed(server.port, do="save", password="") | moved))).status_code == 422
        assert (await ada.post(url, **(typed(server.port, do="save", password="") | sending))).status_code == 303
    answer = await ada.post(PAGE + "/new", **typed(1, do="test", host="imap.shop.example"), answer="1")
    assert "Name the server for sending" in answer.text


async def test_a_password_does_not_follow_to_another_server(
    world: World, desk: Starlette, open_browser: OpenBrowser
) -> None:
    mailbox, ada = await add(world, desk), await open_browser(world.ada)
    page = (await ada.get(f"{PAGE}/{mailbox.public_id}")).text
    assert "imap.lumen.example" in page
    assert "swordfish" not in page
    async with scripted() as server:
        form = typed(server.port, do="test", password="")
        answer = await ada.post(f"{PAGE}/{mailbox.public_id}", **form)
        assert "enter the password again" in answer.text
        assert server.heard == []
        answer = await ada.post(f"{PAGE}/{mailbox.public_id}", **(form | {"password": "new one", "do": "save"}))
        assert answer.status_code == 303
    await mailbox.refresh_from_db()
    assert mailbox.host == "127.0.0.1"
    assert credentials_of(mailbox, desk.state.settings.secret) == {"password": "new one"}


async def test_tests_are_counted(world: World, open_browser: OpenBrowser) -> None:
    ada = await open_browser(world.ada)
    async with scripted() as server:
        for _ in range(10):
            assert (await ada.post(PAGE + "/new", **typed(server.port, do="test"))).status_code == 200
        heard = len(server.heard)
        often = await ada.post(PAGE + "/new", **typed(server.port, do="test"))
        assert often.status_code == 429
        assert "That was often." in often.text
        assert 'value="help@lumen.example"' in often.text
        assert len(server.heard) == heard


async def test_whose_word_counts_is_told_and_can_be_named(
    world: World, desk: Starlette, open_browser: OpenBrowser
) -> None:
    ada = await open_browser(world.ada)
    assert "mx.google.com" in (await ada.get(PAGE + "/new?provider=gmail")).text
    assert "nobody is believed" in (await ada.get(PAGE + "/new?provider=aliyun")).text
    async with scripted() as server:
        wrong = await ada.post(PAGE + "/new", **typed(server.port, checkers="https://mx.lumen.example"))
        assert "Such a name looks like mx.example.com." in wrong.text
        await ada.post(PAGE + "/new", **typed(server.port, checkers="MX.lumen.example"))
    assert (await Mailbox.get()).checkers == "mx.lumen.example"


async def test_pausing_and_removing(world: World, desk: Starlette, open_browser: OpenBrowser) -> None:
    mailbox, ada = await add(world, desk), await open_browser(world.ada)
    url = f"{PAGE}/{mailbox.public_id}"
    await ada.get(url)
    await ada.post(url, do="pause")
    assert "Paused" in (await ada.get(PAGE)).text
    await ada.post(url, do="resume")
    assert "Paused" not in (await ada.get(PAGE)).text
    await ada.post(url, do="remove")
    assert await Mailbox.all().count() == 0
    assert (await ada.get(url)).status_code == 404


async def test_one_that_fails_for_a_quarter_of_an_hour_is_seen_from_everywhere(
    world: World, desk: Starlette, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    mailbox, ada = await add(world, desk), await open_browser(world.ada)
    await note_failure(mailbox, "login_refused", "LOGIN <b>failed</b>", refused=True)
    assert "Trying again" in (await ada.get(PAGE)).text
    assert 'class="chip warn">1<' not in (await ada.get("/console/settings")).text
    assert "Mail can’t be fetched from a mailbox" not in (await ada.get("/console")).text
    clock.advance(timedelta(minutes=16))
    page = (await ada.get(PAGE)).text
    for words in ("Failing", "rejected the user name", "LOGIN &lt;b&gt;failed"):
        assert words in page
    assert 'class="chip warn">1<' in (await ada.get("/console/settings")).text
    assert "Mail can’t be fetched from a mailbox" in (await ada.get("/console")).text
    assert "Mail can’t be fetched from a mailbox" not in (await (await open_browser(world.omar)).get("/console")).text


async def test_only_administrators_of_the_shop(world: World, desk: Starlette, open_browser: OpenBrowser) -> None:
    mailbox = await add(world, desk)
    for person in (world.sue, world.omar):
        browser = await open_browser(person)
        for path in (PAGE, PAGE + "/new", f"{PAGE}/{mailbox.public_id}"):
            assert (await browser.get(path)).status_code == 403
        assert (await browser.post(f"{PAGE}/{mailbox.public_id}", do="remove")).status_code == 403
    assert await Mailbox.all().count() == 1


async def test_many_mailboxes_need_no_more_questions(world: World, desk: Starlette, open_browser: OpenBrowser) -> None:
    ada = await open_browser(world.ada)
    await add(world, desk)
    with counted() as few:
        await ada.get(PAGE)
    for number in range(4):
        await add(world, desk, host=f"imap{number}.lumen.example")
    with counted() as many:
        await ada.get(PAGE)
    assert len(many) <= len(few)
