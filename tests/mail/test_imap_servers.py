"""Servers as they are in the world: lying, talking too much or too little, or no IMAP at all; and what people hear."""

import asyncio
import base64
from dataclasses import replace
from typing import Any

import pytest

from app.gateways.imap import Imap
from app.gateways.imap_account import Account
from app.gateways.imap_troubles import ImapTrouble, login_trouble
from app.gateways.outside import is_allowed
from tests.mail.scripted_imap import CAPABILITIES, scripted

pytestmark = [pytest.mark.anyio, pytest.mark.sqlite]
ACCOUNT = Account(host="127.0.0.1", port=0, security="plain", user="help", password="swordfish", private=True)
MAIL = b"From: ines@example.com\r\nSubject: Hello\r\n\r\nWho is the provider?\r\n"


async def connected(port: int, **other: Any) -> Imap:
    return await Imap.connect(replace(ACCOUNT, port=port, **other))


async def trouble_with(**script: Any) -> ImapTrouble:
    """What goes wrong on the way to the first mail."""
    async with scripted(mails={4: MAIL}, **script) as server:
        with pytest.raises(ImapTrouble) as trouble:
            await read_first(server.port)
    return trouble.value


async def read_first(port: int) -> None:
    imap = await connected(port)
    try:
        await imap.open("INBOX")
        await imap.uids(1, 4)
        await imap.attributes([4])
        await imap.content(4, len(MAIL), 1 << 20)
    finally:
        await imap.close()


async def test_a_mail_and_the_way_to_it() -> None:
    async with scripted(mails={4: MAIL, 9: MAIL * 30_000}) as server:
        imap = await connected(server.port)
        folder = await imap.open("INBOX")
        assert (folder.uidvalidity, folder.uidnext, folder.exists) == (7, 10, 2)
        assert await imap.folders() == ["INBOX", "Shop 台北"]
        assert await imap.uids(1, 2_000_000_000) == [4, 9]
        known = await imap.attributes([4, 9, 11])
        assert known[4].size == len(MAIL)
        assert 11 not in known
        assert await imap.content(4, len(MAIL), 1 << 20) == MAIL
        assert await imap.content(9, known[9].size, 10 << 20) == MAIL * 30_000
        server.mails[10] = MAIL
        server.calls.set()
        await asyncio.wait_for(imap.wait(30), 5)
        assert await imap.uids(10, 10) == [10]
        await imap.close()
    assert server.heard[-1] == "LOGOUT"
    assert sum("ID (" in line for line in server.heard) == 1  # by name, or some open no folder
    assert not any("STORE" in line for line in server.heard)


async def test_names_cannot_become_commands() -> None:
    async with scripted() as server:
        imap = await connected(server.port, user='me" NOOP', password='a"b\\c')
        await imap.open('Shop" "x')
        await imap.close()
    assert 'LOGIN "me\\" NOOP" "a\\"b\\\\c"' in server.heard
    assert 'EXAMINE "Shop\\" \\"x"' in server.heard
    for name in ("INBOX\r\nA1 DELETE INBOX", "INBOX\nNOOP"):
        async with scripted() as server:
            with pytest.raises(ImapTrouble):
                await connected(server.port, user=name)
            assert not any(line.startswith(("DELETE", "NOOP")) for line in server.heard)


async def test_words_that_are_not_ascii_go_by_plain() -> None:
    async with scripted(answers={"AUTHENTICATE": lambda _tag, _arguments: b"+ \r\n"}) as server:
        with pytest.raises(ImapTrouble):  # the script knows no more than the challenge
            await connected(server.port, password="密码")
    assert base64.b64encode("\0help\0密码".encode()).decode() in server.heard


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ({"greeting": b"HTTP/1.1 400 Bad Request\r\n\r\n"}, "lost"),
        ({"greeting": b"SSH-2.0-OpenSSH_9\r\n"}, "lost"),
        ({"greeting": b"* BYE too many connections\r\n"}, "busy"),
        ({"answers": {"LOGIN": lambda tag, _: f"{tag} NO [AUTHENTICATIONFAILED] no\r\n".encode()}}, "login_refused"),
        ({"answers": {"LOGIN": lambda tag, _: f"{tag} NO [UNAVAILABLE] later\r\n".encode()}}, "busy"),
        ({"answers": {"LOGIN": lambda _tag, _: b"* BYE down for maintenance\r\n"}}, "lost"),
        ({"answers": {"EXAMINE": lambda tag, _: f"{tag} NO [NONEXISTENT] no\r\n".encode()}}, "folder_missing"),
        ({"answers": {"EXAMINE": lambda tag, _: f"{tag} NO Unsafe Login\r\n".encode()}}, "command_refused"),
        ({"answers": {"SEARCH": lambda tag, _: f"{tag} BAD what\r\n".encode()}}, "command_refused"),
        ({"answers": {"FETCH": lambda tag, _: f"* 1 FETCH (UID 4 {{9999999999}}\r\n{tag}".encode()}}, "lost"),
        ({"answers": {"FETCH": lambda _tag, _: b"* 1 FETCH ((((\r\n" + b"x" * 100 + b"\r\n"}}, "lost"),
        ({"answers": {"FETCH": lambda _tag, _: b"* OK " + b"x" * (3 << 20) + b"\r\n"}}, "lost"),
        ({"answers": {"SEARCH": lambda tag, _: f"* SEARCH one two\r\n{tag} OK done\r\n".encode()}}, "not_imap"),
        ({"answers": {"SELECT": lambda tag, _: f"{tag} OK\r\n".encode()}, "capabilities": "IMAP2"}, "not_imap"),
    ],
)  # fmt: skip
async def test_every_trouble_has_a_word(script: dict[str, Any], code: str) -> None:
    trouble = await trouble_with(**script)
    assert (trouble.code, len(trouble.detail) <= 200) == (code, True), trouble.detail


async def test_a_server_that_repeats_the_password_gives_nothing_away() -> None:
    answer = {"LOGIN": lambda tag, arguments: f"{tag} NO bad command LOGIN {arguments}\r\n".encode()}
    trouble = await trouble_with(answers=answer)
    assert "swordfish" not in str(trouble)
    assert "swordfish" not in repr(ACCOUNT)


async def test_without_starttls_nothing_is_said_in_plain_words() -> None:
    async with scripted() as server:
        with pytest.raises(ImapTrouble) as trouble:
            await connected(server.port, security="starttls")
    assert trouble.value.code == "no_starttls"
    assert not any(line.startswith(("LOGIN", "AUTHENTICATE")) for line in server.heard)


async def test_a_token_goes_before_a_password() -> None:
    for offered, mechanism in ((f"{CAPABILITIES} AUTH=OAUTHBEARER", "OAUTHBEARER"), (CAPABILITIES, "XOAUTH2")):
        async with scripted(capabilities=offered, answers={"AUTHENTICATE": lambda _t, _a: b"+ \r\n"}) as server:
            with pytest.raises(ImapTrouble):
                await connected(server.port, token="ya29.token")
        assert f"AUTHENTICATE {mechanism}" in server.heard
        said = base64.b64decode(server.heard[server.heard.index(f"AUTHENTICATE {mechanism}") + 1]).decode()
        assert "Bearer ya29.token" in said
        assert "swordfish" not in said


async def test_a_server_without_idle_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.gateways.imap.POLL_SECONDS", 0.01)
    async with scripted(answers={"IDLE": lambda tag, _: f"{tag} BAD unknown\r\n".encode()}) as server:
        imap = await connected(server.port)
        for _ in range(3):
            await asyncio.wait_for(imap.wait(30), 5)
        await imap.close()
    assert server.heard.count("IDLE") == 1


async def test_what_a_server_offers_after_signing_in_counts() -> None:
    async with scripted(capabilities="IMAP4rev1") as server:

        def welcome(tag: str, _arguments: str) -> bytes:
            server.capabilities = "IMAP4rev1 IDLE ID"
            return f"{tag} OK in\r\n".encode()

        server.answers["LOGIN"] = welcome
        imap = await connected(server.port)
        server.calls.set()
        await asyncio.wait_for(imap.wait(30), 5)
        await imap.close()
    assert "IDLE" in server.heard
    assert any(line.startswith("ID (") for line in server.heard)


async def test_whoever_is_cancelled_leaves_no_thread_behind() -> None:
    async with scripted() as server:
        imap = await connected(server.port)
        await imap.open("INBOX")
        waiting = asyncio.ensure_future(imap.wait(600))
        while server.heard[-1] != "IDLE":
            await asyncio.sleep(0.01)
        waiting.cancel()
        async with asyncio.timeout(3):
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await imap.close()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("b'[ALERT] Application-specific password required: https://support.google.com/'", "app_password"),
        ("b'Login fail. Please using authorized code to login. More information at'", "app_password"),
        ("b'Login fail. Account is abnormal, service is not open, password is incorrect'", "imap_off"),
        ("b'EXAMINE Unsafe Login. Please contact help@mail.example for help'", "unsafe_login"),
        ("b'[ALERT] Your account is not enabled for IMAP use'", "imap_off"),
        ("b'[ALERT] Too many simultaneous connections. (Failure)'", "busy"),
        ("b'[AUTHENTICATIONFAILED] Invalid credentials (Failure)'", "login_refused"),
        ("b'LOGIN failed.'", "login_refused"),
    ],
)
def test_what_providers_say_to_a_wrong_sign_in(words: str, code: str) -> None:
    assert login_trouble(Exception(words)).code == code


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.216.34", True, True),
        ("2606:4700:4700::1111", True, True),
        ("127.0.0.1", False, True),
        ("10.1.2.3", False, True),
        ("192.168.0.9", False, True),
        ("::1", False, True),
        ("fd00::9", False, True),
        ("::ffff:10.0.0.1", False, True),
        ("64:ff9b::7f00:1", False, True),
        ("2002:7f00:1::", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("fe80::1%eth0", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("100.64.0.1", False, False),
        ("255.255.255.255", False, False),
        ("imap.example", False, False),
    ],
)
def test_which_addresses_may_be_connected_to(address: str, public: bool, private: bool) -> None:
    assert (is_allowed(address, private=False), is_allowed(address, private=True)) == (public, private)
