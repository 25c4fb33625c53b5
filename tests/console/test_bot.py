"""Supervisors read, try, change and publish the bot's rules."""

import re
from collections.abc import Awaitable, Callable

import pytest

from app.rulebooks import draft, live
from bots.rulebook import RULES, load_rulebook
from bots.rulefiles import read_rules
from bots.rulewriting import rule_text
from core.people import SUPERVISOR
from tests.console.conftest import Browser
from tests.people import World

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
GIFTS = {
    "do": "save",
    "name": "gift_card",
    "means": "Wants a gift card.",
    "en_sure": "gift (card | cards | voucher)\n\n",
    "en_must_catch": "Do you sell gift cards?",
    "en_must_miss": "Where is my order?",
    "zh_sure": "礼品卡",
    "zh_must_catch": "有礼品卡吗",
    "zh_must_miss": "到哪了",
}


@pytest.fixture
async def browser(world: World, open_browser: OpenBrowser) -> Browser:
    world.sue.role = SUPERVISOR
    await world.sue.save(update_fields=["role"])
    browser = await open_browser(world.sue)
    await browser.get("/console/bot")
    return browser


def revision_in(page: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', page)
    assert found
    return found.group(1)


async def test_a_new_rule_from_the_form_to_the_customers(browser: Browser) -> None:
    assert "order_status" in browser.page
    assert (await browser.post("/console/bot/rules/new", revision="0", **GIFTS)).status_code == 303
    page = (await browser.get("/console/bot")).text
    assert 'href="/console/bot/rules/gift_card"' in page
    assert "Everything passes." in (await browser.post("/console/bot/rehearse")).text
    answer = await browser.post("/console/bot/publish", revision=revision_in(page), note="Asked every day")
    assert answer.status_code == 303
    version = await live()
    assert version is not None
    assert (version.number, list(version.changes), await draft()) == (1, ["gift_card"], None)
    tried = (await browser.post("/console/bot/try?fragment", sentence="do you sell gift cards")).text
    assert "gift_card" in tried
    assert "The bot acts on it" in tried
    assert "<html" not in tried
    assert (await browser.post("/console/bot/rollback", number="0")).status_code == 303
    assert (await live()) != version


async def test_a_rule_that_breaks_others_stays_a_draft(browser: Browser) -> None:
    await browser.post("/console/bot/rules/new", revision="0", **(GIFTS | {"en_sure": "(order | parcel)"}))
    answer = await browser.post("/console/bot/publish", revision="1")
    assert answer.status_code == 422
    assert "order_status" in answer.text
    assert "must be caught, but is heard as gift_card" in answer.text
    assert (await browser.post("/console/bot/discard")).status_code == 303
    assert (await draft(), await live()) == (None, None)


async def test_what_was_typed_is_not_lost_when_it_cannot_be_read(browser: Browser) -> None:
    answer = await browser.post("/console/bot/rules/new", revision="0", **(GIFTS | {"en_sure": "(open"}))
    assert answer.status_code == 422
    assert "cannot read" in answer.text
    assert "Do you sell gift cards?" in answer.text
    for lost in ({"means": ""}, {"name": "../thanks"}, {"revision": "7"}):
        answer = await browser.post("/console/bot/rules/new", **({"revision": "0"} | GIFTS | lost))
        assert answer.status_code in (409, 422), lost
    assert await draft() is None


async def test_a_sentence_is_tried_on_a_rule_that_nobody_has_kept(browser: Browser) -> None:
    trial = GIFTS | {"do": "try", "sentence": "<b>gift cards</b>?", "revision": "0"}
    seen = (await browser.post("/console/bot/rules/new?fragment", **trial)).text
    assert "gift (card | cards | voucher)" in seen
    assert "<b>" not in seen
    assert "礼品卡" in (await browser.post("/console/bot/rules/new", **trial)).text
    assert await draft() is None


async def test_a_shipped_rule_is_taken_out_and_put_back(browser: Browser) -> None:
    assert "人工" in (await browser.get("/console/bot/rules/human_handover")).text
    await browser.post("/console/bot/rules/is_bot", do="remove", revision="0")
    assert (await browser.get("/console/bot/rules/is_bot")).status_code == 404
    kept = await draft()
    assert kept is not None
    assert kept.changes == {"is_bot": ""}


async def test_only_overseers_see_the_rules(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.omar)
    assert (await browser.get("/console/bot")).status_code == 403
    for path in ("try", "rehearse", "publish", "discard", "rollback", "rules/thanks"):
        assert (await browser.post(f"/console/bot/{path}", revision="0", number="0")).status_code == 403
    assert (await draft(), await live()) == (None, None)


def test_every_rule_survives_being_written_by_the_form() -> None:
    shipped = read_rules(RULES)
    written = {file.name: rule_text(file) for file in shipped.files}
    assert load_rulebook(changes=written).rules == {file.name: file for file in shipped.files}
