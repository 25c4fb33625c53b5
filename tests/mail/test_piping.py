"""A mail through a pipe: the exit status says whether the mail server may forget it."""

import os

import pytest
from click.testing import CliRunner

from app import cli_mail
from app.cli_mail import mail as command
from app.intake import pipe
from app.intake.pipe import take_piped
from app.mail.models import IncomingMail
from tests.mail.conftest import Letter
from tests.people import World

NOTED = b"Return-Path: <ines@work.example>\nX-Original-To: HELP+x@lumen.example\nDelivered-To: wismo@mx.example\n"


async def test_the_envelope_is_given_or_found_in_the_head(world: World) -> None:
    assert await take_piped(NOTED + Letter(to="someone@else.example").bytes(), None, None) == 0
    found = await IncomingMail.get()
    assert (found.sender, found.recipient, found.shop_id) == (
        "ines@work.example",
        "help+x@lumen.example",
        world.lumen.id,
    )
    assert await take_piped(NOTED + Letter().bytes(), "<help+y@chaye.example>", "MAILER-DAEMON") == 0
    given = await IncomingMail.get(shop_id=world.chaye.id)
    assert (given.sender, given.recipient) == ("", "help+y@chaye.example")


@pytest.mark.parametrize("recipient", ["nobody@lumen.example", "help", "\udce9@lumen.example"])
async def test_nobody_has_the_address(world: World, recipient: str) -> None:
    assert await take_piped(Letter().bytes(), recipient, "") == os.EX_NOUSER
    assert await take_piped(Letter(to="x@else.example").bytes(), None, None) == os.EX_NOUSER


async def test_what_is_no_mail(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "MAX_BYTES", 100)
    assert await take_piped(Letter().bytes(), "help@lumen.example", "") == os.EX_DATAERR
    assert await take_piped(b"\n", "help@lumen.example", "") == os.EX_DATAERR


async def test_a_broken_database_means_try_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise OSError("no database")

    monkeypatch.setattr(pipe, "store_mail", broken)
    assert await take_piped(Letter().bytes(), "help@lumen.example", "") == os.EX_TEMPFAIL


def test_whatever_fails_before_it_means_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("settings")

    monkeypatch.setattr(cli_mail, "read_settings", broken)
    answer = CliRunner().invoke(command, ["receive", "--to", "help@lumen.example"], input=Letter().bytes())
    assert answer.exit_code == os.EX_TEMPFAIL
