"""What waits for a second person: refunds and compensation, for those who may decide and for those who asked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.bundles import Bundle, Later
from core.people import AGENT, Agent
from orders.refunds.models import RefundIntent
from orders.refunds.preview import waiting_for_approval
from tickets.aftersales.models import AfterSale
from tickets.complaints.goodwill import AWAITING
from tickets.complaints.models import Compensation
from tickets.models import Ticket

MOST = 50
_REFUNDS = (
    "SELECT r.id FROM refund_intent AS r WHERE r.shop_id IN ({shops}) AND r.state = 'awaiting_approval'"
    " AND (r.requested_kind = 'agent' AND r.requested_id = {agent}) = {own} LIMIT {most}"
)
_COMPENSATIONS = (
    "SELECT c.id FROM compensation AS c WHERE c.shop_id IN ({shops}) AND c.state = 'awaiting_approval'"
    " AND (c.offered_by_id = {agent}) = {own} LIMIT {most}"
)
_COUNT = (
    f"SELECT (SELECT COUNT(*) FROM ({_REFUNDS}) AS a)"  # noqa: S608 (constants)
    f" + (SELECT COUNT(*) FROM ({_COMPENSATIONS}) AS b) AS found"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What was asked for and waits, with its order and shop, and the ticket that it is for."""

    asked: RefundIntent | Compensation
    ticket: Ticket | None
    since: datetime


def approvals_count_in(bundle: Bundle, agent: Agent, shop_ids: Collection[int], most: int) -> Later[int]:
    """How many wait for this supervisor, or were asked for by this agent; each kind counts up to `most`."""
    of = {"shops": list(shop_ids), "agent": agent.id, "own": agent.role == AGENT, "most": most}
    rows = bundle.table("found", _COUNT, **of)
    return lambda: int(rows[0]["found"])


async def waiting_approvals(agent: Agent, shop_ids: Sequence[int], *, limit: int = MOST) -> list[Approval]:
    """The oldest first: all of these shops for supervisors, what they asked for themselves for agents."""
    offers = Compensation.filter(shop_id__in=shop_ids, state=AWAITING)
    if agent.role == AGENT:
        offers = offers.filter(offered_by_id=agent.id)
    own = agent.id if agent.role == AGENT else None
    intents = await waiting_for_approval(shop_ids, asked_by=own, limit=limit)
    gifts = (
        await offers.order_by("offered_at", "id")
        .limit(limit)
        .select_related("order", "shop", "offered_by", "complaint__ticket__conversation__customer")
    )
    tickets = await tickets_of_cases([intent.case_id for intent in intents])
    found = [Approval(asked=each, ticket=tickets.get(each.case_id), since=each.created_at) for each in intents]
    found += [Approval(asked=each, ticket=each.complaint.ticket, since=each.offered_at) for each in gifts]
    return sorted(found, key=lambda each: each.since)[:limit]


async def tickets_of_cases(case_ids: Collection[str]) -> dict[str, Ticket]:
    """The ticket, with its customer, of each case of a refund: the case is one, or an after-sales case of one."""
    found = {
        ticket.public_id: ticket
        for ticket in await Ticket.filter(public_id__in=list(case_ids)).select_related("conversation__customer")
    }
    cases = AfterSale.filter(public_id__in=list(case_ids), ticket_id__not_isnull=True)
    for case in await cases.select_related("ticket__conversation__customer"):
        if case.ticket is not None:
            found[case.public_id] = case.ticket
    return found
