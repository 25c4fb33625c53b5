"""Mails that a server does not give out: none holds up those behind it, none is lost without a word."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from app.gateways import oauth
from app.gateways.imap_troubles import ImapTrouble
from app.gateways.oauth import exchange
from app.mail.fetching.following import fetch_once
from app.mail.fetching.turns import end_turn, take_turn
from app.mail.mailbox_models import OAUTH, PLAIN, Mailbox
from app.mail.mailboxes import Place, add_mailbox, credentials_of
from app.mail.models import IncomingMail
from app.mail.owning import ours_among
from app.mail.trying import try_account
from core.clock import FrozenClock, now
from core.people import SYSTEM
from tests.mail.scripted_imap import ScriptedImap, scripted
from tests.people import World

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("clock")]  # the mails came in its days
SECRET = b"of this installation"
TOKENS = {"client_id": "desk", "client_secret": "c-secret", "refresh_token": "r-secret"}


def mail(number: int) -> bytes:
    return f"From: ines@example.com\r\nSubject: {number}\r\n\r\nhello\r\n".encode()


async def add(world: World, server: ScriptedImap, **other: Any) -> Mailbox:
    place = Place(address="box@mail.example", host="127.0.0.1", port=server.port, user="box", security=PLAIN, **other)
    given = TOKENS | {"token_url": "http://127.0.0.1/token"} if other else {"password": "swordfish"}
    return await add_mailbox(world.lumen, place, given, SYSTEM, secret=SECRET, begin_at=now() - timedelta(days=1))


async def fetch(mailbox: Mailbox) -> int:
    taken = await take_turn(mailbox.id)
    assert taken is not None
    try:
        return await fetch_once(taken, SECRET, private=True)
    finally:
        await end_turn(taken)


async def subjects() -> list[str]:
    rows = await IncomingMail.all().order_by("id")
    return [bytes(row.content).split(b"Subject: ")[1].split(b"\r\n")[0].decode() for row in rows]


def refusing(server: ScriptedImap, uid: int, answer: bytes) -> Callable[[str, str], bytes]:
    """FETCH as before, but for the body of one mail."""

    def fetch_answer(tag: str, arguments: str) -> bytes:
        if "BODY" in arguments and arguments.startswith(f"{uid} "):
            return answer.replace(b"TAG", tag.encode())
        return server._answer(tag, "FETCH", arguments)

    return fetch_answer


async def test_a_mail_that_the_server_refuses_waits_aside(world: World, clock: FrozenClock) -> None:
    async with scripted(mails={1: mail(1), 2: mail(2), 3: mail(3)}) as server:
        mailbox = await add(world, server)
        server.answers["FETCH"] = refusing(server, 2, b"TAG NO cannot be read\r\n")
        assert await fetch(mailbox) == 2
        assert await subjects() == ["1", "3"]
        assert await fetch(mailbox) == 0  # not asked for again at once
        asked = sum(line.startswith("FETCH 2 (BODY") for line in server.heard)
        clock.advance(timedelta(minutes=6))
        await fetch(mailbox)
        assert sum(line.startswith("FETCH 2 (BODY") for line in server.heard) == asked + 1
        del server.answers["FETCH"]
        clock.advance(timedelta(hours=1))
        assert await fetch(mailbox) == 1
        assert await subjects() == ["1", "3", "2"]
    await mailbox.refresh_from_db()
    assert (mailbox.aside, mailbox.last_uid) == ([], 3)


async def test_a_mail_that_breaks_the_line_is_passed_over_and_told_of_after_a_day(
    world: World, clock: FrozenClock
) -> None:
    async with scripted(mails={1: mail(1), 2: mail(2)}) as server:
        mailbox = await add(world, server)
        server.answers["FETCH"] = refusing(server, 1, b"* BYE out of memory\r\n")
        for _ in range(3):
            with pytest.raises(ImapTrouble):
                await fetch(mailbox)
        assert await fetch(mailbox) == 1  # the other one, at last
        tries = 3
        while await IncomingMail.all().count() == 1:
            clock.advance(timedelta(hours=6, minutes=1))
            try:
                await fetch(mailbox)
            except ImapTrouble:
                tries += 1
            assert tries < 20
        told = await IncomingMail.all().order_by("-id").first()
    assert told is not None
    assert tries == 12
    assert "hand over a message" in bytes(told.content).decode()
    assert told.error == "not given out"


async def test_many_refusals_are_not_about_single_mails(world: World) -> None:
    async with scripted(mails={uid: mail(uid) for uid in range(1, 61)}) as server:
        mailbox = await add(world, server)
        server.answers["FETCH"] = lambda tag, arguments: (
            f"{tag} NO not now\r\n".encode() if "BODY" in arguments else server._answer(tag, "FETCH", arguments)
        )
        with pytest.raises(ImapTrouble) as trouble:
            await fetch(mailbox)
        assert trouble.value.code == "command_refused"
    await mailbox.refresh_from_db()
    assert mailbox.last_uid == 50  # the other ten come when it does


async def test_other_numbers_begin_anew(world: World) -> None:
    async with scripted(mails={1: mail(1), 2: mail(2)}) as server:
        mailbox = await add(world, server)
        await fetch(mailbox)
        server.uidvalidity, server.mails = 8, {1: mail(2), 2: mail(3)}
        assert await fetch(mailbox) == 2
        assert await subjects() == ["1", "2", "3"]
        server.mails = {1: mail(4)}  # the same word for other numbers: they cannot go back
        await fetch(mailbox)
        assert await subjects() == ["1", "2", "3", "4"]


async def test_mail_from_a_mailbox_of_ours_is_our_own_voice(world: World) -> None:
    async with scripted() as server:
        await add(world, server)
    assert await ours_among(["box+r.1@mail.example", "ines@example.com"]) == {"box+r.1@mail.example"}


def answering(monkeypatch: pytest.MonkeyPatch, status: int, said: Any) -> list[tuple[str, dict[str, str]]]:
    """The provider's token address; what it heard."""
    heard: list[tuple[str, dict[str, str]]] = []

    async def post(url: str, form: dict[str, str], *, private: bool) -> tuple[int, bytes]:
        heard.append((url, dict(form)))
        if isinstance(said, Exception):
            raise said
        return status, said if isinstance(said, bytes) else json.dumps(said).encode()

    monkeypatch.setattr(oauth, "_post", post)
    return heard


async def test_a_refresh_token_that_is_renewed_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = answering(monkeypatch, 200, {"access_token": "a-token", "expires_in": 3599, "refresh_token": "r-new"})
    accepting = {"AUTHENTICATE": lambda tag, _: f"{tag} OK in\r\n".encode()}
    async with scripted(mails={1: mail(1)}, answers=accepting) as server:
        mailbox = await add(world, server, auth=OAUTH)
        assert await fetch(mailbox) == 1
    form = {"grant_type": "refresh_token", **TOKENS}
    assert heard == [("http://127.0.0.1/token", form)]
    await mailbox.refresh_from_db()
    assert credentials_of(mailbox, SECRET)["refresh_token"] == "r-new"
    assert "r-new" not in mailbox.credentials


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (400, {"error": "invalid_grant", "error_description": "r-secret is revoked"}, "oauth_refused"),
        (401, {"error": "invalid_client"}, "oauth_refused"),
        (503, {"error": "temporarily_unavailable"}, "oauth_unreachable"),
        (200, {"token_type": "Bearer"}, "oauth_unreachable"),
        (200, {"access_token": "a\r\nA1 DELETE INBOX"}, "oauth_unreachable"),
        (502, b"<html>", "oauth_unreachable"),
        (200, b"[]", "oauth_unreachable"),
        (0, httpx2.ConnectError("no"), "oauth_unreachable"),
    ],
)
async def test_what_providers_say_to_a_refresh_token(
    monkeypatch: pytest.MonkeyPatch, status: int, said: Any, code: str
) -> None:
    answering(monkeypatch, status, said)
    with pytest.raises(ImapTrouble) as trouble:
        await exchange(TOKENS | {"token_url": "https://login.example/token"}, private=False)
    assert trouble.value.code == code
    assert "r-secret" not in str(trouble.value)


@pytest.mark.parametrize("url", ["http://login.example/x", "https://127.0.0.1/x", "https://[::1]/x", "ftp://a/x", "x"])
async def test_tokens_are_not_fetched_from_inside_or_in_plain(url: str) -> None:
    place = Place(address="a@b.example", host="imap.example", user="a", auth=OAUTH)
    trial = await try_account(place, TOKENS | {"token_url": url}, private=False)
    assert trial.fetching is not None
    assert trial.fetching.code == "host_refused"
