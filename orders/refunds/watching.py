"""Refunds that wait: whose next step was lost, and what has waited so long that a person should look."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.expressions import Q

from core.clock import now
from core.jobs import READY, RUNNING, Job
from core.transactions import transaction
from orders.refunds.accounts import MANUAL
from orders.refunds.intents import plan
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.states import UNDER_WAY, IntentState, PartState

LOST_AFTER = timedelta(minutes=5)
STUCK_AFTER = timedelta(hours=1)
AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A refund that waits. `why`: approval · by_hand · frozen · no_answer (nobody knows) · accepted (not settled)."""

    intent: RefundIntent
    part: RefundPart | None
    why: str
    since: datetime


async def stuck(older_than: timedelta = STUCK_AFTER, *, limit: int = AT_ONCE) -> list[Waiting]:
    """What waits longer than that, the oldest first."""
    before = now() - older_than
    deciding = (IntentState.AWAITING_APPROVAL, IntentState.FROZEN)
    intents = RefundIntent.filter(state__in=deciding, created_at__lt=before).order_by("created_at", "id").limit(limit)
    parts = RefundPart.filter(
        state__in=UNDER_WAY, created_at__lt=before, intent__state__in=(IntentState.CREATED, IntentState.PENDING)
    )
    waiting = [
        Waiting(
            intent=intent,
            part=None,
            why="approval" if intent.state == IntentState.AWAITING_APPROVAL else "frozen",
            since=intent.created_at,
        )
        for intent in await intents.select_related("order")
    ]
    waiting += [
        Waiting(intent=part.intent, part=part, why=_why(part), since=part.created_at)
        for part in await parts.order_by("created_at", "id").limit(limit).select_related("intent__order")
    ]
    return sorted(waiting, key=lambda each: each.since)[:limit]


async def plan_lost() -> int:
    """Give parts under way that have no job a next step. Returns how many there were."""
    before = now() - LOST_AFTER
    quiet = Q(sent_at__isnull=True) | Q(sent_at__lt=before)
    leaving = Q(state__in=UNDER_WAY, intent__state__in=(IntentState.CREATED, IntentState.PENDING))
    doubted = Q(state=PartState.SUCCEEDED) & ~Q(doubt="")
    parts = RefundPart.filter(quiet, leaving | doubted, created_at__lt=before)
    lost = 0
    for part in await parts.order_by("created_at", "id").limit(AT_ONCE):
        if part.gateway == MANUAL and part.state == PartState.PENDING:
            continue
        planned = Job.filter(key__startswith="refund.", key__contains=f":{part.public_id}:", state__in=(READY, RUNNING))
        if not await planned.exists():
            kind = "refund.pay" if part.state == PartState.CREATED else "refund.look"
            async with transaction():
                await plan(part, kind, again=f"lost:{int(now().timestamp())}")
            lost += 1
    return lost


def _why(part: RefundPart) -> str:
    if part.gateway == MANUAL:
        return "by_hand"
    return "accepted" if part.state == PartState.PENDING else "no_answer"
