"""Work that comes back by itself: each run plans the next, and a key keeps several processes from doubling it."""

from datetime import datetime, timedelta
from typing import Any

from app.auth.identifying import forget_uses
from app.auth.sessions import forget_dead_sessions
from app.auth.visitors import forget_dead_tokens
from app.files.intake import contents_of
from app.files.storage import FolderStorage, Storage
from app.jobs.context import JobContext
from app.mail.holding import forget_ended
from app.mail.leaving.forgetting import forget_contents
from app.mail.leaving.holding import forget_forwards
from conversations.attachments import UNPOSTED_LIVE, forget_unposted, known
from conversations.drafting import forget_old_drafts
from conversations.holding import forget_settled
from core.clock import now
from core.jobs import DONE, Job, enqueue, forget_done
from tickets.resolution import close_settled

EVERY = {
    "housekeeping.daily": timedelta(hours=24),
    "tickets.close": timedelta(hours=1),
    "promise.judge": timedelta(minutes=1),
    "audit.seal": timedelta(minutes=1),
    "tickets.clocks": timedelta(minutes=1),
    "rules.tick": timedelta(minutes=1),
    "aftersales.timers": timedelta(minutes=1),
    "answers.review": timedelta(minutes=1),
    "routing.tick": timedelta(minutes=1),
    "refund.sweep": timedelta(minutes=5),
    "orders.reconcile": timedelta(minutes=15),
    "refund.reconcile": timedelta(hours=24),
    "demo.tick": timedelta(seconds=20),
}
KEEP_VISITORS = timedelta(days=180)
KEEP_DONE = timedelta(days=7)
KEEP_SETTLED = timedelta(days=1)  # held replies; the messages stay
KEEP_DRAFTS = timedelta(days=90)
RESOLVED_STAYS = timedelta(days=3)  # the customer's time to say that it is not
CLOSED_AT_ONCE = 500
SWEPT_AT_ONCE = 500


async def schedule(*, demo: bool) -> None:
    """Make sure that every periodic job has its next run planned."""
    for kind in EVERY:
        if kind != "demo.tick" or demo:
            await plan_next(kind, now())


async def plan_next(kind: str, after: datetime) -> None:
    """Plan the run that follows `after`: one for each period, however many ask for it."""
    period, slot = EVERY[kind].total_seconds(), _slot(kind, after) + 1
    await enqueue(
        kind, {}, run_at=datetime.fromtimestamp(slot * period, after.tzinfo), key=f"{kind}:{slot}", max_attempts=3
    )


async def forget_run(kind: str, at: datetime) -> None:
    """Forget the run of the period of `at` if it is done: for what comes so often that a week of it is no record."""
    await Job.filter(key=f"{kind}:{_slot(kind, at)}", state=DONE).delete()


def _slot(kind: str, at: datetime) -> int:
    return int(at.timestamp() // EVERY[kind].total_seconds())


async def keep_house(args: dict[str, Any], context: JobContext) -> None:
    """Forget finished jobs, dead sessions, visitors who never came back, old drafts, holds that are over, bytes
    of mails that left long ago, and files that nobody posted."""
    await plan_next("housekeeping.daily", now())  # first: the next night may go better than this one
    await forget_done(KEEP_DONE)
    await forget_dead_sessions()
    await forget_dead_tokens(KEEP_VISITORS)
    await forget_uses()
    await forget_settled(KEEP_SETTLED)
    await forget_forwards(KEEP_SETTLED)
    await forget_old_drafts(KEEP_DRAFTS)
    await forget_ended()
    await forget_contents()
    await sweep_files(FolderStorage(context.settings.files_folder))


async def sweep_files(storage: Storage) -> None:
    """Forget files that were not posted within a day, and contents whose row a crash has prevented."""
    while gone := await forget_unposted():
        await storage.remove([key for public_id in gone for key in contents_of(public_id)])
    old = await storage.keys_before(now() - UNPOSTED_LIVE)
    for first in range(0, len(old), SWEPT_AT_ONCE):
        kept = old[first : first + SWEPT_AT_ONCE]
        ours = await known([key.partition(".")[0] for key in kept])
        await storage.remove([key for key in kept if key.partition(".")[0] not in ours])


async def close_tickets(args: dict[str, Any], context: JobContext) -> None:
    """Close what was resolved three days ago and has been quiet since."""
    await plan_next("tickets.close", now())
    while await close_settled(now() - RESOLVED_STAYS, limit=CLOSED_AT_ONCE) == CLOSED_AT_ONCE:
        pass
