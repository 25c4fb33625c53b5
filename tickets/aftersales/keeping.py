"""Units that have not left stay where they are while a case about them is decided, and are let go when it has ended."""

from core.errors import Conflict, Invalid
from core.people import SYSTEM
from orders.claims.cancellation import claim_lines
from orders.claims.models import LIVE, REFUSED, Claim
from orders.claims.rules import What
from orders.claims.settling import release_claim
from orders.policies.deciding import Stage
from orders.policies.documents import read_wish
from tickets.aftersales.kinds import traits
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.states import OVER, State

_DECIDED_ON = (State.UNDER_REVIEW, State.NEEDS_INFO, State.PLATFORM_REVIEW)
_ENDED = (*OVER, State.REJECTED, State.REFUNDED)


def is_unsent(row: AfterSale) -> bool:
    """Whether a case is about money for units that had not left when it was opened."""
    about = traits(row.kind)
    return about.money and about.units and read_wish(row.wish).stage is Stage.UNSHIPPED


async def follow_keeping(row: AfterSale) -> None:
    """After a step of a locked case: lock what it is about for shipping, or let go of it."""
    if row.state in _ENDED:
        await let_go(row)
    elif row.state in _DECIDED_ON and is_unsent(row):
        await _keep(row)


async def let_go(row: AfterSale) -> None:
    """The units may be sent, or claimed for something else."""
    for claim in await Claim.filter(case_id=row.public_id, what=What.KEEP, state__in=LIVE):
        await release_claim(claim.id, SYSTEM)


async def _keep(row: AfterSale) -> None:
    """Once: what the shop would not keep is not asked for again, and what others decide about is theirs."""
    if await Claim.exists(case_id=row.public_id, what=What.KEEP, state__in=(*LIVE, REFUSED)):
        return
    lines = await AfterSaleLine.filter(case_id=row.id).select_related("line")
    units = tuple((line.line.source_id, line.asked) for line in lines)
    if not units:
        return
    try:
        await claim_lines(row.order_id, What.KEEP, units, SYSTEM, reason=row.reason, case_id=row.public_id)
    except (Conflict, Invalid):
        return
