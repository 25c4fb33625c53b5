"""Sending a part to its gateway: that it will be sent is committed before the gateway hears of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import now
from core.errors import NotFound
from core.people import SYSTEM
from core.transactions import transaction
from orders.models import Order, Payment
from orders.refund_accounts import MANUAL
from orders.refund_case import Reason
from orders.refund_from_order import CHARGES
from orders.refund_gateway import Account, Instruction, InstructionLine
from orders.refund_intents import enter, locked_order, plan
from orders.refund_models import PaymentAccount, RefundIntent, RefundPart
from orders.refund_states import IntentState, PartState

_TO_SEND = (PartState.CREATED, PartState.SENT)
_LEAVING = (IntentState.CREATED, IntentState.PENDING)


@dataclass(frozen=True, slots=True)
class Errand:
    """What the gateway is to be asked now."""

    gateway: str
    instruction: Instruction


async def begin_try(key: str, pause: timedelta = timedelta()) -> Errand | None:
    """Note that the part is sent now, whatever becomes of it; None if there is nothing to send.

    `pause`: the least time between two refunds of one order at this gateway; earlier than that the try is put off.
    Raises NotFound.
    """
    async with transaction():
        part, order, intent = await locked_part(key)
        if part.state not in _TO_SEND or part.doubt or intent.state not in _LEAVING:
            return None
        moment = now()
        if (free_at := await _free_at(part, pause)) > moment:
            await plan(part, "refund.pay", free_at - moment, again=str(int(free_at.timestamp())))
            return None
        part.state = PartState.SENT.value
        part.tries, part.looks, part.sent_at = part.tries + 1, 0, moment
        await part.save(update_fields=["state", "tries", "looks", "sent_at"])
        if intent.state == IntentState.CREATED:
            await enter(intent, IntentState.PENDING)
        return Errand(part.gateway, await _instruction(part, intent, order))


async def errand_of(key: str) -> Errand:
    """What a gateway is asked of a part that was sent. Raises NotFound."""
    part = await RefundPart.get_or_none(public_id=key)
    if part is None:
        raise NotFound("no such refund")
    order, intent = await Order.get(id=part.order_id), await RefundIntent.get(id=part.intent_id)
    return Errand(part.gateway, await _instruction(part, intent, order))


async def locked_part(key: str) -> tuple[RefundPart, Order, RefundIntent]:
    """The part with its order and intent; the order's lock holds them all. Raises NotFound."""
    known = await RefundPart.get_or_none(public_id=key)
    if known is None:
        raise NotFound("no such refund")
    order = await locked_order(known.order_id, SYSTEM)
    part = await RefundPart.get(id=known.id)
    return part, order, await RefundIntent.get(id=part.intent_id)


async def _free_at(part: RefundPart, pause: timedelta) -> datetime:
    """When the gateway may be asked for another refund of the order."""
    others = RefundPart.filter(order_id=part.order_id, gateway=part.gateway, sent_at__isnull=False).exclude(id=part.id)
    last = await others.order_by("-sent_at").first() if pause else None
    return last.sent_at + pause if last is not None and last.sent_at is not None else part.created_at


async def _instruction(part: RefundPart, intent: RefundIntent, order: Order) -> Instruction:
    account = await PaymentAccount.get_or_none(id=part.account_id) if part.account_id else None
    payment = await Payment.get_or_none(order_id=order.id, source_id=part.payment)
    first = await RefundPart.filter(intent_id=intent.id, gateway=part.gateway).order_by("id").first()
    carries = first is not None and first.id == part.id
    return Instruction(
        key=part.public_id,
        account=Account(
            gateway=part.gateway,
            address=account.address if account else "",
            credentials=account.credentials if account else {},
        ),
        payment_ref=part.payment_ref,
        order_source_id=order.source_id,
        order_number=order.number,
        amount=part.amount,
        currency=part.currency,
        captured=payment.captured if payment else order.total,
        reason=Reason(intent.reason),
        note=intent.note,
        lines=_lines(intent) if carries else (),
        shipping=intent.shipping + intent.shipping_tax if carries else 0,
        reference=part.gateway_ref,
        payment=part.payment,
        since=part.created_at,
    )


def _lines(intent: RefundIntent) -> tuple[InstructionLine, ...]:
    """The units that come back; of what the customer keeps only the money counts."""
    return tuple(
        InstructionLine(line=name, quantity=units, net=net, tax=tax, restock=intent.restock)
        for name, units, net, tax in intent.lines
        if units and name != CHARGES
    )


def is_by_hand(part: RefundPart) -> bool:
    """Whether a person pays it, so that there is no gateway to ask."""
    return bool(part.gateway == MANUAL)
