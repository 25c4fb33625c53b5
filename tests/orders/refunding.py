"""Orders that were paid for, and the worker's part of giving money back, for tests of refunds."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.gateways.refund_simulator import SimulatedRefunds
from core.clock import FrozenClock, now
from core.ids import new_id
from core.jobs import Claimed, claim, fail, finish
from core.shops import Shop
from core.text import reference
from orders.models import Order, OrderLine, Payment
from orders.refunds.models import PaymentAccount
from orders.refunds.payment_accounts import open_account as open_account_of
from orders.refunds.sending import begin_try, errand_of
from orders.refunds.settling import Source, settle_part

JOBS = {"refund.pay", "refund.look"}


async def bought(
    shop: Shop,
    *lines: tuple[str, int, int],
    paid: Sequence[tuple[str, int]] = (),
    shipping: int = 0,
    currency: str = "USD",
    email: str | None = None,
    **columns: Any,
) -> Order:
    """An order of lines (name, units, price of a unit), paid by tenders; by card if none is named."""
    number = new_id("n").upper()
    goods = sum(units * price for _, units, price in lines)
    total = goods + shipping
    order = await Order.create(
        **{
            "public_id": new_id("ord"),
            "shop_id": shop.id,
            "source": "generic",
            "source_id": new_id("src"),
            "number": number,
            "number_key": reference(number),
            "placed_at": now(),
            "currency": currency,
            "payment": "paid",
            "email": email,
            "total": total,
            "goods": goods,
            "shipping": shipping,
            "source_updated_at": now(),
            "folded_at": now(),
        }
        | columns
    )
    for place, (name, units, price) in enumerate(lines):
        await OrderLine.create(
            order=order, source_id=name, position=place, title=name, quantity=units, unit_price=price, shop_id=shop.id
        )
    await Payment.bulk_create(
        Payment(
            order_id=order.id,
            source_id=f"pay-{tender}",
            tender=tender,
            gateway_ref=f"ch-{tender}-{number}",
            state="paid",
            captured=amount,
            currency=currency,
            at=now(),
        )
        for tender, amount in paid or (("card", total),)
    )
    return order


async def open_account(shop: Shop, gateway: str = "simulator", **credentials: Any) -> PaymentAccount:
    return await open_account_of(shop, gateway, None, credentials=credentials)


async def work(gateway: SimulatedRefunds, clock: FrozenClock, *, rounds: int = 60, step: float = 30.0) -> None:
    """Do due jobs of refunds, and let time pass until there are none."""
    for _ in range(rounds):
        while held := await claim(50, kinds=JOBS):
            for job in held:
                await do(job, gateway)
        clock.advance(timedelta(seconds=step))


async def do(job: Claimed, gateway: SimulatedRefunds) -> None:
    key = str(job.args["part"])
    try:
        if job.kind == "refund.pay":
            if (errand := await begin_try(key)) is not None:
                await settle_part(key, await gateway.refund(errand.instruction), source=Source.ANSWER)
        else:
            errand = await errand_of(key)
            await settle_part(key, await gateway.look_up(errand.instruction), source=Source.QUERY)
    except Exception as error:
        await fail(job, repr(error))
        raise
    await finish(job)
