"""What may happen to a desk's mail: processes killed, lines cut at any byte, a mailbox renumbered, a database gone."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from random import Random

from app.mail.mailbox_models import Mailbox
from app.mail.models import OutgoingMail
from core.clock import now
from core.jobs import READY, RUNNING, Job
from tests.faults.mail_desks import USER, MailDesk, any_part
from tests.faults.proxy import FaultProxy, Weather

Fault = Callable[[MailDesk, Random], Awaitable[None]]
KILLS = 8  # in each round through all faults
KILL = "kill -9"
RECENT = 60.0  # seconds for which it is looked whether the desk has written down what it has heard
TRIES = 8  # of a job, whose pauses are cut short while things break


def faults_at_random(desk: MailDesk, chance: Random) -> Iterator[tuple[str, Fault]]:
    """Without end. Each fault on each hop comes before any comes again; the first one is a kill."""
    line_faults = [(f"{hop}: {name}", partial(act, hop=hop)) for hop in desk.hops for name, act in ON_A_LINE.items()]
    deck: list[tuple[str, Fault]] = [*line_faults, *([(KILL, kill)] * KILLS), *ALWAYS.items()]
    deck += list(WITH_POSTGRES.items()) if desk.postgres else []
    yield KILL, kill
    while True:
        chance.shuffle(deck)
        yield from deck


async def kill(desk: MailDesk, chance: Random) -> None:
    """One part of the desk ends in the middle of whatever it does, and starts again at once."""
    part = any_part(desk, chance)
    await asyncio.to_thread(desk.kill, part)
    await note_unsure(desk)
    await free_what_was_held(part)
    await asyncio.to_thread(desk.start, part)


async def note_unsure(desk: MailDesk) -> None:
    """The desk was hurt: what it has heard and not written down may leave once more, under its name."""
    heard = desk.outside.last_words.recent(RECENT)
    if heard:
        known = OutgoingMail.filter(state="sent", header_id__in=heard)
        desk.outside.last_words.unsure(heard - {str(name) for name in await known.values_list("header_id", flat=True)})


async def free_what_was_held(part: str) -> None:
    """As if the minute had passed after which others take the work of a process that has died."""
    if part in ("all", "workers"):
        await Job.filter(state=RUNNING).update(lease_until=now() - timedelta(seconds=1))
    if part in ("all", "intake"):
        await Mailbox.all().update(lease_until=now() - timedelta(seconds=1), not_before=None)


async def make_due(moment: datetime, *, tries: int) -> None:
    """Nobody waits an hour for the next try of a mail, or for the next look into a mailbox."""
    waiting = Job.filter(state=READY, kind__startswith="mail.", run_at__gt=moment, attempts__lt=tries)
    await waiting.update(run_at=moment)
    await Mailbox.filter(not_before__gt=moment).update(not_before=None)


async def reset(desk: MailDesk, chance: Random, *, hop: str) -> None:
    """A line may just have been in its last word."""
    desk.hops[hop].reset()
    await note_unsure(desk)


async def half_close(desk: MailDesk, chance: Random, *, hop: str) -> None:
    desk.hops[hop].half_close()
    await note_unsure(desk)


async def cut_answers(desk: MailDesk, chance: Random, *, hop: str) -> None:
    """Lines break in the middle of what the other side says, wherever that is."""
    await _weather(desk.hops[hop], Weather(deaf_after=chance.randrange(20, 600)), chance.uniform(0.1, 0.6))


async def stall(desk: MailDesk, chance: Random, *, hop: str) -> None:
    desk.hops[hop].stall()
    await asyncio.sleep(chance.uniform(0.1, 0.8))
    desk.hops[hop].clear()


async def refuse(desk: MailDesk, chance: Random, *, hop: str) -> None:
    await _weather(desk.hops[hop], Weather(refusing=True), chance.uniform(0.1, 0.6))


async def new_numbers(desk: MailDesk, chance: Random) -> None:
    """The mailbox moves to another server: all mails get new numbers under another UIDVALIDITY."""
    hop = desk.hops["imap"]
    hop.weather = Weather(refusing=True)
    hop.reset()
    await asyncio.sleep(0.2)
    await asyncio.to_thread(desk.outside.post_box.renumber, USER)
    hop.clear()


async def try_again(desk: MailDesk, chance: Random) -> None:
    """The world's server takes whole mails and then has no room for them: 450 after the dot."""
    hop, outside = desk.hops["out"], desk.outside
    hop.target = outside.grumpy.port
    hop.reset()
    await note_unsure(desk)
    await asyncio.sleep(chance.uniform(0.2, 1))
    hop.target = outside.sink.port
    hop.reset()


async def stop_database(desk: MailDesk, chance: Random) -> None:
    assert desk.postgres is not None
    await asyncio.to_thread(desk.postgres.stop, signal.SIGQUIT)
    await asyncio.sleep(chance.uniform(0, 1))
    await asyncio.to_thread(desk.postgres.start)
    await note_unsure(desk)


async def cut_commits(desk: MailDesk, chance: Random) -> None:
    """The database has committed, and nobody hears of it."""
    await _weather(desk.hops["database"], Weather(cut_every=chance.randint(1, 4)), chance.uniform(0.3, 1))
    await note_unsure(desk)


async def kill_redis(desk: MailDesk, chance: Random) -> None:
    assert desk.redis is not None
    await asyncio.to_thread(desk.redis.kill)
    await asyncio.sleep(chance.uniform(0, 1))
    await asyncio.to_thread(desk.redis.start)


async def _weather(hop: FaultProxy, weather: Weather, seconds: float) -> None:
    hop.weather = weather
    await asyncio.sleep(seconds)
    hop.clear()


ON_A_LINE = {"reset": reset, "half-close": half_close, "cut answers": cut_answers, "stall": stall, "refuse": refuse}
ALWAYS: dict[str, Fault] = {"mailbox: new UIDVALIDITY": new_numbers, "out: 450 after the dot": try_again}
WITH_POSTGRES: dict[str, Fault] = {
    "database: immediate stop": stop_database,
    "database: COMMIT unheard": cut_commits,
    "redis: kill -9": kill_redis,
}
