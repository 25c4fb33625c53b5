"""Whose word about a sender counts depends on the door: a mailbox believes its provider, and nobody that others do."""

from typing import Any

import pytest

from app.mail.arriving.receiving import Means, receive
from app.mail.arriving.storing import store_mail
from app.mail.mailbox_models import Mailbox
from app.mail.mailboxes import Place, add_mailbox, change_mailbox, place_of, remove_mailbox
from app.mail.models import FETCHED, IncomingMail
from app.mail.reading.authentication import FAIL, PASS, UNKNOWN
from core.errors import Invalid
from core.people import SYSTEM
from tests.mail.test_receiving import SECRET
from tests.people import World

DESK = frozenset({"mx.shop.example"})
INES = "From: ines@example.com\nTo: help@lumen.example\n"
SAYS_PASS = "dmarc=pass header.from=example.com"
SAYS_FAIL = "dmarc=fail header.from=example.com"


async def mailbox_at(world: World, host: str, **more: Any) -> Mailbox:
    place = Place(address="help@lumen.example", host=host, user="help@lumen.example", **more)
    return await add_mailbox(world.lumen, place, {"password": "swordfish"}, SYSTEM, secret=SECRET)


async def check(world: World, head: str, mailbox: Mailbox | None) -> str:
    raw = f"{head}{INES}\nhello\n".replace("\n", "\r\n").encode()
    way = FETCHED if mailbox else ""
    mail = await store_mail(world.lumen, "ines@example.com", "help@lumen.example", raw, way=way, mailbox=mailbox)
    await receive(mail.id, Means(secret=SECRET, trusted=DESK))
    return str((await IncomingMail.get(id=mail.id)).sender_check)


# As the servers of these providers write it, newest line first.
GMAIL = "Delivered-To: help@lumen.example\nReceived: by 2002:a05:7300 with SMTP id x; Mon, 23 Nov 2026 07:00:00 -0800\n"
QQ = "Received: from m.example.com ([192.0.2.1])\n\tby newxmmxszc6-1.qq.com (NewMX) with SMTP id 60\nX-QQ-mid: x-1t1\n"
NETEASE = "Received: from m.example.com (unknown [192.0.2.1])\n\tby gzga-mx-mtada-g0-8 (Coremail) with SMTP id _0.1S4\n"
WRITTEN = [
    (
        "imap.gmail.com",
        f"{GMAIL}Received: from m.example.com by mx.google.com with ESMTPS id z\n"
        "Authentication-Results: mx.google.com;\n       dkim=pass header.i=@example.com header.s=s header.b=x;\n"
        f"       spf=pass smtp.mailfrom=a@example.com;\n       {SAYS_PASS}\n",
        PASS,
    ),
    (
        "imap.gmail.com",
        f"{GMAIL}Authentication-Results: mx.google.com; {SAYS_FAIL}\n"
        f"Authentication-Results: mx.google.com; {SAYS_PASS}\n",
        FAIL,
    ),
    ("imap.gmail.com", f"{GMAIL}Authentication-Results: mx.shop.example; {SAYS_PASS}\n", UNKNOWN),
    (
        "outlook.office365.com",
        "Received: from a (::1) by b.outlook.com\n"
        "Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.com;\n"
        " dkim=pass header.d=example.com;dmarc=pass action=none header.from=example.com;compauth=pass reason=100\n",
        PASS,
    ),
    (
        "imap.qq.com",
        f"{QQ}Authentication-Results: mx.qq.com; spf=pass smtp.mailfrom=<a@example.com>;\n"
        "\t dkim=none; dmarc=pass(permerror) header.from=example.com\n",
        PASS,
    ),
    ("imap.qq.com", f"{QQ}Authentication-Results: mx.qq.com; spf=fail smtp.mailfrom=<x@evil.example>\n", FAIL),
    (
        "imap.163.com",
        f"{NETEASE}Authentication-Results: gzga-mx-mtada-g0-8; spf=pass smtp.mail=a@example.com; dkim=none\n",
        PASS,
    ),
    (
        "imap.163.com",  # whoever sends through it knows its name
        f"Received: from me by gzsmtp5 (Coremail) with SMTP id x\nAuthentication-Results: gzsmtp5; {SAYS_PASS}\n",
        UNKNOWN,
    ),
    ("imap.163.com", f"{NETEASE}Authentication-Results: gzga-mx-mtada-g1-1; {SAYS_PASS}\n", UNKNOWN),
    (
        "imap.fastmail.com",
        "Received: from phl-mx-07.internal by sloti\nAuthentication-Results: phl-mx-07.messagingengine.com;\n"
        "    dkim=pass (2048-bit rsa key sha256) header.d=example.com;\n    x-me-sender=none\n"
        f"Authentication-Results: phl-mx-07.messagingengine.com; {SAYS_PASS}\n",
        PASS,
    ),
    (
        "imap.mail.me.com",
        "Authentication-Results: bimi.icloud.com; bimi=none\n"
        f"Authentication-Results: dmarc.icloud.com; {SAYS_PASS}\n"
        "Authentication-Results: dkim-verifier.icloud.com;\n\tdkim=pass header.d=example.com\n",
        PASS,
    ),
    (
        "imap.mail.me.com",
        f"Authentication-Results: dmarc.icloud.com; {SAYS_FAIL}\nX-Mailer: x\n"
        f"Authentication-Results: dmarc.icloud.com; {SAYS_PASS}\n",
        FAIL,
    ),
    (
        "imap.mail.yahoo.com",
        "Authentication-Results: atlas-production.v2-mail-prod1-bf1.omega.yahoo.com;\n"
        f" dkim=pass header.i=@example.com header.s=s; spf=pass smtp.mailfrom=example.com;\n {SAYS_PASS};\n",
        PASS,
    ),
    ("imap.exmail.qq.com", f"Authentication-Results: mx.qq.com; {SAYS_PASS}\n", UNKNOWN),  # nobody knows for sure
]
NO_NAMES = ["a b<c", "https://mx.example.com", "*", "by:", ", ".join(f"mx{number}.a" for number in range(11))]


@pytest.mark.parametrize(("host", "head", "wanted"), WRITTEN, ids=[f"{n}-{one[0]}" for n, one in enumerate(WRITTEN)])
async def test_a_mailbox_believes_its_provider(world: World, host: str, head: str, wanted: str) -> None:
    assert await check(world, head, await mailbox_at(world, host)) == wanted


async def test_the_desks_own_doors_have_their_setting(world: World) -> None:
    assert await check(world, f"Authentication-Results: mx.shop.example; {SAYS_PASS}\n", None) == PASS
    assert await check(world, f"Authentication-Results: mx.google.com; {SAYS_PASS}\n", None) == UNKNOWN


async def test_names_that_were_written_for_a_mailbox(world: World) -> None:
    box = await mailbox_at(world, "imap.lumen.example", checkers="MX1.lumen.example，.mx.lumen.example")
    assert box.checkers == "mx1.lumen.example, .mx.lumen.example"
    assert await check(world, f"Authentication-Results: mx1.lumen.example; {SAYS_PASS}\n", box) == PASS
    assert await check(world, f"Authentication-Results: b.mx.lumen.example; {SAYS_PASS}\n", box) == PASS
    assert await check(world, f"Authentication-Results: mx.shop.example; {SAYS_PASS}\n", box) == UNKNOWN


async def test_a_mailbox_from_before_keeps_what_it_had_until_it_is_changed(world: World) -> None:
    box = await mailbox_at(world, "imap.lumen.example")
    head = f"Authentication-Results: mx.shop.example; {SAYS_PASS}\n"
    assert await check(world, head, box) == UNKNOWN
    await Mailbox.filter(id=box.id).update(checkers=None)
    assert await check(world, "X-A: 1\n" + head, box) == PASS
    await box.refresh_from_db()
    await change_mailbox(box, place_of(box), None, SYSTEM, secret=SECRET)
    assert await check(world, "X-A: 2\n" + head, box) == UNKNOWN


async def test_what_was_fetched_from_a_mailbox_that_is_gone_proves_nothing(world: World) -> None:
    box = await mailbox_at(world, "imap.gmail.com")
    raw = f"Authentication-Results: mx.shop.example; {SAYS_PASS}\n{INES}\nhello".encode()
    mail = await store_mail(world.lumen, "ines@example.com", "help@lumen.example", raw, way=FETCHED, mailbox=box)
    await remove_mailbox(box, SYSTEM)
    await receive(mail.id, Means(secret=SECRET, trusted=DESK))
    assert (await IncomingMail.get(id=mail.id)).sender_check == UNKNOWN


@pytest.mark.parametrize("names", NO_NAMES)
async def test_what_is_no_name_is_refused(world: World, names: str) -> None:
    with pytest.raises(Invalid) as refused:
        await mailbox_at(world, "imap.lumen.example", checkers=names)
    assert refused.value.code == "bad_checkers"
