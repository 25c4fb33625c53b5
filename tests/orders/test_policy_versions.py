"""A shop's own policy: drafted, published, cited for ever; which one holds for an order of the past."""

from datetime import timedelta

import pytest

from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.people import Agent
from core.shops import Shop
from orders.policies.deciding import UNDECIDED, Cited, Outcome, Row, Stage, Wish, decide
from orders.policies.drafting import (
    begin_draft,
    discard_draft,
    draft_of,
    publish,
    published_of,
    roll_back,
    save_draft,
    withdraw,
)
from orders.policies.presets import EUROPE, LAW, USUAL
from orders.policies.timers import OnExpiry, Timer, TimerKind
from orders.policies.versions import PolicyVersion, cited_among, jurisdiction_of, policies_of, policy_of
from orders.refunds.case import Jurisdiction, Reason
from tests.orders.deliveries import a_shop
from tests.people import make_agent, make_order

pytestmark = pytest.mark.usefixtures("clock")
HOURS = Timer(kind=TimerKind.DECIDE_RETURN, lasts=timedelta(hours=36), on_expiry=OnExpiry.GRANT, source="policy")


@pytest.fixture
async def sue(lumen: Shop) -> Agent:
    return await make_agent("Sue", role="supervisor")


@pytest.fixture
async def ada(lumen: Shop) -> Agent:
    return await make_agent("Ada", role="admin")


def days(number: int) -> Row:
    return Row(
        id="change_of_mind",
        outcome=Outcome.GRANT,
        source=f"Returns page: {number} days",
        reasons=frozenset({Reason.CHANGED_MIND}),
        within=number,
        goods_back=True,
        way_back_by="customer",
    )


async def put_in_force(shop: Shop, ada: Agent, *rows: Row) -> PolicyVersion:
    draft = await begin_draft(shop, ada)
    return await publish(shop, ada, (await save_draft(shop, ada, draft.revision, rows, [HOURS])).revision)


async def cited_in(shop: Shop, policy: str, version: int, row: str) -> Cited | None:
    """The row that a stored decision of the shop names."""
    versions = await PolicyVersion.filter(shop_id=shop.id)
    return cited_among({"policy": policy, "version": version, "row": row}, versions)


async def test_supervisors_draft_and_administrators_publish(lumen: Shop, sue: Agent, ada: Agent) -> None:
    draft = await begin_draft(lumen, sue)
    assert policy_of(draft).rows == USUAL.rows, "a draft begins as what is in force"
    kept = await save_draft(lumen, sue, draft.revision, [days(45)], [HOURS])
    assert await policies_of(lumen.id) == (*LAW, USUAL), "a draft decides nothing"
    with pytest.raises(Forbidden):
        await publish(lumen, sue, kept.revision)
    version = await publish(lumen, ada, kept.revision, "Longer, as the season begins")
    [own] = (await policies_of(lumen.id))[len(LAW) :]
    assert (own.name, own.version, own.rows, own.timers) == ("shop", 1, (days(45),), (HOURS,))
    assert await draft_of(lumen) is None
    entries = await AuditEntry.filter(subject=version.public_id).order_by("id")
    assert [entry.action for entry in entries] == ["policy.drafted", "policy.edited", "policy.published"]
    assert entries[-1].detail == {"shop": "lumen", "old": None, "new": 1}
    assert entries[-1].actor_id == ada.id


async def test_agents_do_neither(lumen: Shop, ada: Agent) -> None:
    omar, draft = await make_agent("Omar"), await begin_draft(lumen, ada)
    for attempt in (
        begin_draft(lumen, omar),
        save_draft(lumen, omar, draft.revision, [days(1)], []),
        discard_draft(lumen, omar),
        publish(lumen, omar, draft.revision),
        roll_back(lumen, omar, 1),
        withdraw(lumen, omar),
    ):
        with pytest.raises(Forbidden) as refused:
            await attempt
        assert refused.value.code == "not_your_role"


async def test_a_decision_of_last_month_shows_last_months_row(lumen: Shop, ada: Agent, clock: FrozenClock) -> None:
    await put_in_force(lumen, ada, days(30))
    asked = Wish(
        jurisdiction=Jurisdiction.US,
        stage=Stage.DELIVERED,
        reason=Reason.CHANGED_MIND,
        asked=now().date(),
        received=now().date() - timedelta(days=20),
    )
    decision = decide(asked, await policies_of(lumen.id))
    clock.advance(timedelta(days=30))
    await put_in_force(lumen, ada, days(10))
    assert decide(asked, await policies_of(lumen.id)).row.id == "no_row"
    assert await cited_in(lumen, decision.policy, decision.version, decision.row.id) == Cited("shop", 1, days(30))
    assert await cited_in(lumen, "shop", 2, "change_of_mind") == Cited("shop", 2, days(10))


async def test_what_was_promised_with_the_purchase_holds(lumen: Shop, ada: Agent, clock: FrozenClock) -> None:
    before = now()
    clock.advance(timedelta(days=1))
    await put_in_force(lumen, ada, days(30))
    bought = now() + timedelta(days=1)
    clock.advance(timedelta(days=7))
    await put_in_force(lumen, ada, days(10))
    assert [(each.name, each.version) for each in (await policies_of(lumen.id, bought))[len(LAW) :]] == [
        ("shop", 2),
        ("shop", 1),
    ]
    assert [each.version for each in (await policies_of(lumen.id, now()))[len(LAW) :]] == [2]
    assert [each.version for each in (await policies_of(lumen.id, before))[len(LAW) :]] == [2]


async def test_going_back_and_withdrawing(lumen: Shop, ada: Agent) -> None:
    await put_in_force(lumen, ada, days(30))
    await put_in_force(lumen, ada, days(10))
    again = await roll_back(lumen, ada, 1)
    assert (again.version, again.based_on, policy_of(again).rows) == (3, 1, (days(30),))
    assert await PolicyVersion.filter(shop=lumen, state="published").count() == 1
    for number, error in ((3, Invalid), (9, NotFound)):
        with pytest.raises(error):
            await roll_back(lumen, ada, number)
    await withdraw(lumen, ada)
    await withdraw(lumen, ada)
    assert await policies_of(lumen.id) == (*LAW, USUAL)
    assert await published_of(lumen) is None
    assert await cited_in(lumen, "shop", 3, "change_of_mind") == Cited("shop", 3, days(30))
    assert (await roll_back(lumen, ada, 3)).version == 4


async def test_two_who_draft_do_not_overwrite_each_other(lumen: Shop, sue: Agent, ada: Agent) -> None:
    draft = await begin_draft(lumen, sue)
    with pytest.raises(Conflict) as refused:
        await begin_draft(lumen, ada)
    assert refused.value.code == "draft_exists"
    await save_draft(lumen, sue, draft.revision, [days(14)], [])
    for stale in (save_draft(lumen, ada, draft.revision, [days(15)], []), publish(lumen, ada, draft.revision)):
        with pytest.raises(Conflict) as refused:
            await stale
        assert refused.value.code == "draft_changed"
    await discard_draft(lumen, ada)
    await discard_draft(lumen, ada)
    with pytest.raises(Conflict):
        await save_draft(lumen, sue, 2, [days(14)], [])


async def test_what_says_nothing_new_is_not_published(lumen: Shop, ada: Agent) -> None:
    await put_in_force(lumen, ada, days(30))
    draft = await begin_draft(lumen, ada)
    with pytest.raises(Invalid) as refused:
        await publish(lumen, ada, draft.revision)
    assert refused.value.code == "nothing_new"
    assert (await published_of(lumen)) is not None, "what was in force still is"
    empty = await save_draft(lumen, ada, draft.revision, [], [])
    with pytest.raises(Invalid) as refused:
        await publish(lumen, ada, empty.revision)
    assert refused.value.code == "no_rows"


async def test_rows_that_make_no_sense_are_not_kept(lumen: Shop, ada: Agent) -> None:
    draft = await begin_draft(lumen, ada)
    with pytest.raises(Invalid) as refused:
        await save_draft(lumen, ada, draft.revision, [days(14), days(15)], [])
    assert refused.value.data["reason"] == "change_of_mind: more than one row of this name"


async def test_a_new_shop_has_the_law_and_the_usual_terms(lumen: Shop) -> None:
    assert await policies_of(lumen.id) == (*LAW, USUAL)
    assert await policies_of(lumen.id, now()) == (*LAW, USUAL)


async def test_whose_law_holds_follows_the_parcel(lumen: Shop) -> None:
    order = await make_order(lumen, "#1001")
    for country, law in (("DE", "EU"), ("no", "EU"), ("CN", "CN"), ("US", "US"), ("HK", "other"), ("GB", "other")):
        order.ship_to = {"country": country}
        assert jurisdiction_of(lumen, order) is Jurisdiction(law)
    order.ship_to = {}
    assert jurisdiction_of(lumen, order) is Jurisdiction.US
    assert jurisdiction_of(a_shop("generic"), None) is Jurisdiction.CN


async def test_what_was_cited_is_found_again(lumen: Shop) -> None:
    cited = await cited_in(lumen, "eu_withdrawal", 1, "fourteen_days")
    assert cited is not None
    assert cited.row in EUROPE.rows
    assert await cited_in(lumen, "", 0, "no_row") == Cited("", 0, UNDECIDED)
    for policy, version, row in (("eu_withdrawal", 99, "fourteen_days"), ("shop", 1, "x"), ("usual", 1, "gone")):
        assert await cited_in(lumen, policy, version, row) is None
