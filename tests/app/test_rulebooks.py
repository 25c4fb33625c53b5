"""Supervisors change how the bot understands: draft, rehearsal, publishing, going back."""

import asyncio

import pytest

from app.rulebook_shelf import Shelf
from app.rulebooks import discard_draft, draft, live, publish, rehearse_draft, roll_back, save_rule, texts_of
from bots.entities import find_entities
from bots.rulebook import Rulebook, own_rulebook
from core.audit import AuditEntry
from core.clock import FrozenClock
from core.errors import Conflict, Invalid, NotFound
from core.people import Agent
from core.rulebooks import RulebookVersion
from tests.bots.test_rehearsal import PARTY
from tests.people import make_world

pytestmark = pytest.mark.anyio

GIFTS = PARTY.replace("(card | voucher)", "(card | cards | voucher)")
GREEDY = PARTY.replace('"gift (card | voucher)"', '"(order | parcel | package)"')


@pytest.fixture(scope="module")
def shipped() -> Rulebook:
    return own_rulebook()


@pytest.fixture
async def agent(database: object, clock: FrozenClock) -> Agent:
    return (await make_world()).sue


def rule_for(rulebook: Rulebook, text: str) -> str:
    return rulebook.understand(find_entities(text)).rule


async def test_a_published_rule_speaks_in_every_process(agent: Agent, shipped: Rulebook) -> None:
    here, there = Shelf(shipped), Shelf(shipped)
    kept = await save_rule("gift_card", GIFTS, agent)
    assert rule_for(await here.current(), "do you sell gift cards") != "gift_card"
    assert await rehearse_draft() == []
    version = await publish(agent, kept.revision, "Gift cards come up every day")
    for shelf in (here, there):
        rulebook = await shelf.current()
        assert rule_for(rulebook, "do you sell gift cards") == "gift_card"
        assert rulebook.version == version.version
    assert (version.number, version.published_by_id, await draft()) == (1, agent.id, None)
    entries = await AuditEntry.filter(subject=version.public_id).order_by("id")
    assert [entry.action for entry in entries] == ["rulebook.edited", "rulebook.published"]


async def test_a_rule_that_breaks_others_is_not_published(agent: Agent) -> None:
    kept = await save_rule("gift_card", GREEDY, agent)
    assert any(finding.where == "order_status" for finding in await rehearse_draft())
    with pytest.raises(Invalid) as refused:
        await publish(agent, kept.revision)
    assert refused.value.code == "rehearsal_failed"
    assert await live() is None
    assert await draft() is not None


async def test_going_back_is_a_version_of_its_own(agent: Agent, shipped: Rulebook) -> None:
    shelf = Shelf(shipped)
    first = await publish(agent, (await save_rule("gift_card", GIFTS, agent)).revision)
    await publish(agent, (await save_rule("gift_card", "", agent)).revision)
    assert "gift_card" not in (await shelf.current()).rules
    assert (await roll_back(1, agent)).number == 3
    assert (await shelf.current()).version == first.version
    assert (await roll_back(0, agent)).number == 4
    assert (await shelf.current()).version == shipped.version
    assert await RulebookVersion.filter(place="live").count() == 1
    with pytest.raises(NotFound):
        await roll_back(99, agent)


async def test_two_supervisors_do_not_overwrite_each_other(agent: Agent) -> None:
    kept = await save_rule("gift_card", GIFTS, agent)
    await save_rule("gift_card", GIFTS + "\n", agent, kept.revision)
    for revision in (0, kept.revision):
        with pytest.raises(Conflict) as refused:
            await save_rule("gift_card", GIFTS, agent, revision)
        assert refused.value.code == "draft_changed"
    with pytest.raises(Conflict):
        await publish(agent, kept.revision)


async def test_two_who_begin_a_draft_at_once(agent: Agent) -> None:
    outcomes = await asyncio.gather(*(save_rule("gift_card", GIFTS, agent) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(outcome, RulebookVersion) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 3


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("thanks", 'name = "thanks', "bad_rule"),
        ("thanks", 'name = "thanks"\nintent = "thanks"\nmeans = "x"\n[en]\nsure = ["(open"]', "bad_rule"),
        ("../thanks", PARTY, "bad_rule_name"),
        ("Gift", PARTY, "bad_rule_name"),
        ("gift_card", "#" * 60_001, "text_too_long"),
    ],
)
async def test_what_cannot_be_read_is_not_kept(name: str, text: str, code: str, agent: Agent) -> None:
    with pytest.raises(Invalid) as refused:
        await save_rule(name, text, agent)
    assert refused.value.code == code
    assert await draft() is None


async def test_a_draft_holds_only_what_differs(agent: Agent) -> None:
    shipped = await texts_of(None)
    kept = await save_rule("thanks", shipped["thanks"] + "\n# ours\n", agent)
    assert list(kept.changes) == ["thanks"]
    kept = await save_rule("thanks", shipped["thanks"], agent, kept.revision)
    assert kept.changes == {}
    await discard_draft(agent)
    await discard_draft(agent)
    assert await draft() is None


async def test_a_version_that_no_longer_fits_leaves_the_shipped_rules(agent: Agent, shipped: Rulebook) -> None:
    broken = {"gift_card": GIFTS.replace('name = "gift_card"', 'name = "gift_card"\nbeats = ["gone"]')}
    kept = await save_rule("gift_card", GIFTS, agent)
    await publish(agent, kept.revision)
    await RulebookVersion.filter(place="live").update(changes=broken)
    assert await Shelf(shipped).current() is shipped
