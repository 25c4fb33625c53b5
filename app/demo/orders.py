"""The orders of the demo: seventy lives in all states, told in the real wire formats, that move on while you watch."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from app.gateways.simulators.backroom import at_shop
from app.gateways.simulators.lives import steps, take
from app.gateways.simulators.market import CHINESE, ENGLISH, LIGHTS, TEAS, basket
from app.gateways.simulators.order import SimOrder
from app.gateways.simulators.payments import SERVICES, Accounts
from app.gateways.simulators.plots import PLOTS, Plot
from app.gateways.simulators.shop import deliver, tell
from app.gateways.simulators.wire import Wire
from core.clock import now as current_time
from core.shops import Shop
from orders.folding import fold_history
from orders.models import Order
from orders.receiving import import_history

FIRST_NUMBER = 1001
STABLE = 5  # the first orders of each shop belong to one customer and wait for visitors
LIVELY = 6  # so many orders of each shop are kept on the way
# who lives which life, from number 1001 on
PLAN = (
    "awaiting_confirmation",
    "in_transit",
    "out_for_delivery",
    "backordered",
    "delivered",
    "awaiting_payment",
    "payment_failed",
    "address_hold",
    "being_checked",
    "customs_hold",
    "processing",
    "partially_shipped",
    "label_only",
    "late",
    "pickup",
    "failed_attempt",
    "split_shipment",
    "damaged_parcel",
    "return_to_sender",
    "cancelled_unpaid",
    "refund_pending",
    "cancelled_refunded",
    "refunded",
    "partial_refund",
    "completed",
    "processing",
    "in_transit",
    "completed",
    "completed",
    "delivered",
    "paid_but_unconfirmed",
    "double_charge",
    "no_scans",
    "out_of_stock",
    "lost_parcel",
    "cancel_race",
)
_MAY_MOVE = frozenset({"processing", "in_transit"})


@dataclass(frozen=True, slots=True)
class _Moment:
    at: datetime
    wire: Wire


async def seed_orders(shop_en: Shop, shop_zh: Shop, now: datetime) -> None:
    """Give both shops their orders, every headline at least once. The same `now` makes the same orders."""
    for shop in (shop_en, shop_zh):
        moments: list[_Moment] = []
        for position, life in enumerate(PLAN):
            moments += _live(new_order(shop, FIRST_NUMBER + position, now), PLOTS[life], now)
        moments.sort(key=lambda moment: moment.at)
        for source in sorted({moment.wire.source for moment in moments}, key=lambda name: name != shop.platform):
            told = [(m.wire.headers, m.wire.body) for m in moments if m.wire.source == source]
            await fold_history(await import_history(shop, source, told))


async def tick(now: datetime) -> None:
    """Move one order of each demo shop one step; a new one comes in when few are on the way."""
    for shop in await Shop.filter(demo=True).order_by("id"):
        random = Random(f"{shop.key} {now.isoformat()}")
        moving = await _moving(shop)
        if len(moving) < LIVELY:
            order = new_order(shop, await _last_number(shop) + 1, now)
            await _happen(order, "submit:paid", now, random)
        elif moving:
            await _move(random.choice(moving), now)


async def advance(order_public_id: str) -> bool:
    """Move one demo order one step. False when its life is over, or there is no such demo order."""
    order = await Order.get_or_none(public_id=order_public_id, shop__demo=True)
    return order is not None and _is_simulated(order) and await _move(order, current_time())


def new_order(shop: Shop, number: int, now: datetime) -> SimOrder:
    """An order that nobody has placed yet; its goods and its buyer follow from the shop and the number."""
    random = Random(f"{shop.key} {number}")
    people, goods = (CHINESE, TEAS) if shop.language == "zh" else (ENGLISH, LIGHTS)
    position = number - FIRST_NUMBER
    name, email, address = people[0] if position < STABLE else people[1 + position % (len(people) - 1)]
    order_id = _source_id(shop.id, number)
    lines = basket(order_id, goods, random)
    return SimOrder(
        shop=shop,
        id=str(order_id),
        number=number,
        placed_at=now,
        name=name,
        email=email,
        phone="",
        address=address.model_copy(update={"name": name}),
        lines=lines,
        method=random.choice(("alipay", "wechat") if shop.language == "zh" else ("card", "card", "paypal")),
        shipping=0 if shop.language == "zh" else 1200,
    )


def _live(order: SimOrder, plot: Plot, now: datetime) -> list[_Moment]:
    """Let a whole life happen, and keep what was told at each step; by the payment service, where only it knows."""
    random, moments = Random(order.id), list[_Moment]()
    accounts = Accounts(order.shop.key) if plot.by_service else None
    if plot.by_service and order.method not in SERVICES:
        order.method = "card"
    order.placed_at = (now - timedelta(hours=plot.life[0][0])).replace(microsecond=0)
    for hours, step in plot.life:
        at = (now - timedelta(hours=hours)).replace(microsecond=0)
        moments += [_Moment(at, wire) for wire in tell(order, take(order, step, at, random), at, accounts)]
    return moments


async def _moving(shop: Shop) -> list[Order]:
    """Orders that may move by themselves: new ones, and those of the plan that only keep the road busy."""
    settled = {str(FIRST_NUMBER + n) for n, life in enumerate(PLAN) if n < STABLE or life not in _MAY_MOVE}
    is_open = await Order.filter(shop_id=shop.id, closure="open").order_by("id")
    return [order for order in is_open if _is_simulated(order) and order.number_key not in settled]


async def _last_number(shop: Shop) -> int:
    named = await Order.filter(shop_id=shop.id).values_list("number_key", "source_id")
    return max(int(number) for number, source_id in named if _is_ours(shop.id, str(number), str(source_id)))


def _is_simulated(order: Order) -> bool:
    return _is_ours(order.shop_id, order.number_key, order.source_id)


def _is_ours(shop_id: int, number: str, source_id: str) -> bool:
    """A visitor may send orders of his own to a demo shop; those stay as he made them."""
    return (
        number.isascii()
        and number.isdigit()
        and len(number) < 19
        and source_id == str(_source_id(shop_id, int(number)))
    )


def _source_id(shop_id: int, number: int) -> int:
    """The platform's id of an order: above 2**53, as real ones can be."""
    return 9_200_000_000_000_000 + shop_id * 10**9 + number * 1000


async def _move(order: Order, now: datetime) -> bool:
    random = Random(f"{order.public_id} {now.isoformat()}")
    async with at_shop(await Shop.get(id=order.shop_id), order.source, order.source_id) as desk:
        step = steps(desk.order, random)
        if step is None:
            return False
        at = max(now.replace(microsecond=0), desk.at)
        await desk.tell(take(desk.order, step, at, random), at)
    return True


async def _happen(order: SimOrder, step: str, now: datetime, random: Random) -> None:
    at = now.replace(microsecond=0)
    for wire in tell(order, take(order, step, at, random), at):
        await deliver(wire)
