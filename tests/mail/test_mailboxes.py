"""Mailboxes as people set them up: what is refused, what is kept secret, and what a change does to the cursor."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.mail.fetching.turns import due, end_turn, is_alarming, keep_turn, note_failure, note_success, take_turn
from app.mail.mailbox_models import OAUTH, Mailbox
from app.mail.mailboxes import (
    Cursor,
    Place,
    add_mailbox,
    change_mailbox,
    check_credentials,
    checked,
    credentials_of,
    pause_mailbox,
    place_of,
    remove_mailbox,
    resume_mailbox,
)
from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.errors import Conflict, Invalid
from core.people import Actor
from tests.people import World

pytestmark = pytest.mark.anyio
SECRET = b"of this installation"
PLACE = Place(address="Help@Lumen.example", host="IMAP.Lumen.example.", user="help@lumen.example", folder="inbox")
PASSWORD = {"password": "swordfish"}


async def add(world: World, place: Place = PLACE) -> Mailbox:
    return await add_mailbox(
        world.lumen, place, PASSWORD, Actor.of(world.ada), secret=SECRET, begin=Cursor(uidvalidity=7, last_uid=40)
    )


async def test_a_mailbox_is_kept_without_its_password(world: World) -> None:
    mailbox = await add(world)
    assert (mailbox.address, mailbox.host, mailbox.folder) == ("help@lumen.example", "imap.lumen.example", "INBOX")
    assert "swordfish" not in mailbox.credentials
    assert credentials_of(await Mailbox.get(id=mailbox.id), SECRET) == PASSWORD
    told = [entry.detail for entry in await AuditEntry.filter(action="mailbox.added")]
    assert len(told) == 1
    assert "swordfish" not in str(told)
    with pytest.raises(Conflict):
        await add(world)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"address": "nobody"}, "bad_mailbox_address"),
        ({"host": "imap.example\r\nA1 DELETE INBOX"}, "bad_host"),
        ({"host": "imap.example/x"}, "bad_host"),
        ({"port": 0}, "bad_port"),
        ({"security": "none"}, "bad_security"),
        ({"auth": "magic"}, "bad_auth"),
        ({"user": "me\r\nA1 DELETE INBOX"}, "bad_mailbox_user"),
        ({"user": ""}, "bad_mailbox_user"),
        ({"folder": 'INBOX"\x00'}, "bad_folder"),
        ({"after": "delete"}, "bad_after"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(replace(PLACE, **wrong))  # type: ignore[arg-type]
    assert refused.value.code == code


@pytest.mark.parametrize("given", [{}, {"password": ""}, {"password": "a\nb"}, {"token": "x"}, PASSWORD | {"x": "y"}])
def test_credentials_fit_the_way_of_signing_in(given: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        check_credentials(PLACE.auth, given)
    assert refused.value.code == "bad_credentials"
    assert "a\nb" not in refused.value.detail


async def test_a_change_keeps_the_cursor_as_long_as_it_means_something(world: World, clock: FrozenClock) -> None:
    mailbox, ada = await add(world), Actor.of(world.ada)
    clock.advance(timedelta(days=30))
    place = place_of(mailbox)
    await change_mailbox(mailbox, replace(place, port=143, security="starttls"), None, ada, secret=SECRET)
    assert (mailbox.last_uid, mailbox.uidvalidity, mailbox.revision) == (40, 7, 2)
    await change_mailbox(mailbox, replace(place, host="mail.lumen.example"), {"password": "new"}, ada, secret=SECRET)
    assert (mailbox.last_uid, mailbox.uidvalidity) == (0, None)
    assert mailbox.begin_at == now() - timedelta(days=7)
    assert credentials_of(mailbox, SECRET) == {"password": "new"}
    await change_mailbox(mailbox, replace(place, folder="Shop"), None, ada, secret=SECRET)
    assert (mailbox.last_uid, mailbox.begin_at) == (0, now())
    with pytest.raises(Invalid):
        await change_mailbox(mailbox, replace(place, auth=OAUTH), None, ada, secret=SECRET)


async def test_one_process_reads_a_mailbox_at_a_time(world: World, clock: FrozenClock) -> None:
    mailbox = await add(world)
    assert [found.id for found in await due()] == [mailbox.id]
    first = await take_turn(mailbox.id)
    assert first is not None
    assert await take_turn(mailbox.id) is None
    assert await due() == []
    clock.advance(timedelta(seconds=59))
    assert await keep_turn(first)
    clock.advance(timedelta(seconds=61))
    second = await take_turn(mailbox.id)  # the first process has died
    assert second is not None
    assert not await keep_turn(first)
    await pause_mailbox(mailbox, Actor.of(world.ada))
    assert not await keep_turn(second)
    await end_turn(second)
    assert await due() == []
    await resume_mailbox(mailbox, Actor.of(world.ada))
    assert len(await due()) == 1
    await remove_mailbox(mailbox, Actor.of(world.ada))
    assert not await Mailbox.exists()


async def test_failures_make_longer_pauses_and_an_alarm_after_a_quarter_of_an_hour(
    world: World, clock: FrozenClock
) -> None:
    mailbox, pauses = await add(world), []
    for _ in range(8):
        again = await note_failure(mailbox, "timed_out", "", refused=False)
        pauses.append((again - now()).total_seconds())
        assert await due() == []
        clock.advance(again - now())
        await mailbox.refresh_from_db()
    assert 3 <= pauses[0] <= 7
    assert 220 <= pauses[-1] <= 380
    clock.advance(timedelta(minutes=15))
    assert is_alarming(mailbox, now())
    await note_success(mailbox)
    await mailbox.refresh_from_db()
    assert (mailbox.failures, mailbox.last_error, is_alarming(mailbox, now())) == (0, None, False)
    wrong = await note_failure(mailbox, "login_refused", "no", refused=True)
    assert (wrong - now()).total_seconds() >= 45
