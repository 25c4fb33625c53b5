"""What happens elsewhere and moves a case: its parcels arrive, its money moves, the shop answers a claim."""

from core.people import SYSTEM
from core.transactions import transaction
from orders.claims.models import Claim
from orders.claims.rules import What
from orders.models import Shipment
from orders.statuses import ParcelState
from tickets.aftersales.fulfilling import claim_settled
from tickets.aftersales.models import AfterSale
from tickets.aftersales.money import follow_intent, last_intent
from tickets.aftersales.moves import Case, locked_case
from tickets.aftersales.states import OVER, State


async def follow(public_id: str) -> None:
    """Bring a case up to what its parcels, its money and its claim say now; a second look changes nothing."""
    if not await AfterSale.exists(public_id=public_id):
        return
    async with transaction():
        case = await locked_case(public_id, SYSTEM)
        if case.row.state in OVER:
            return
        if case.row.state in (State.APPROVED, State.REFUND_FAILED):
            await _follow_claim(case)
        if (intent := await last_intent(case.row)) is not None:
            await follow_intent(case, intent)
        await _follow_parcels(case)


async def _follow_claim(case: Case) -> None:
    claim = await Claim.filter(case_id=case.row.public_id, what=What.CANCEL).order_by("-id").first()
    if claim is not None and case.row.state == State.APPROVED:
        await claim_settled(case, claim, by_rule=True)


async def _follow_parcels(case: Case) -> None:
    row = case.row
    if row.state in (State.AWAITING_RETURN, State.RETURN_IN_TRANSIT) and await _has_come(row.returned_id):
        await case.move(State.RECEIVED, by=SYSTEM)
    elif row.state == State.REPLACING and not row.difference_open and await _has_come(row.replacement_id):
        await case.move(State.CLOSED, by=SYSTEM)


async def _has_come(parcel_id: int | None) -> bool:
    return parcel_id is not None and await Shipment.exists(
        id=parcel_id, state=ParcelState.DELIVERED.value, cancelled=False
    )
