"""Rules at work on a desk: once, explained, in order, without loops, and never against what a role may do."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.jobs.automation import answer_by_rule
from app.reactions import connect
from app.realtime.hub import Hub
from conversations.holding import hold
from conversations.models import Message, Proof
from conversations.posting import post
from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.errors import Forbidden, Invalid, NotFound
from core.events import current_bus, use_bus
from core.jobs import DONE, READY, Job
from core.people import BOT, Actor
from orders.models import Order
from tests.people import World, chat, make_order, make_world
from tickets.linking import link_order
from tickets.macros.keeping import save_macro
from tickets.models import Ticket, TimelineEntry
from tickets.opening import open_ticket
from tickets.prioritising import set_priority
from tickets.rules import timing
from tickets.rules.firing import REPLY, RUN, run_rules
from tickets.rules.listening import forget_listeners
from tickets.rules.models import Rule, RuleFiring
from tickets.rules.timing import run_timed_rules
from tickets.rules.writing import retire_rule, save_rule, switch_rule, try_rule
from tickets.tagging import add_tag
from tickets.work_models import TicketTag

pytestmark = pytest.mark.anyio
ALWAYS: dict[str, Any] = {"mode": "all", "parts": []}
URGENT = {"do": "priority", "value": "urgent"}


def only(fact: str, value: Any, op: str = "is") -> dict[str, Any]:
    return {"mode": "all", "parts": [{"fact": fact, "op": op, "value": value}]}


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    previous = current_bus()
    use_bus(connect(Hub()))
    forget_listeners()
    yield
    forget_listeners()
    use_bus(previous)


@pytest.fixture
async def world(database: object) -> World:
    return await make_world()


async def rule(world: World, trigger: str = "ticket_opened", *, on: bool = True, **values: Any) -> Rule:
    given = {"name": "A rule", "trigger": trigger, "conditions": ALWAYS, "actions": [URGENT]} | values
    written = await save_rule(world.sue, world.lumen, **given)
    return await switch_rule(world.sue, world.lumen, written.public_id, on=on)


async def opened(world: World, kind: str = "question", **values: Any) -> Ticket:
    talk = await chat(world.lumen, world.ines)
    await post(talk.id, Actor.of(world.ines), "Where is my lamp?", client_id="ask-1")
    return await open_ticket(talk.id, kind, BOT, subject="Where is my lamp?", **values)


async def work() -> int:
    """Do the rules' jobs as the worker does, until there are none. Returns how often a rule fired."""
    fired = 0
    while job := await Job.filter(kind=RUN, state=READY).order_by("id").first():
        fired += await run_rules(job.args)
        await Job.filter(id=job.id).update(state=DONE)
    return fired


async def test_a_new_ticket_meets_the_rules_in_their_order(world: World) -> None:
    await rule(world, name="Refunds first", conditions=only("ticket.kind", "refund"))
    await rule(
        world, name="Tag all", actions=[{"do": "tag", "value": "new"}, {"do": "assign", "value": world.mei.public_id}]
    )
    ticket, other = await opened(world, "refund"), await opened(world)
    assert await work() == 3
    await ticket.refresh_from_db()
    await other.refresh_from_db()
    assert (ticket.priority, ticket.assignee_id) == ("urgent", world.mei.id)
    assert other.priority == "normal"
    first, second = await RuleFiring.filter(ticket_id=ticket.id).order_by("id").select_related("rule")
    assert (first.rule.name, second.rule.name) == ("Refunds first", "Tag all")
    assert first.explanation["parts"][0] == {
        "fact": "ticket.kind", "op": "is", "value": "refund", "found": "refund", "holds": True,
    }  # fmt: skip
    assert first.actions == [{"do": "priority", "value": "urgent", "refused": ""}]
    names = await TimelineEntry.filter(ticket_id=ticket.id, action="rule_fired").order_by("id").values_list("detail")
    assert [detail[0]["name"] for detail in names] == ["Refunds first", "Tag all"]


async def test_a_job_that_runs_twice_fires_once(world: World) -> None:
    await rule(world, once=False, actions=[{"do": "note", "value": "Look at this"}])
    await opened(world)
    job = await Job.get(kind=RUN)
    assert [await run_rules(job.args), await run_rules(job.args)] == [1, 0]


async def test_once_for_a_ticket_or_each_time(world: World) -> None:
    await rule(world, "ticket_changed", name="Once", actions=[{"do": "tag", "value": "once"}])
    again = await rule(world, "ticket_changed", name="Each time", once=False, actions=[{"do": "note", "value": "Hm"}])
    ticket = await opened(world)
    await set_priority(ticket.id, "high", Actor.of(world.omar))
    await work()
    await set_priority(ticket.id, "low", Actor.of(world.omar))
    await work()
    assert await RuleFiring.filter(ticket_id=ticket.id).exclude(rule_id=again.id).count() == 1
    assert await RuleFiring.filter(rule_id=again.id, mark__not="once").count() >= 2


async def test_rules_do_not_chase_each_other(world: World) -> None:
    """Ping and pong would go on for ever, and a rule that causes its own event, too."""
    ping = only("ticket.priority", "low"), [{"do": "priority", "value": "high"}]
    pong = only("ticket.priority", "high"), [{"do": "priority", "value": "low"}]
    for name, (conditions, actions) in {"ping": ping, "pong": pong}.items():
        await rule(world, "ticket_changed", name=name, conditions=conditions, actions=actions, once=False)
    await rule(world, "ticket_changed", name="itself", once=False, actions=[{"do": "tag", "value": "seen"}])
    ticket = await opened(world)
    await set_priority(ticket.id, "low", Actor.of(world.omar))
    assert 0 < await work() < 10


async def test_switched_off_or_taken_away_it_does_nothing(world: World) -> None:
    off = await rule(world, on=False)
    await opened(world)
    assert not await Job.exists(kind=RUN)
    await switch_rule(world.sue, world.lumen, off.public_id, on=True)
    await opened(world)
    await retire_rule(world.sue, world.lumen, off.public_id)
    assert await work() == 0
    actions = await AuditEntry.filter(subject=off.public_id).order_by("id").values_list("action", flat=True)
    assert [str(action) for action in actions] == ["rule.saved", "rule.switched", "rule.switched", "rule.retired"]


async def test_what_is_refused_is_written_down_and_the_rest_is_done(world: World) -> None:
    await rule(world, actions=[{"do": "status", "value": "resolved"}, {"do": "status", "value": "pending"}, URGENT])
    ticket = await opened(world)
    await work()
    await ticket.refresh_from_db()
    assert (ticket.status, ticket.priority) == ("resolved", "urgent")
    firing = await RuleFiring.get()
    assert [act["refused"] for act in firing.actions] == ["", "bad_transition", ""]


async def test_an_order_moves_and_only_confirmed_links_count(world: World) -> None:
    await rule(world, "parcel_moved", conditions=only("order.linked", True))
    order = await make_order(world.lumen, "#1001")
    ticket, other = await opened(world), await opened(world)
    await link_order(ticket.id, order.id, Actor.of(world.omar))
    await link_order(other.id, order.id, BOT, confirmed=False)
    args = {
        "trigger": "parcel_moved",
        "shop": world.lumen.id,
        "occasion": "1:exception",
        "causes": [],
        "order": order.id,
    }
    assert await run_rules(args) == 1
    assert (await RuleFiring.get()).ticket_id == ticket.id


async def test_the_customers_words(world: World) -> None:
    await rule(world, "customer_wrote", conditions=only("customer.words", "lawyer", "contains"), once=False)
    ticket = await opened(world)
    assert await work() == 0
    await post(ticket.conversation_id, Actor.of(world.ines), "My LAWYER will write to you", client_id="ask-2")
    assert await work() == 1


async def test_time_passes(world: World, clock: FrozenClock) -> None:
    await rule(world, "since_opened", wait_minutes=60, conditions=only("ticket.assigned", False))
    ticket = await opened(world)
    clock.advance(timedelta(minutes=59, seconds=59))
    assert await run_timed_rules() == 0
    clock.advance(timedelta(seconds=1))
    assert [await run_timed_rules(), await run_timed_rules()] == [1, 0]
    await ticket.refresh_from_db()
    assert ticket.priority == "urgent"


async def test_those_that_never_fit_do_not_hide_those_that_do(
    world: World, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "PAGE", 2)
    await rule(world, "since_opened", wait_minutes=60, conditions=only("ticket.kind", "refund"))
    kinds = ("question", "question", "question", "refund", "question", "refund")
    tickets = [await opened(world, kind) for kind in kinds]
    clock.advance(timedelta(minutes=60))
    assert [await run_timed_rules(), await run_timed_rules()] == [2, 0]
    fired = await RuleFiring.all().order_by("ticket_id").values_list("ticket_id", flat=True)
    assert list(map(int, map(str, fired))) == [tickets[3].id, tickets[5].id]


async def test_each_question_that_waits_is_an_occasion_of_its_own(world: World, clock: FrozenClock) -> None:
    await rule(world, "since_customer", wait_minutes=30, once=False, actions=[{"do": "note", "value": "Late"}])
    ticket = await opened(world)
    await Ticket.filter(id=ticket.id).update(asked_at=now())
    clock.advance(timedelta(minutes=31))
    assert [await run_timed_rules(), await run_timed_rules()] == [1, 0]
    await Ticket.filter(id=ticket.id).update(asked_at=now())
    clock.advance(timedelta(minutes=31))
    assert [await run_timed_rules(), await run_timed_rules()] == [1, 0]


async def test_only_open_time_counts(world: World, clock: FrozenClock) -> None:
    """Monday 09:00 in a shop that is open from nine to ten: two hours of open time are over on Tuesday at ten."""
    world.lumen.hours = {day: [["09:00", "10:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    await world.lumen.save()
    await rule(world, "since_opened", wait_minutes=120, open_time=True)
    await opened(world)
    start = now()
    while await run_timed_rules() == 0:
        clock.advance(timedelta(minutes=15))
        assert now() - start < timedelta(days=4)
    hours_of_day = now().hour + now().minute / 60
    assert 9 <= hours_of_day <= 10.25


async def test_trying_a_rule_lists_what_then_happens(world: World) -> None:
    """What is tried is what is done, where nothing else happens meanwhile."""
    values: dict[str, Any] = {
        "name": "Late refunds",
        "trigger": "ticket_changed",
        "conditions": only("ticket.kind", "refund"),
        "actions": [URGENT],
    }
    tickets = [await opened(world, kind) for kind in ("refund", "question", "refund")]
    await set_priority(tickets[2].id, "urgent", Actor.of(world.omar))
    tried = await try_rule(world.lumen, values, days=30)
    assert {one.ticket.id: bool(one.changes) for one in tried} == {tickets[0].id: True, tickets[2].id: False}
    assert not await RuleFiring.exists()
    written = await save_rule(world.sue, world.lumen, **values)
    await switch_rule(world.sue, world.lumen, written.public_id, on=True)
    for ticket in tickets:
        await add_tag(ticket.id, "stir", Actor.of(world.omar))
    await work()
    assert {row.ticket_id for row in await RuleFiring.all()} == {one.ticket.id for one in tried}


async def test_an_answer_by_rule_is_said_once_and_never_with_a_blank(world: World) -> None:
    words = {"en": "Order {order.number} has left us."}
    macro = await save_macro(world.sue, world.lumen, name="Left", words=words, shared=True)
    await rule(world, "ticket_opened", actions=[{"do": "reply", "value": macro.public_id}])
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    await Order.filter(id=order.id).update(headline="shipped")
    ticket = await opened(world, order_ids=[order.id])
    await work()
    job = await Job.get(kind=REPLY)
    await answer_by_rule(job.args, None)  # type: ignore[arg-type]
    assert await TimelineEntry.filter(ticket_id=ticket.id, action="rule_unanswered").exists()
    until = now() + timedelta(days=1)
    await Proof.create(
        conversation_id=ticket.conversation_id,
        contact="ines@example.com",
        kind="code",
        proved_at=now(),
        expires_at=until,
    )
    await answer_by_rule(job.args, None)  # type: ignore[arg-type]
    await answer_by_rule(job.args, None)  # type: ignore[arg-type]
    said = await Message.filter(author_kind="system").values_list("text", flat=True)
    assert [str(text) for text in said] == ["Order #1001 has left us."]


async def test_whose_rules(world: World) -> None:
    written = await rule(world)
    with pytest.raises(Forbidden):
        await rule_by(world, world.omar)
    with pytest.raises(NotFound):
        await switch_rule(world.sue, world.chaye, written.public_id, on=True)
    wrongs: dict[str, dict[str, Any]] = {
        "poem": {"trigger": "poem"}, "wait": {"trigger": "since_opened"}, "nothing": {"actions": []},
        "stranger": {"actions": [{"do": "assign", "value": world.wei.public_id}]}, "name": {"name": " "},
        "own macro": {"actions": [{"do": "reply", "value": "mac_1"}]},
    }  # fmt: skip
    for wrong, code in wrongs.items():
        given = {"name": wrong, "trigger": "ticket_opened", "conditions": ALWAYS, "actions": [URGENT]} | code
        with pytest.raises(Invalid):
            await save_rule(world.sue, world.lumen, **given)
    assert await TicketTag.all().count() == 0


async def rule_by(world: World, agent: Any) -> Rule:
    return await save_rule(
        agent, world.lumen, name="Mine", trigger="ticket_opened", conditions=ALWAYS, actions=[URGENT]
    )


async def test_a_rule_ends_a_ticket_after_what_was_sent(world: World) -> None:
    await rule(world, "ticket_changed", actions=[{"do": "status", "value": "resolved"}])
    ticket = await opened(world)
    await hold(ticket.conversation_id, world.mei, "It comes today", client_id="held-1", seconds=20, seen=1)
    await set_priority(ticket.id, "high", Actor.of(world.omar))
    assert await work() == 1
    said = await Message.filter(conversation_id=ticket.conversation_id).order_by("number")
    assert [message.text for message in said] == ["Where is my lamp?", "It comes today"]
    assert (await Ticket.get(id=ticket.id)).status == "resolved"
