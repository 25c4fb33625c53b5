"""Mail from a real Dovecot: what is taken, what is not, and what becomes of it when line, server or we break."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.gateways.imap import PIECE, Imap
from app.gateways.imap_troubles import ImapTrouble
from app.intake.mailboxes import MailboxReader
from app.mail.arriving.receiving import Means, receive
from app.mail.fetching import taking
from app.mail.fetching.following import fetch_once, look
from app.mail.fetching.taking import TurnLost
from app.mail.fetching.turns import end_turn, take_turn
from app.mail.mailbox_models import MARK_SEEN, PLAIN, STARTTLS, Mailbox
from app.mail.mailboxes import Place, add_mailbox, change_mailbox, place_of
from app.mail.models import POSTED, QUARANTINED, IncomingMail
from app.settings import Settings
from core.clock import now
from core.people import Actor
from tests.faults.proxy import proxy_to
from tests.mail.certificates import make_certificate
from tests.mail.conftest import Letter
from tests.mail.dovecot import PASSWORD, Dovecot, dovecot_server
from tests.people import World
from tickets.models import Ticket

pytestmark = [pytest.mark.anyio, pytest.mark.pg, pytest.mark.slow]
GIVEN = {"password": PASSWORD}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def dovecot(_services: Callable[[Any], Any], certificate: tuple[Path, Path]) -> Dovecot:
    server: Dovecot = _services(dovecot_server(*certificate))
    return server


@pytest.fixture
def user(dovecot: Dovecot, request: pytest.FixtureRequest) -> str:
    """An account of this test's own, with an empty inbox."""
    name = f"u{abs(hash(request.node.name))}"
    dovecot.box(name)
    return name


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, private_hosts=True)


class Desk:
    """The shop's side: one mailbox at the server."""

    def __init__(self, world: World, dovecot: Dovecot, user: str, secret: bytes) -> None:
        self.world, self.dovecot, self.user, self.secret = world, dovecot, user, secret

    def place(self, **other: Any) -> Place:
        place = Place(address="help@lumen.example", host="127.0.0.1", port=self.dovecot.port, user=self.user)
        return replace(place, security=PLAIN, **other)

    async def add(self, *, begin_at: datetime | None = None, **other: Any) -> Mailbox:
        """From now on, unless told otherwise."""
        place = self.place(**other)
        begin = None if begin_at else (await look(place, GIVEN, private=True)).cursor
        ada = Actor.of(self.world.ada)
        return await add_mailbox(
            self.world.lumen, place, GIVEN, ada, secret=self.secret, begin=begin, begin_at=begin_at
        )

    async def fetch(self, mailbox: Mailbox) -> int:
        """One look at it, as a process does that then ends."""
        taken = await take_turn(mailbox.id)
        assert taken is not None
        try:
            return await fetch_once(taken, self.secret, private=True)
        finally:
            await end_turn(taken)

    def letter(self, number: int, **other: Any) -> bytes:
        """One of Ines's letters."""
        return Letter(header_id=f"n{number}@example.com", subject=f"Letter {number}", **other).bytes()

    def deliver(self, *numbers: int, **other: Any) -> None:
        for number in numbers:
            self.dovecot.deliver(self.user, self.letter(number), **other)


@pytest.fixture
def desk(world: World, dovecot: Dovecot, user: str, settings: Settings) -> Desk:
    return Desk(world, dovecot, user, settings.secret)


async def kept() -> list[int]:
    """The numbers of the letters that are stored, in the order in which they came."""
    rows = await IncomingMail.all().order_by("id")
    return [int(row.content.split(b"Subject: Letter ")[1].split(b"\r\n")[0]) for row in rows]


async def until(count: int) -> None:
    async with asyncio.timeout(20):
        while await IncomingMail.all().count() < count:
            await asyncio.sleep(0.05)


async def test_from_now_on_and_each_mail_once(desk: Desk) -> None:
    desk.deliver(1, 2)
    mailbox = await desk.add()
    assert await desk.fetch(mailbox) == 0
    desk.deliver(3, 4)
    assert await desk.fetch(mailbox) == 2
    assert await desk.fetch(mailbox) == 0
    desk.deliver(5)
    assert await desk.fetch(mailbox) == 1
    assert await kept() == [3, 4, 5]
    mail = await IncomingMail.all().order_by("id").first()
    assert mail is not None
    assert bytes(mail.content) == desk.letter(3)  # byte for byte
    assert (mail.sender, mail.recipient) == ("ines@example.com", "help@lumen.example")
    await receive(mail.id, Means(secret=desk.secret))
    await mail.refresh_from_db()
    assert mail.state == POSTED
    assert await Ticket.all().count() == 1
    seen = [
        path.name for path in (desk.dovecot.box(desk.user) / "cur").iterdir() if "S" in path.name.partition("2,")[2]
    ]
    assert seen == []  # nobody's flags were touched


async def test_from_a_chosen_day(desk: Desk) -> None:
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    desk.deliver(1, at=begin - timedelta(days=30))
    desk.deliver(2, at=begin - timedelta(minutes=1))
    desk.deliver(3, at=begin + timedelta(minutes=1))
    desk.deliver(4, at=begin + timedelta(days=2))
    mailbox = await desk.add(begin_at=begin)
    assert await desk.fetch(mailbox) == 2
    desk.deliver(5, at=begin - timedelta(days=90))  # an old mail that somebody moves here now is new here
    await desk.fetch(mailbox)
    assert sorted(await kept()) == [3, 4, 5]


async def test_new_numbers_make_no_doubles_and_lose_nothing(desk: Desk) -> None:
    day = datetime.now(UTC)
    desk.deliver(1, at=day - timedelta(days=40))
    mailbox = await desk.add()
    desk.deliver(2, 3)
    await desk.fetch(mailbox)
    first = (await Mailbox.get(id=mailbox.id)).uidvalidity
    desk.dovecot.renumber(desk.user)
    await Mailbox.filter(id=mailbox.id).update(uidvalidity=1, begin_at=day - timedelta(days=90))
    desk.deliver(4)
    await desk.fetch(mailbox)
    assert sorted(await kept()) == [2, 3, 4]
    fresh = await Mailbox.get(id=mailbox.id)
    assert fresh.uidvalidity not in (1, None)
    assert first is not None
    desk.deliver(5)
    assert await desk.fetch(mailbox) == 1


async def test_another_folder_and_one_that_is_not_there(desk: Desk) -> None:
    desk.dovecot.box(desk.user, "Shop &U,BTFw-")
    desk.dovecot.box(desk.user, "Shop")
    with pytest.raises(ImapTrouble) as trouble:
        await look(desk.place(folder="Orders"), GIVEN, private=True)
    assert trouble.value.code == "folder_missing"
    folders = trouble.value.data["folders"]
    assert isinstance(folders, list)
    assert folders[0] == "INBOX"
    assert {"Shop", "Shop 台北"} <= set(folders)
    mailbox = await desk.add(folder="Shop 台北")
    desk.deliver(1, folder="Shop &U,BTFw-")
    desk.deliver(2)
    assert await desk.fetch(mailbox) == 1
    assert await kept() == [1]


async def test_a_wrong_password_has_its_own_word_and_is_not_repeated(desk: Desk) -> None:
    with pytest.raises(ImapTrouble) as trouble:
        await look(desk.place(), {"password": "hunter2"}, private=True)
    assert trouble.value.code == "login_refused"
    assert trouble.value.refused
    assert "hunter2" not in trouble.value.detail


@pytest.mark.parametrize("way", ["tls", "starttls"])
async def test_certificates_are_checked(
    desk: Desk, way: str, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = desk.dovecot.tls_port if way == "tls" else desk.dovecot.port
    place = replace(desk.place(), host="localhost", port=port, security=way)
    with pytest.raises(ImapTrouble) as trouble:
        await look(place, GIVEN, private=True)
    assert trouble.value.code == "certificate"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    desk.deliver(1)
    assert (await look(place, GIVEN, private=True)).mails == 1


async def test_servers_inside_the_house_need_the_operator(desk: Desk) -> None:
    for host, port in (("127.0.0.1", 993), ("2130706433", 993), ("::ffff:127.0.0.1", 993), ("0177.0.0.1", 143)):
        place = replace(desk.place(), host=host, port=port, security=STARTTLS)
        with pytest.raises(ImapTrouble) as trouble:
            await look(place, GIVEN, private=False)
        assert trouble.value.code in ("host_refused", "host_unknown")
    with pytest.raises(ImapTrouble) as trouble:
        await look(replace(desk.place(), security=STARTTLS), GIVEN, private=False)
    assert trouble.value.code == "port_refused"
    with pytest.raises(ImapTrouble) as trouble:
        await look(replace(desk.place(), port=143), GIVEN, private=False)
    assert trouble.value.code == "not_secure"


async def test_large_mails_come_in_pieces_and_too_large_ones_as_a_word(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "LARGEST", 3 * PIECE)
    mailbox = await desk.add()
    for number, lines in ((1, PIECE // 50), (2, 4 * PIECE // 50), (3, 1)):
        desk.dovecot.deliver(desk.user, desk.letter(number, text="x" * 72 + "\n" + ("y" * 72 + "\n") * lines))
    assert await desk.fetch(mailbox) == 3
    assert await kept() == [1, 2, 3]
    large, stub, _small = await IncomingMail.all().order_by("id")
    assert bytes(large.content) == desk.letter(1, text="x" * 72 + "\n" + ("y" * 72 + "\n") * (PIECE // 50))
    assert len(stub.content) < 1_000
    assert b"more than the limit of" in bytes(stub.content)
    await receive(stub.id, Means(secret=desk.secret))
    await stub.refresh_from_db()
    assert (stub.state, stub.error) == (QUARANTINED, "too large")
    assert await desk.fetch(mailbox) == 0


async def test_seen_marks_when_asked_for(desk: Desk) -> None:
    mailbox = await desk.add(after=MARK_SEEN)
    desk.deliver(1)
    await desk.fetch(mailbox)
    names = [path.name for path in (desk.dovecot.box(desk.user) / "cur").iterdir()]
    assert [name.partition("2,")[2] for name in names] == ["S"]


async def test_the_line_breaks_again_and_again(desk: Desk) -> None:
    """Whatever is cut off, each mail is there once, and the cursor never passes one that is not."""
    async with proxy_to(desk.dovecot.port) as proxy:
        mailbox = await desk.add(port=proxy.port)
        desk.deliver(*range(20))
        for passes in range(200, 9_000, 400):
            proxy.weather.deaf_after = passes
            try:
                await desk.fetch(mailbox)
            except ImapTrouble:
                assert len(await kept()) <= 20
        proxy.clear()
        await desk.fetch(mailbox)
    assert sorted(await kept()) == list(range(20))


async def test_a_stalled_server_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Imap._do, "__kwdefaults__", {"room": 0, "seconds": 0.5})
    async with proxy_to(desk.dovecot.port) as proxy:
        mailbox = await desk.add(port=proxy.port)
        proxy.stall()
        with pytest.raises(ImapTrouble) as trouble:
            await desk.fetch(mailbox)
        assert trouble.value.code == "timed_out"
        proxy.clear()


async def test_a_process_that_dies_between_two_mails_is_followed_by_another(desk: Desk) -> None:
    mailbox = await desk.add()
    desk.deliver(*range(30))
    dying = await take_turn(mailbox.id)
    assert dying is not None
    task = asyncio.ensure_future(fetch_once(dying, desk.secret, private=True))
    await until(5)
    task.cancel()  # as a kill does: nobody gives the mailbox back
    await asyncio.wait([task])
    before = await IncomingMail.all().count()
    await Mailbox.filter(id=mailbox.id).update(lease_until=now() - timedelta(seconds=1))
    await desk.fetch(mailbox)
    assert before < 30
    assert sorted(await kept()) == list(range(30))


async def test_who_has_lost_the_turn_stores_nothing(desk: Desk) -> None:
    mailbox = await desk.add()
    desk.deliver(1)
    slow = await take_turn(mailbox.id)
    assert slow is not None
    await Mailbox.filter(id=mailbox.id).update(lease_until=now() - timedelta(seconds=1))
    assert await take_turn(mailbox.id) is not None
    with pytest.raises(TurnLost):
        await fetch_once(slow, desk.secret, private=True)
    assert await kept() == []


async def test_the_reader_hears_of_new_mail_at_once_and_of_changes(desk: Desk, settings: Settings) -> None:
    mailbox = await desk.add()
    readers = [MailboxReader(settings), MailboxReader(settings)]  # two processes
    for reader in readers:
        reader.start()
    try:
        desk.deliver(1)
        await until(1)
        desk.deliver(2)
        started = asyncio.get_running_loop().time()
        await until(2)
        assert asyncio.get_running_loop().time() - started < 10  # by IDLE, not by the clock
    finally:
        for reader in readers:
            await reader.close()
    fresh = await Mailbox.get(id=mailbox.id)
    assert (fresh.lease, fresh.last_error) == (None, None)
    assert fresh.last_success_at is not None
    assert await kept() == [1, 2]
    await change_mailbox(fresh, place_of(fresh), {"password": "hunter2"}, Actor.of(desk.world.ada), secret=desk.secret)
    reader = MailboxReader(settings)
    reader.start()
    async with asyncio.timeout(20):
        while not (fresh := await Mailbox.get(id=mailbox.id)).failures:
            await asyncio.sleep(0.05)
    await reader.close()
    assert fresh.last_error == "login_refused"
    assert fresh.not_before is not None
    assert fresh.not_before > now() + timedelta(seconds=30)
