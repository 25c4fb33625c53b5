"""The clocks of a ticket: what they count, when they stand, warn and stop; and what is kept of them on its row."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.handover import take
from conversations.posting import post
from core.business_hours import BusinessHours
from core.clock import FrozenClock
from core.people import BOT, Actor
from core.transactions import transaction
from tests.people import World, chat
from tickets import clockwork
from tickets.clocks import TARGETS, Clock, Step, Story, clocks, targets_of
from tickets.clockwork import look_at_clocks
from tickets.models import Ticket, TimelineEntry
from tickets.opening import open_ticket
from tickets.prioritising import set_priority
from tickets.promises import first_reply_given
from tickets.resolution import await_customer, customer_replied, reopen, resolve

ALWAYS = BusinessHours.of({}, "UTC")
WEEKDAYS = BusinessHours.of({day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}, "UTC")
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def told(**changes: Any) -> Story:
    facts: dict[str, Any] = {"opened_at": MONDAY, "priority": "normal"} | changes
    return Story(**facts)


def step(hours: float, status: str) -> Step:
    return Step(at=MONDAY + hours * HOUR, status=status)


def clock(kind: str, story: Story, hours: float = 0, calendar: BusinessHours = ALWAYS) -> Clock | None:
    found = [clock for clock in clocks(story, MONDAY + hours * HOUR, calendar) if clock.kind == kind]
    return found[0] if found else None


def due(kind: str, story: Story, calendar: BusinessHours = ALWAYS) -> datetime | None:
    found = clock(kind, story, 10_000, calendar)
    assert found is not None
    return found.due_at


@pytest.mark.parametrize(("priority", "minutes"), [("urgent", 15), ("high", 30), ("normal", 60), ("low", 240)])
def test_the_first_reply_by_priority(priority: str, minutes: int) -> None:
    assert due("first_reply", told(priority=priority)) == MONDAY + minutes * MINUTE


def test_what_the_customer_was_told_counts_when_it_comes_first() -> None:
    assert due("first_reply", told(promised_at=MONDAY + 10 * MINUTE)) == MONDAY + 10 * MINUTE
    assert due("first_reply", told(promised_at=MONDAY + 9 * HOUR)) == MONDAY + HOUR
    assert clock("first_reply", told(first_replied_at=MONDAY + MINUTE)) is None


def test_the_next_reply_from_the_question_on_while_it_is_our_turn() -> None:
    story = told(first_replied_at=MONDAY, asked_at=MONDAY + HOUR)
    assert due("next_reply", story) == MONDAY + 9 * HOUR
    assert clock("next_reply", told(asked_at=MONDAY)) is None  # it is the first one that is waited for
    waits = told(first_replied_at=MONDAY, asked_at=MONDAY, steps=[step(1, "pending")])
    assert clock("next_reply", waits) is None


def test_the_resolution_counts_days_of_work() -> None:
    assert due("resolution", told(), WEEKDAYS) == MONDAY + timedelta(days=2, hours=8)  # three days of eight hours
    friday = told(opened_at=MONDAY + timedelta(days=4, hours=7))
    assert due("resolution", friday, WEEKDAYS) == MONDAY + timedelta(days=9, hours=7)


def test_it_stands_while_the_customer_is_waited_for_but_twice_at_most() -> None:
    steps = [step(1, "pending"), step(3, "open"), step(4, "pending")]
    assert due("resolution", told(steps=steps)) is None
    steps += [step(5, "open")]
    assert due("resolution", told(steps=steps)) == MONDAY + 27 * HOUR
    steps += [step(6, "pending"), step(16, "open")]
    assert due("resolution", told(steps=steps)) == MONDAY + 27 * HOUR


def test_reopened_within_a_week_it_goes_on_later_it_begins_anew() -> None:
    done = [step(1, "pending"), step(2, "open"), step(4, "resolved")]
    assert clocks(told(steps=done), MONDAY + 5 * HOUR, ALWAYS) == []
    assert due("resolution", told(steps=[*done, step(104, "open")])) == MONDAY + 125 * HOUR
    assert due("resolution", told(steps=[*done, step(4 + 169, "open")])) == MONDAY + (173 + 24) * HOUR
    closed = [*done, step(76, "closed"), step(4 + 169, "open")]
    assert due("resolution", told(steps=closed)) == MONDAY + (173 + 24) * HOUR


@pytest.mark.parametrize(
    ("hours", "stage", "next_hours"),
    [
        (0, "", 12),
        (12, "half", 19.2),
        (20, "most", 22),
        (22, "last", 24),
        (24, "breached", None),
        (99, "breached", None),
    ],
)
def test_it_warns_at_half_at_four_fifths_and_two_hours_before(hours: float, stage: str, next_hours: float) -> None:
    found = clock("resolution", told(), hours)
    assert found is not None
    assert (found.stage, found.next_at) == (stage, next_hours and MONDAY + next_hours * HOUR)


def test_a_shop_may_have_targets_of_its_own() -> None:
    own = targets_of({"urgent": {"first_reply": 5}})
    assert own["urgent"].first_reply == 5 * MINUTE
    assert own["urgent"].resolution == TARGETS["urgent"].resolution
    assert own["low"] == targets_of(None)["low"] == TARGETS["low"]


statuses = st.sampled_from(["open", "pending", "resolved", "closed"])
histories = st.lists(st.tuples(st.floats(0, 30), statuses), max_size=8)


@given(histories, st.sampled_from(sorted(TARGETS)), st.floats(0, 2000))
def test_whatever_happened_clocks_are_in_order_and_look_ahead(
    history: list[tuple[float, str]], priority: str, hours: float
) -> None:
    steps, passed = [], 0.0
    for pause, status in history:
        passed += pause
        steps.append(step(passed, status))
    at = MONDAY + (passed + hours) * HOUR
    found = clocks(told(steps=steps, priority=priority), at, WEEKDAYS)
    dues = [each.due_at for each in found if each.due_at]
    assert dues == sorted(dues)
    assert all(each.next_at is None or each.next_at > at for each in found)
    assert all((each.stage == "breached") == (each.due_at is not None and each.due_at <= at) for each in found)


async def opened(world: World) -> Ticket:
    talk = await chat(world.lumen, world.ines)
    return await open_ticket(talk.id, "complaint", BOT, subject="Broken", summary="It is broken")


async def kept(ticket: Ticket) -> tuple[str | None, str | None, timedelta | None]:
    await look_at_clocks()
    row = await Ticket.get(id=ticket.id)
    due_at: datetime | None = row.clock_due_at
    return row.clock_kind, row.clock_stage, due_at - row.created_at if due_at else None


async def write(ticket: Ticket, actor: Actor, text: str) -> None:
    async with transaction():
        await post(ticket.conversation_id, actor, text, client_id=text)
        if actor.kind == "customer":
            await customer_replied(ticket.conversation_id)
        else:
            await first_reply_given(ticket.conversation_id)


@pytest.mark.anyio
async def test_a_tickets_row_knows_the_clock_that_presses(world: World, clock: FrozenClock) -> None:
    ticket = await opened(world)
    assert await kept(ticket) == ("first_reply", "", HOUR)
    await set_priority(ticket.id, "high", Actor.of(world.omar))
    assert await kept(ticket) == ("first_reply", "", 30 * MINUTE)
    await take(ticket.conversation_id, world.omar)
    await write(ticket, Actor.of(world.omar), "Sorry!")
    assert await kept(ticket) == ("resolution", "", 16 * HOUR)
    clock.advance(HOUR)
    await write(ticket, Actor.of(world.ines), "And now?")
    clock.advance(HOUR)
    await write(ticket, Actor.of(world.ines), "Hello?")
    assert await kept(ticket) == ("next_reply", "", 5 * HOUR)
    await write(ticket, Actor.of(world.omar), "A new one is on its way.")
    await await_customer(ticket.id, Actor.of(world.omar))
    assert await kept(ticket) == ("resolution", "", None)
    await resolve(ticket.id, Actor.of(world.omar))
    assert await kept(ticket) == (None, None, None)
    await reopen(ticket.id, Actor.of(world.omar))
    assert await kept(ticket) == ("resolution", "", 16 * HOUR)


@pytest.mark.anyio
async def test_a_warning_is_entered_once_and_only_when_its_time_has_come(world: World, clock: FrozenClock) -> None:
    ticket = await opened(world)
    for minutes in (0, 29, 1, 0, 30, 1):
        clock.advance(minutes * MINUTE)
        await look_at_clocks()
    entries = await TimelineEntry.filter(ticket_id=ticket.id, action="clock_warned").order_by("id")
    stages = [(entry.detail["clock"], entry.detail["stage"]) for entry in entries]
    assert stages == [("first_reply", "half"), ("first_reply", "breached")]
    assert await look_at_clocks() == 0


@pytest.mark.anyio
async def test_who_asks_the_bot_does_not_wait_for_an_agent(world: World) -> None:
    ticket = await opened(world)
    await write(ticket, Actor.of(world.ines), "Who is the provider?")
    assert (await Ticket.get(id=ticket.id)).asked_at is None


@pytest.mark.anyio
async def test_a_ticket_that_cannot_be_worked_out_holds_up_nobody(
    world: World, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = await opened(world), await opened(world)
    work_out = clockwork.clocks_of

    async def clocks_of(ticket: Ticket, at: datetime) -> list[Clock]:
        if ticket.id == broken.id:
            raise ZeroDivisionError("hours without end")
        return await work_out(ticket, at)

    monkeypatch.setattr(clockwork, "clocks_of", clocks_of)
    await look_at_clocks()
    assert (await Ticket.get(id=fine.id)).clock_kind == "first_reply"
    assert (await Ticket.get(id=broken.id)).clock_kind is None
    assert await look_at_clocks() == 0
    monkeypatch.undo()
    clock.advance(2 * HOUR)
    await look_at_clocks()
    assert (await Ticket.get(id=broken.id)).clock_kind == "first_reply"
