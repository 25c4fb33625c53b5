"""A case as its customer may hear of it, read from its rows."""

from app.case_letters import CaseFacts
from core.money import Money
from core.shops import Shop
from orders.models import Order, Shipment
from orders.policies.timers import OnExpiry
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.states import IntentState, PartState
from tickets.aftersales.decisions import BY_POLICY
from tickets.aftersales.kinds import traits
from tickets.aftersales.models import AfterSale, AfterSaleLine, AfterSaleTimer
from tickets.aftersales.money import last_intent
from tickets.aftersales.states import State
from tickets.aftersales.timers import EXPIRED

_PARCELS = {State.RETURN_IN_TRANSIT: "returned_id", State.REPLACING: "replacement_id"}


async def case_facts(case: AfterSale, order: Order) -> CaseFacts:
    """What is to be told of a case as it stands now."""
    shop = await Shop.get(id=case.shop_id)
    lines = await AfterSaleLine.filter(case_id=case.id).order_by("id").select_related("line")
    intent = await last_intent(case)
    running = await AfterSaleTimer.filter(case_id=case.id, done_at=None).order_by("due_at").first()
    parcel_id = getattr(case, _PARCELS.get(State(case.state), ""), None)
    parcel = await Shipment.get_or_none(id=parcel_id) if parcel_id else None
    decision = case.decision
    return CaseFacts(
        step=await _step(case),
        number=case.number,
        kind=case.kind,
        order=order.number,
        items=tuple((line.line.title, line.granted) for line in lines if line.granted),
        timezone=shop.timezone,
        due_at=running.due_at if running is not None else None,
        by_policy=decision.get("rule") == BY_POLICY,
        row=str(decision.get("row") or ""),
        source=str(decision.get("source") or ""),
        answer=case.answer,
        way_back_by=str(decision.get("way_back_by") or "customer"),
        refund_within=decision.get("refund_within"),
        refund_from=str(decision.get("refund_from") or "notice"),
        amount=Money(intent.amount + await _paid_before(intent), intent.currency) if intent is not None else None,
        approval=intent is not None and intent.state == IntentState.AWAITING_APPROVAL,
        carrier=parcel.carrier if parcel is not None else "",
        tracking=parcel.tracking_number if parcel is not None else "",
    )


async def _paid_before(intent: RefundIntent) -> int:
    """What earlier attempts have paid already, in minor units."""
    parts = RefundPart.filter(intent__case_id=intent.case_id, intent__attempt__lt=intent.attempt)
    return sum(part.paid or 0 for part in await parts.filter(state=PartState.SUCCEEDED))


async def _step(case: AfterSale) -> str:
    """The state, or what has happened in it: money and parcels have ends of their own."""
    if case.state == State.REPLACING and case.replacement_id is not None:
        return "sent"
    if case.state != State.CLOSED:
        return str(case.state)
    last = await AfterSaleTimer.filter(case_id=case.id).order_by("-done_at", "-id").first()
    ran_out = last is not None and (last.outcome, last.on_expiry) == (EXPIRED, OnExpiry.CLOSE)
    if ran_out and not case.platform_word:  # such a time never closes a case that a platform keeps
        return "expired"
    ends = {"refunded": "refunded", "delivered": "arrived"}
    return ends.get(traits(case.kind).ends, "closed")
