"""The page of the door for signed mails: a secret is shown once, renewed without a gap, and ended."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app.mail.arriving.storing import store_mail
from app.mail.hooks import FORMER_LIVES, SIGNATURE, close_hook, good_secrets, note_refusal
from app.mail.models import BY_HOOK
from core.audit import AuditEntry
from core.clock import FrozenClock
from core.people import Actor
from core.shops import Shop, add_secret
from tests.console.conftest import Browser
from tests.mail.conftest import Letter
from tests.people import World

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
PAGE = "/console/mail-hook"


async def good(world: World) -> list[str]:
    return await good_secrets(await Shop.get(id=world.lumen.id))


async def test_a_secret_is_shown_once_and_renewed_without_a_gap(
    world: World, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    ada = await open_browser(world.ada)
    page = (await ada.get(PAGE)).text
    assert "/hooks/mail/lumen" in page
    assert "Turn on" in page
    answer = await ada.post(f"{PAGE}/lumen", do="renew")
    [first] = re.findall(r"whsec_[\w+/=]+", answer.text)
    assert answer.headers["cache-control"] == "no-store"
    assert first not in (await ada.get(PAGE)).text
    assert await good(world) == [first]
    [second] = re.findall(r"whsec_[\w+/=]+", (await ada.post(f"{PAGE}/lumen", do="renew")).text)
    assert await good(world) == [second, first]
    assert "The secret before it is good until" in (await ada.get(PAGE)).text
    clock.advance(FORMER_LIVES - timedelta(seconds=1))
    assert await good(world) == [second, first]
    clock.advance(timedelta(seconds=2))
    assert await good(world) == [second]
    ada = await open_browser(world.ada)
    assert "The secret before it is good until" not in (await ada.get(PAGE)).text
    told = await AuditEntry.filter(action="shop.secret_added")
    assert [entry.actor_id for entry in told] == [world.ada.id] * 2
    assert not any(first in str(entry.detail) for entry in told)


async def test_the_former_one_is_ended_and_the_door_is_shut(world: World, open_browser: OpenBrowser) -> None:
    ada = await open_browser(world.ada)
    await ada.get(PAGE)
    for _ in range(2):
        await ada.post(f"{PAGE}/lumen", do="renew")
    await ada.post(f"{PAGE}/lumen", do="end")
    assert len(await good(world)) == 1
    await ada.post(f"{PAGE}/lumen", do="close")
    assert await good(world) == []
    assert "Turn on" in (await ada.get(PAGE)).text
    await ada.post(f"{PAGE}/lumen", do="renew")
    assert len(await good(world)) == 1  # nothing from before the door was shut comes back


async def test_secrets_from_before_have_no_end(world: World) -> None:
    for _ in range(2):
        await add_secret(world.lumen, "mail")
    assert len(await good(world)) == 2
    await close_hook(world.lumen, Actor.of(world.ada))
    assert await good(world) == []


async def test_what_came_and_what_was_refused(world: World, open_browser: OpenBrowser, clock: FrozenClock) -> None:
    await store_mail(world.lumen, "ines@example.com", "help@lumen.example", Letter().bytes(), way=BY_HOOK)
    await store_mail(world.lumen, "by-smtp@example.com", "help@lumen.example", Letter(text="x").bytes())
    await note_refusal(world.lumen.id, SIGNATURE)
    clock.advance(timedelta(seconds=20))
    await note_refusal(world.lumen.id, "time")  # within the minute: the first one stays
    page = (await (await open_browser(world.ada)).get(PAGE)).text
    assert "ines@example.com" in page
    assert "by-smtp@example.com" not in page
    assert "The signature did not fit" in page


async def test_for_administrators_alone(world: World, open_browser: OpenBrowser) -> None:
    sue = await open_browser(world.sue)
    await sue.get("/console")
    assert (await sue.get(PAGE)).status_code in (403, 404)
    assert (await sue.post(f"{PAGE}/lumen", do="renew")).status_code in (403, 404)
    assert await good(world) == []
