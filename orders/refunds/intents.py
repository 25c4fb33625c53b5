"""Writing refunds down: the order's lock, new intents with their parts, and each new state with its event."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.clock import now
from core.errors import NotFound
from core.ids import new_id
from core.jobs import enqueue
from core.people import Actor, Agent, shop_ids_of
from core.transactions import record
from orders.events import RefundIntentChanged
from orders.models import Order
from orders.refunds.accounts import MANUAL, account_of
from orders.refunds.books import Books
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.quote import TenderPart
from orders.refunds.states import IntentState, PartState
from orders.refunds.tenders import payments_of

TRIES_OF_JOB = 100  # a worker that ends during a try says nothing about the money


async def locked_order(order_id: int, actor: Actor) -> Order:
    """The order, ours until the commit, and after it the agent: their limit of a day is counted over all orders.

    Raises NotFound, also for an agent of another shop.
    """
    order = await Order.filter(id=order_id).select_for_update().first()
    if order is None or not await _may_act(actor, order.shop_id, lock=True):
        raise NotFound("no such order")
    return order


async def order_for(order_id: int, actor: Actor) -> Order:
    """The order as it is, for reading. Raises NotFound, also for an agent of another shop."""
    order = await Order.get_or_none(id=order_id)
    if order is None or not await _may_act(actor, order.shop_id, lock=False):
        raise NotFound("no such order")
    return order


async def locked_intent(intent_id: int, actor: Actor) -> tuple[RefundIntent, Order]:
    """The intent with its order, both ours until the commit. The order comes first, always. Raises NotFound."""
    known = await RefundIntent.get_or_none(id=intent_id)
    if known is None:
        raise NotFound("no such refund")
    order = await locked_order(known.order_id, actor)
    return await RefundIntent.get(id=intent_id), order


async def add_parts(
    intent: RefundIntent, books: Books, tenders: Sequence[TenderPart], told: Collection[str] = ()
) -> list[RefundPart]:
    """One part for each payment; an account that serves it, or somebody who pays by hand.

    One part at each gateway carries lines and shipping, but for gateways that were `told` of them by an attempt before.
    """
    payments = {payment.source_id: payment for payment in payments_of(books)}
    parts: list[RefundPart] = []
    for tender in tenders:
        payment = payments[tender.payment]
        typed = bool(intent.wish.get("typed_details"))
        account = None if typed else account_of(payment, books.order, books.accounts)
        gateway = account.gateway if account else MANUAL
        part = await RefundPart.create(
            public_id=new_id("rfp"),
            intent=intent,
            order_id=intent.order_id,
            account=account,
            gateway=gateway,
            payment=payment.source_id,
            payment_ref=payment.gateway_ref,
            tender=payment.tender,
            captured=payment.captured,
            carries=gateway not in {*told, *(each.gateway for each in parts)},
            amount=tender.amount,
            currency=intent.currency,
            state=PartState.CREATED.value,
            created_at=now(),
        )
        parts.append(part)
    return parts


async def enter(intent: RefundIntent, state: IntentState, **changes: Any) -> None:
    """Give the intent a new state, and say so. Part of a running change."""
    intent.state = state.value
    intent.version += 1
    intent.update_from_dict(changes)
    await intent.save()
    record(
        RefundIntentChanged(
            intent_id=intent.id,
            order_id=intent.order_id,
            shop_id=intent.shop_id,
            case_id=intent.case_id,
            state=state.value,
        )
    )


async def plan_payments(parts: Sequence[RefundPart]) -> None:
    """Let the worker send these parts."""
    for part in parts:
        await plan(part, "refund.pay")


async def resume(intent: RefundIntent) -> None:
    """Let the worker go on with parts that had to wait while the intent was frozen."""
    for part in await RefundPart.filter(intent_id=intent.id, state__in=(PartState.CREATED, PartState.SENT)):
        await plan(part, "refund.pay", again=f"resumed:{intent.version}")


async def plan(part: RefundPart, kind: str, after: timedelta = timedelta(), *, again: str = "") -> None:
    """Plan a try (`refund.pay`) or a question (`refund.look`), once for each count of both that the part has.

    `again` tells a further one for the same counts from the first.
    """
    at: datetime | None = now() + after if after else None
    name = f"{kind}:{part.public_id}:{part.tries}:{part.looks}:{again}".rstrip(":")
    await enqueue(kind, {"part": part.public_id}, run_at=at, key=name, max_attempts=TRIES_OF_JOB)


async def plan_telling(part: RefundPart) -> None:
    """Let the order know of a part that has arrived, or has not after all."""
    if part.state in (PartState.SUCCEEDED, PartState.FAILED):
        name = f"refund.record:{part.public_id}:{part.state}"
        await enqueue("refund.record", {"part": part.public_id}, key=name, lane=f"refund.record:{part.order_id}")


async def _may_act(actor: Actor, shop_id: int, *, lock: bool) -> bool:
    if actor.kind != "agent":
        return True
    mine = Agent.filter(id=actor.id, active=True)
    # Rows that name the agent may still be written meanwhile: no key is changed.
    agent = await (mine.select_for_update(no_key=True) if lock else mine).first()
    return agent is not None and shop_id in await shop_ids_of(agent)
