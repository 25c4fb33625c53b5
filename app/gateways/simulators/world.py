"""A simulated world: a shop's orders with their lives, and all that is told of them, from a seed and a clock. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from app.gateways.simulators.lives import take
from app.gateways.simulators.market import CHINESE, ENGLISH, LIGHTS, TEAS, basket
from app.gateways.simulators.order import SimLine, SimOrder
from app.gateways.simulators.payments import METHODS, Accounts
from app.gateways.simulators.plots import PLOTS, possible
from app.gateways.simulators.shop import letters
from app.gateways.simulators.truth import Truth, truth_of
from app.gateways.simulators.wire import Letter
from core.shops import Shop

_SPREAD = timedelta(hours=48)  # the last of the lives ended now, the first so long ago
_TWIN_AFTER = timedelta(minutes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is to be simulated. `plots`: name → how often; empty: as on an ordinary day, with some of everything."""

    shop: Shop
    seed: int
    clock: datetime
    orders: int
    plots: Mapping[str, float]
    tracker: str = ""  # a tracking service; empty: the shop tells of scans
    service: str = ""  # a payment service; empty: the shop tells of payments alone


@dataclass(frozen=True, slots=True)
class Said:
    """One letter: when it was due, about which order (its source id), and what was true after it."""

    at: datetime
    order: str
    letter: Letter
    truth: Truth


@dataclass(frozen=True, slots=True)
class Story:
    """All letters in the order in which they were due, and what is true in the end, by the source id of the order."""

    said: tuple[Said, ...]
    truths: Mapping[str, Truth]


def play(scene: Scene) -> Story:
    """Let all orders live. The same scene gives the same bytes. Raises ValueError for a plot that cannot be told."""
    names = possible(scene.shop.platform, tracker=scene.tracker, service=scene.service)
    weights = dict(scene.plots) or {name: float(PLOTS[name].weight) for name in names}
    if strangers := sorted(set(weights) - set(names)):
        raise ValueError(", ".join(strangers))
    random, accounts = Random(f"{scene.seed} {scene.shop.key}"), Accounts(scene.shop.key)
    said: list[Said] = []
    truths: dict[str, Truth] = {}
    for position in range(scene.orders):
        plot = _plot(list(scene.plots), weights, position, random)
        end = scene.clock - random.random() * _SPREAD
        first = new_order(scene, 2 * position, random)
        cast = [first, twin_of(scene, first, 2 * position + 1)] if PLOTS[plot].twice else [first]
        for delay, order in enumerate(cast):
            said += _lived(order, plot, end + delay * _TWIN_AFTER, accounts if scene.service else None)
            truths[order.id] = said[-1].truth
    said.sort(key=lambda one: (one.at, one.order))
    return Story(tuple(said), truths)


def _plot(named: Sequence[str], weights: Mapping[str, float], position: int, random: Random) -> str:
    """What was asked for by name comes first, each at least once."""
    drawn = random.choices(list(weights), list(weights.values()))[0]
    return named[position] if position < len(named) else drawn


def new_order(scene: Scene, position: int, random: Random) -> SimOrder:
    """An order that nobody has placed yet. Its number tells worlds apart, also the same one played at another time."""
    shop = scene.shop
    people, goods = (CHINESE, TEAS) if shop.language == "zh" else (ENGLISH, LIGHTS)
    number = _first_number(scene) + position
    name, email, address = random.choice(people)
    ways = ("alipay", "wechat") if shop.language == "zh" else ("card", "card", "paypal")
    order_id = _source_id(shop, number)
    return SimOrder(
        shop=shop,
        id=str(order_id),
        number=number,
        placed_at=scene.clock,
        name=name,
        email=f"{number}.{email}",
        phone="",
        address=address.model_copy(update={"name": name}),
        lines=basket(order_id, goods, random),
        method=METHODS[scene.service] if scene.service else random.choice(ways),
        shipping=0 if shop.language == "zh" else 1200,
        tracker=scene.tracker,
    )


def twin_of(scene: Scene, order: SimOrder, position: int) -> SimOrder:
    """The same person orders the same goods."""
    twin = new_order(scene, position, Random(order.id))
    twin.name, twin.email, twin.address, twin.method = order.name, order.email, order.address, order.method
    twin.lines = [
        SimLine(str(int(twin.id) + place + 1), line.title, line.variant, line.sku, line.quantity, line.price)
        for place, line in enumerate(order.lines)
    ]
    return twin


def _lived(order: SimOrder, plot: str, end: datetime, accounts: Accounts | None) -> list[Said]:
    random, life = Random(f"{order.id} {plot}"), PLOTS[plot].life
    order.placed_at = (end - timedelta(hours=life[0][0])).replace(microsecond=0)
    said: list[Said] = []
    for hours, step in life:
        at = (end - timedelta(hours=hours)).replace(microsecond=0)
        told = letters(order, take(order, step, at, random), at, accounts)
        truth = truth_of(order, PLOTS[plot].headline.value if (hours, step) == life[-1] else None)
        said += [Said(at, order.id, letter, truth) for letter in told]
    return said


def _first_number(scene: Scene) -> int:
    world = Random(f"{scene.seed} {scene.shop.key} {scene.clock.isoformat()}")
    room = int(10 ** len(str(2 * scene.orders)))
    return (1 + world.randrange(1_000_000)) * room + 1


def _source_id(shop: Shop, number: int) -> int:
    """The platform's id of an order: above 2**53, as real ones can be, and none of the demo's."""
    return 7_000_000_000_000_000_000 + (int(shop.id) % 100) * 10**16 + number * 1000
