"""Addresses with a `+` part only where they arrive: a customer's answer must not come back as undeliverable."""

from dataclasses import replace

import pytest

from app.mail.leaving.writing import queue_letter
from app.mail.mailboxes import Place, add_mailbox
from app.mail.tagging import takes_tags
from core.people import SYSTEM
from tests.mail.conftest import code_for
from tests.mail.test_receiving import SECRET, opened
from tests.people import World, chat

pytestmark = pytest.mark.anyio
PLACE = Place(address="help@lumen.example", host="imap.qq.com", user="help")


async def test_a_mailbox_at_qq_is_answered_without(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    letter = replace(code_for(world.lumen, "ines@example.com", "1"), conversation=talk)
    tagged = await queue_letter(letter, secret=SECRET)
    assert opened(tagged)["Reply-To"].startswith("Lumen <help+r")
    assert tagged.sender.startswith("help+b")
    await add_mailbox(world.lumen, PLACE, {"password": "swordfish"}, SYSTEM, secret=SECRET)
    bare = await queue_letter(replace(letter, key="2"), secret=SECRET)
    assert opened(bare)["Reply-To"] is None
    assert bare.sender == "help@lumen.example"
    assert talk.public_id.removeprefix("cnv_") in bare.header_id  # the answer is known by this


@pytest.mark.parametrize(
    ("address", "host", "takes"),
    [
        ("help@lumen.example", "", True),  # their own mail server
        ("help@lumen.example", "imap.gmail.com", True),
        ("help@lumen.example", "outlook.office365.com", True),
        ("help@lumen.example", "imap.exmail.qq.com", False),
        ("help@lumen.example", "imap.provider.example", False),  # nobody knows
    ],
)
async def test_where_they_arrive(world: World, address: str, host: str, takes: bool) -> None:
    if host:
        place = replace(PLACE, address=address, host=host)
        await add_mailbox(world.lumen, place, {"password": "swordfish"}, SYSTEM, secret=SECRET)
    assert await takes_tags(address) is takes


async def test_well_known_domains_without_a_mailbox(database: object) -> None:
    for domain, takes in (("qq.com", False), ("163.com", False), ("gmail.com", True)):
        assert await takes_tags(f"help@{domain}") is takes


@pytest.mark.parametrize(
    ("host", "account", "takes"),
    [
        ("smtp.exmail.qq.com", False, False),  # another address there, whose mail is forwarded to us
        ("smtp.gmail.com", True, True),
        ("mail.lumen.example", False, True),  # their own mail server
        ("mail.provider.example", True, False),  # another address of an account somewhere
    ],
)
async def test_what_the_server_for_sending_says(database: object, host: str, account: bool, takes: bool) -> None:
    assert await takes_tags("returns@lumen.example", host, account=account) is takes
