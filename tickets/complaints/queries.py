"""The complaints of some shops as rows, and what money waits for a second person or stands out; few statements."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from tortoise.expressions import F, Q

from orders.models import Order
from tickets.complaints.goodwill import AWAITING, ISSUED
from tickets.complaints.models import Compensation, Complaint
from tickets.complaints.report import Row
from tickets.complaints.steps import SETTLED, Step

MOST = 5000  # complaints that one page counts


async def complaint_rows(shops: Sequence[int], since: datetime) -> list[Row]:
    """All complaints received since (UTC), and all that are open or wait for their follow-up; the newest first."""
    asked = Q(received_at__gte=since) | ~Q(step__in=SETTLED) | Q(step=Step.INFORMED)
    found = Complaint.filter(asked, shop_id__in=list(shops)).order_by("-received_at", "-id").limit(MOST)
    complaints = await found.select_related("ticket__assignee", "shop")
    cost: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    issued = Compensation.filter(complaint_id__in=[one.id for one in complaints], state=ISSUED)
    for complaint_id, currency, amount in await issued.values_list("complaint_id", "currency", "amount"):
        cost[int(complaint_id)][str(currency)] += int(amount)
    return [_row(one, dict(cost[one.id])) for one in complaints]


async def orders_since(shops: Sequence[int], since: datetime) -> int:
    """How many orders these shops have got since (UTC)."""
    return await Order.filter(shop_id__in=list(shops), placed_at__gte=since).count()


async def waiting_compensations(shops: Sequence[int], limit: int = 50) -> list[Compensation]:
    """What waits for a second person, the oldest first, with ticket, order and who offered it."""
    rows = Compensation.filter(shop_id__in=list(shops), state=AWAITING).order_by("offered_at", "id").limit(limit)
    return await rows.select_related("complaint__ticket", "order", "offered_by")


async def outliers(shops: Sequence[int], since: datetime, limit: int = 50) -> list[Compensation]:
    """What was given beside the matrix (more than it, or less) since then, the newest first."""
    apart = Q(amount__gt=F("proposed")) | Q(amount__lt=F("proposed"))
    given = Compensation.filter(apart, shop_id__in=list(shops), offered_at__gte=since)
    rows = given.exclude(state__in=("refused", "withdrawn")).order_by("-offered_at", "-id").limit(limit)
    return await rows.select_related("complaint__ticket", "order", "offered_by")


def _row(one: Complaint, cost: dict[str, int]) -> Row:
    moments = [moment for moment in (one.ticket.clock_due_at, one.external_due_at) if moment is not None]
    return Row(
        number=one.ticket.number,
        subject=one.ticket.subject,
        shop=one.shop.name,
        assignee=one.ticket.assignee.name if one.ticket.assignee else "",
        severity=one.severity,
        step=one.step,
        cause=one.cause or "",
        outcome=one.outcome or "",
        remedy=one.remedy or "",
        repeat=bool(one.repeat),
        escalated=one.escalated_at is not None,
        received_at=one.received_at,
        decided_at=one.decided_at,
        due_at=min(moments, default=None),
        follow_up_due_at=one.follow_up_due_at,
        cost=cost,
    )
