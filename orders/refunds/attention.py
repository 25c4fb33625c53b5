"""Refunds that do not go on by themselves: what a person has to do, and for which."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from tortoise.expressions import Q

from core.clock import now
from orders.refunds.accounts import MANUAL
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.states import UNDER_WAY, IntentState
from orders.refunds.watching import STUCK_AFTER

REMEMBERED = timedelta(days=30)  # failed ones that nobody has tried again
MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """`why`: frozen · failed · by_hand · no_answer (for an hour: asked again with the same key)."""

    intent: RefundIntent  # with order and shop
    parts: Sequence[RefundPart]
    why: str


async def needing_attention(shop_ids: Sequence[int], *, limit: int = MOST) -> list[Attention]:
    """What waits for a person in these shops, the oldest first. Four statements."""
    moment = now()
    going = Q(intent__state__in=(IntentState.CREATED.value, IntentState.PENDING.value), state__in=UNDER_WAY)
    late = Q(gateway=MANUAL) | Q(created_at__lt=moment - STUCK_AFTER)
    waiting = RefundPart.filter(going, late, intent__shop_id__in=shop_ids).order_by("created_at").limit(limit)
    ended = Q(state=IntentState.FROZEN.value)
    ended |= Q(state=IntentState.FAILED.value, created_at__gte=moment - REMEMBERED)
    which = Q(id__in=list(await waiting.values_list("intent_id", flat=True))) | ended
    chosen = RefundIntent.filter(which, shop_id__in=shop_ids).order_by("created_at", "id").limit(limit)
    intents = await chosen.select_related("order", "shop")
    parts: dict[int, list[RefundPart]] = defaultdict(list)
    for part in await RefundPart.filter(intent_id__in=[intent.id for intent in intents]).order_by("id"):
        parts[part.intent_id].append(part)
    again = RefundIntent.filter(case_id__in=[intent.case_id for intent in intents], attempt__gt=1)
    last: dict[str, int] = {}
    for case_id, attempt in await again.values_list("case_id", "attempt"):
        last[case_id] = max(attempt, last.get(case_id, 1))
    return [
        Attention(intent=intent, parts=parts[intent.id], why=_why(intent, parts[intent.id]))
        for intent in intents
        if intent.state != IntentState.FAILED or intent.attempt >= last.get(intent.case_id, 1)
    ]


def _why(intent: RefundIntent, parts: Sequence[RefundPart]) -> str:
    if intent.state in (IntentState.FROZEN, IntentState.FAILED):
        return str(intent.state)
    by_hand = any(part.gateway == MANUAL and part.state in UNDER_WAY for part in parts)
    return "by_hand" if by_hand else "no_answer"
