"""Sending a part to its gateway: that it will be sent is committed before the gateway hears of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import now
from core.transactions import transaction
from orders.refunds.accounts import MANUAL
from orders.refunds.case import Reason
from orders.refunds.from_order import CHARGES
from orders.refunds.gateway import Account, Instruction, InstructionLine
from orders.refunds.held import Held, hold, read
from orders.refunds.intents import enter, plan
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.states import IntentState, PartState

LONGEST_CALL = timedelta(minutes=1)  # after that the caller gives up
_TO_SEND = (PartState.CREATED, PartState.SENT)
_LEAVING = (IntentState.CREATED, IntentState.PENDING)


@dataclass(frozen=True, slots=True)
class Errand:
    """What the gateway is to be asked now."""

    gateway: str
    instruction: Instruction


async def begin_try(key: str, pause: timedelta = timedelta()) -> Errand | None:
    """Note that the part is sent now, whatever becomes of it; None if there is nothing to send.

    `pause`: the least time between two refunds of one order at this gateway. A try that comes earlier is put off, and
    so is one while another call may still be on its way: some gateways know a key only once they have done with it.
    Raises NotFound.
    """
    async with transaction():
        held = await hold(key)
        part, intent = held.part, held.intent
        if part.state not in _TO_SEND or part.doubt or intent.state not in _LEAVING:
            return None
        moment = now()
        free_at = max(await _free_at(part, pause), part.busy_until or moment)
        if free_at > moment:
            await plan(part, "refund.pay", free_at - moment, again=str(int(free_at.timestamp())))
            return None
        part.state = PartState.SENT.value
        part.tries, part.looks, part.sent_at = part.tries + 1, 0, moment
        part.busy_until = moment + 2 * LONGEST_CALL
        await part.save(update_fields=["state", "tries", "looks", "sent_at", "busy_until"])
        if intent.state == IntentState.CREATED:
            await enter(intent, IntentState.PENDING)
        return _errand(held)


async def errand_of(key: str) -> Errand:
    """What a gateway is asked of a part that was sent. Raises NotFound."""
    return _errand(await read(key))


async def _free_at(part: RefundPart, pause: timedelta) -> datetime:
    """When the gateway may be asked for another refund of the order."""
    others = RefundPart.filter(order_id=part.order_id, gateway=part.gateway, sent_at__isnull=False).exclude(id=part.id)
    last = await others.order_by("-sent_at").first() if pause else None
    return last.sent_at + pause if last is not None and last.sent_at is not None else part.created_at


def _errand(held: Held) -> Errand:
    part, intent, account = held.part, held.intent, held.account
    instruction = Instruction(
        key=part.public_id,
        account=Account(
            gateway=part.gateway,
            address=account.address if account else "",
            credentials=account.credentials if account else {},
        ),
        payment_ref=part.payment_ref,
        order_source_id=held.order_source_id,
        order_number=held.order_number,
        amount=part.amount,
        currency=part.currency,
        captured=part.captured,
        reason=Reason(intent.reason),
        note=intent.note,
        lines=_lines(intent) if part.carries else (),
        shipping=intent.shipping + intent.shipping_tax if part.carries else 0,
        reference=part.gateway_ref,
        payment=part.payment,
        since=part.created_at,
    )
    return Errand(part.gateway, instruction)


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
