"""The clocks of a ticket: first reply, next reply, resolution; when they are due, warn and are overrun. Pure.

They run in the shop's business hours. The clock of the resolution stands while the ticket waits for the customer, twice
at most; what is reopened within seven days goes on with its old clock.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.business_hours import BusinessHours
from core.deadlines import Pause, deadline
from core.errors import Invalid
from tickets.statuses import Status

FIRST_REPLY, NEXT_REPLY, RESOLUTION = "first_reply", "next_reply", "resolution"
CLOCKS = (FIRST_REPLY, NEXT_REPLY, RESOLUTION)
ACKNOWLEDGEMENT, ANSWER, DECISION, INFORMATION = "acknowledgement", "answer", "decision", "information"  # of complaints
HALF, MOST, LAST, BREACHED = "half", "most", "last", "breached"  # 50 %, 80 %, two hours before, overrun
MOST_PAUSES = 2
SAME_CLOCK = timedelta(days=7)  # of calendar time between resolving and reopening

_LAST_HOURS = timedelta(hours=2)  # of calendar time: how long somebody still has, not how much work fits in


@dataclass(frozen=True, slots=True)
class Targets:
    """How much business time each clock gives."""

    first_reply: timedelta
    next_reply: timedelta
    resolution: timedelta


def _targets(*minutes: int) -> Targets:
    return Targets(*(timedelta(minutes=each) for each in minutes))


# P1 to P4; a day of work is eight hours of business time.
TARGETS = {
    "urgent": _targets(15, 60, 8 * 60),
    "high": _targets(30, 4 * 60, 16 * 60),
    "normal": _targets(60, 8 * 60, 24 * 60),
    "low": _targets(4 * 60, 8 * 60, 40 * 60),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of a ticket at a moment (UTC): `status` is the one it had from then on."""

    at: datetime
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """Which steps of a complaint are done, and when (UTC)."""

    acknowledged_at: datetime | None
    decided_at: datetime | None
    informed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a ticket's clocks are told from. Times in UTC."""

    opened_at: datetime
    priority: str
    steps: Sequence[Step] = ()  # changes of the status, oldest first
    first_replied_at: datetime | None = None
    promised_at: datetime | None = None  # when the customer was told that somebody answers first
    asked_at: datetime | None = None  # since when the customer waits for another answer
    complaint: Handling | None = None  # a complaint has clocks of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A clock that has not stopped. `due_at` is None while it stands; `stage` is the last warning that has passed."""

    kind: str
    started_at: datetime
    due_at: datetime | None
    stage: str  # empty · half · most · last · breached
    next_at: datetime | None  # when the stage changes by itself


def clocks(story: Story, at: datetime, hours: BusinessHours, targets: Mapping[str, Targets] = TARGETS) -> list[Clock]:
    """The clocks that run or stand `at`, the first to be due first. A finished ticket has none."""
    status = story.steps[-1].status if story.steps else Status.OPEN
    if status in (Status.RESOLVED, Status.CLOSED):
        return []
    target, found = targets[story.priority], []
    if story.first_replied_at is None:
        found.append(_first_reply(story, target, at, hours))
    elif story.asked_at is not None and status == Status.OPEN:
        found.append(_clock(NEXT_REPLY, story.asked_at, target.next_reply, at, hours))
    start, pauses = _work(story)
    if story.complaint is None:
        found.append(_clock(RESOLUTION, start, target.resolution, at, hours, pauses))
    else:
        found += _steps(story.complaint, story.opened_at, start, pauses, target, at, hours)
    return sorted(found, key=lambda clock: (clock.due_at is None, clock.due_at or at))


def targets_of(stored: Mapping[str, Mapping[str, int]] | None) -> dict[str, Targets]:
    """The defaults with what a shop has set instead: {"urgent": {"first_reply": 15, …}, …} in minutes."""
    return {
        priority: replace(usual, **{kind: timedelta(minutes=set_to) for kind, set_to in own.items() if kind in CLOCKS})
        for priority, usual in TARGETS.items()
        for own in [(stored or {}).get(priority, {})]
    }


def _first_reply(story: Story, target: Targets, at: datetime, hours: BusinessHours) -> Clock:
    """What was promised to the customer counts when it comes before the target. The first answer to a complaint is one
    of substance, and takes longer; that it has arrived, the acknowledgement says."""
    kind, length = (ANSWER, target.next_reply) if story.complaint else (FIRST_REPLY, target.first_reply)
    clock = _clock(kind, story.opened_at, length, at, hours)
    if story.promised_at is None or clock.due_at is None or clock.due_at <= story.promised_at:
        return clock
    return _read(kind, story.opened_at, story.promised_at, [], at)


def _steps(
    done: Handling,
    received: datetime,
    start: datetime,
    pauses: Sequence[Pause],
    target: Targets,
    at: datetime,
    hours: BusinessHours,
) -> Iterator[Clock]:
    """A complaint is acknowledged, decided, and then the customer is told; what is undone has a clock."""
    if done.acknowledged_at is None:
        yield _clock(ACKNOWLEDGEMENT, received, target.first_reply, at, hours)
    if done.decided_at is None:
        yield _clock(DECISION, start, target.resolution, at, hours, pauses)
    elif done.informed_at is None:
        yield _clock(INFORMATION, done.decided_at, target.next_reply, at, hours)


def _work(story: Story) -> tuple[datetime, list[Pause]]:
    """When the clock of the resolution started, and when it stood."""
    start, waits, rests, ended = story.opened_at, list[Pause](), list[Pause](), None
    for step, until in zip(story.steps, [*(following.at for following in story.steps[1:]), None], strict=False):
        if step.status == Status.PENDING:
            waits.append(Pause(step.at, until))
        elif step.status in (Status.RESOLVED, Status.CLOSED):
            ended = ended or step.at
            rests.append(Pause(step.at, until))
        elif ended is not None:
            if step.at - ended > SAME_CLOCK:
                start, waits, rests = step.at, [], []
            ended = None
    return start, [*waits[:MOST_PAUSES], *rests]


def _clock(
    kind: str,
    start: datetime,
    length: timedelta,
    at: datetime,
    hours: BusinessHours,
    pauses: Sequence[Pause] = (),
) -> Clock:
    shares = [(HALF, length / 2), (MOST, length * 0.8), (BREACHED, length)]
    moments = [(name, _moment(start, share, hours, pauses)) for name, share in shares]
    *warnings, (_, due) = moments
    return _read(kind, start, due, [(name, moment) for name, moment in warnings if moment is not None], at)


def _moment(start: datetime, length: timedelta, hours: BusinessHours, pauses: Sequence[Pause]) -> datetime | None:
    """None also for a desk that hardly ever opens: its clocks stand."""
    try:
        return deadline(start, length, hours=hours, pauses=pauses)
    except Invalid:
        return None


def _read(
    kind: str, start: datetime, due: datetime | None, warnings: Iterable[tuple[str, datetime]], at: datetime
) -> Clock:
    moments = list(warnings)
    if due is not None:
        moments.append((BREACHED, due))
        if due - _LAST_HOURS > start:
            moments.append((LAST, due - _LAST_HOURS))
    moments.sort(key=lambda warning: (warning[1], warning[0] == BREACHED))
    stage = next((name for name, moment in reversed(moments) if moment <= at), "")
    upcoming = next((moment for _, moment in moments if moment > at), None)
    return Clock(kind=kind, started_at=start, due_at=due, stage=stage, next_at=upcoming)
