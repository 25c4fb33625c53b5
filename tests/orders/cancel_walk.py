"""Every order in which customers, an agent, the warehouse, the shop's answers and its news can meet: one end for all.

The real verbs run on a real database in one transaction; a tree of savepoints takes each step back again. Places that
were reached before, by another way, are not walked through twice.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any

from core.clock import FrozenClock
from core.errors import Conflict
from core.people import BOT, SYSTEM
from core.shops import Shop
from core.sql import fetch
from core.transactions import transaction
from orders.claims.cancellation import AT_ONCE, request_address, request_cancellation
from orders.claims.models import DONE, LIVE, REFUSED, Claim
from orders.claims.reading import units_of
from orders.claims.rules import What, Why
from orders.claims.settling import ADDRESS, CANCEL, HOLD, RELEASE, answered, concluded, follow_orders
from orders.claims.shop_actions import Outcome, Said, Stands
from orders.events import OrderChanged
from orders.models import Order, OrderLine
from orders.statuses import Closure, Fulfilment
from tests.people import make_order, make_shop

HOME = {"country": "US", "city": "Salem", "lines": ["1 Elm St"]}
_names = count(1)


@dataclass(frozen=True)
class Place:
    """Where all parties are. The shop decides about each of its orders alone and at once; its words travel."""

    held: frozenset[int] = frozenset()  # by which claims
    cancelled: bool = False
    shipped: bool = False
    city: str = "Boston"
    news: tuple[str, ...] = ()  # what the shop has told and nobody has read
    answers: tuple[tuple[int, str, Outcome], ...] = ()  # on their way to us
    left: tuple[str, ...] = ()  # steps that parties have not taken yet
    over: bool = False  # the time of the claims


@dataclass
class Walk:
    """One search: the order, what has been seen, and how many ways there were."""

    order: Order
    clock: FrozenClock
    seen: dict[Any, int] = field(default_factory=dict)

    async def ways(self, place: Place) -> int:
        """Take every step that is possible here; returns in how many ways that ended, each of them well."""
        key = (place, tuple(await _claims(self.order)))
        if key not in self.seen:
            self.seen[key] = 0
            steps = self._steps(place)
            for step in steps:
                async with undone():
                    self.seen[key] += await self.ways(await step())
            if not steps:
                async with undone():
                    await self._end(place)
                self.seen[key] = 1
        return self.seen[key]

    def _steps(self, place: Place) -> list[Callable[[], Awaitable[Place]]]:
        found: list[Callable[[], Awaitable[Place]]] = []
        for name in dict.fromkeys(place.left):
            found.append(self._taking(name, place))
        for position in range(len(place.answers)):
            found.append(self._hearing_answer(position, place))
        if place.news:
            found.append(lambda: self._read(place))
        return found

    def _taking(self, name: str, place: Place) -> Callable[[], Awaitable[Place]]:
        left = list(place.left)
        left.remove(name)
        return lambda: getattr(self, f"_{name}")(replace(place, left=tuple(left)))

    async def _customer(self, place: Place) -> Place:
        return await asked(place, request_cancellation(self.order.id, None, "customer", BOT, case_id="tkt_1"))

    async def _agent(self, place: Place) -> Place:
        return await asked(place, request_address(self.order.id, HOME, SYSTEM))

    async def _ship(self, place: Place) -> Place:
        """The warehouse sends what is neither stopped nor cancelled."""
        if place.held or place.cancelled or place.shipped:
            return place
        return replace(place, shipped=True, news=(*place.news, "shipped"))

    async def _worker(self, place: Place) -> Place:
        """A job asks the shop for the next step of each claim; the answers are on their way."""
        for claim in await Claim.filter(order_id=self.order.id).exclude(step="").order_by("id"):
            place, outcome = at_shop(place, claim)
            place = replace(place, answers=(*place.answers, (claim.id, claim.step, outcome)))
        return place

    async def _unheard(self, place: Place) -> Place:
        """The same, and the answers are lost on their way."""
        for claim in await Claim.filter(order_id=self.order.id).exclude(step="").order_by("id"):
            place, _ = at_shop(place, claim)
        return place

    async def _twice(self, place: Place) -> Place:
        """Answers that are on their way arrive once more."""
        return replace(place, answers=(*place.answers, *place.answers))

    async def _time(self, place: Place) -> Place:
        """Time is over, and the shop says how the order stands."""
        return await self._conclude(place, sure=True)

    async def _blind(self, place: Place) -> Place:
        """Time is over, and nobody knows how the order stands."""
        return await self._conclude(place, sure=False)

    async def _conclude(self, place: Place, *, sure: bool) -> Place:
        moment = self.clock.now()
        self.clock.advance(AT_ONCE)
        for claim in await Claim.filter(order_id=self.order.id, state__in=LIVE).order_by("id"):
            await concluded(claim.id, stands(place, claim) if sure else Stands.UNKNOWN)
        self.clock.advance(moment - self.clock.now())
        return place

    def _hearing_answer(self, position: int, place: Place) -> Callable[[], Awaitable[Place]]:
        async def hear() -> Place:
            claim_id, step, outcome = place.answers[position]
            await answered(claim_id, step, outcome)
            return replace(place, answers=place.answers[:position] + place.answers[position + 1 :])

        return hear

    async def _read(self, place: Place) -> Place:
        """The mirror learns the next of the shop's news."""
        await mirror(self.order, place.news[0])
        return replace(place, news=place.news[1:])

    async def _end(self, place: Place) -> None:
        """All that is left is done, and everybody must be of one mind."""
        while place.answers or place.news or await self._open():
            place = await self._worker(place)
            while place.answers:
                place = await self._hearing_answer(0, place)()
            while place.news:
                place = await self._read(place)
            place = await self._conclude(place, sure=True)
        await self._check(place)

    async def _open(self) -> bool:
        claims = await Claim.filter(order_id=self.order.id)
        return any(claim.state in LIVE or claim.step for claim in claims)

    async def _check(self, place: Place) -> None:
        claims = await Claim.filter(order_id=self.order.id).order_by("id")
        order = await Order.get(id=self.order.id)
        whole = [claim for claim in claims if claim.what == What.CANCEL and claim.whole and claim.units]
        assert not [claim for claim in claims if claim.state in LIVE or claim.step], "every claim has one end"
        assert not place.held, "nothing is stopped for nothing"
        assert not (place.cancelled and place.shipped), "the shop decides once"
        assert any(claim.state == DONE for claim in whole) == place.cancelled == (order.closure == Closure.CANCELLED)
        assert place.shipped == (order.fulfilment == Fulfilment.SHIPPED)
        assert not [claim for claim in claims if claim.contradicted_at]
        edits = [claim.state for claim in claims if claim.what == What.ADDRESS and claim.units]
        assert (DONE in edits) == (place.city == "Salem") == (order.ship_to.get("city") == "Salem")
        refunded = sum(1 for claim in whole if claim.state == DONE)
        assert refunded == int(place.cancelled), "money goes back once, and only for what was cancelled"
        for claim in claims:
            if claim.state == REFUSED and claim.why == Why.HANDED_OVER:
                assert place.shipped


async def asked(place: Place, wish: Awaitable[Claim]) -> Place:
    """Somebody wants something; that somebody else is being served is an answer, too."""
    try:
        await wish
    except Conflict as refusal:
        if refusal.code != "being_decided":
            raise
    return place


def at_shop(place: Place, claim: Claim) -> tuple[Place, Outcome]:
    """What the shop does when it is asked for the claim's next step: the same again changes nothing."""
    done, key = Outcome(said=Said.DONE, reference="h"), claim.id
    if claim.step == RELEASE:
        free = replace(place, held=place.held - {key})
        told = Outcome(said=Said.REFUSED, why=Why.CANCELLED_AT_SHOP) if place.cancelled else done
        return free, told
    if claim.step == CANCEL and place.cancelled:
        return place, done
    if place.cancelled or place.shipped:
        why = Why.CANCELLED_AT_SHOP if place.cancelled else Why.HANDED_OVER
        return place, Outcome(said=Said.REFUSED, why=why)
    if claim.step == HOLD:
        return replace(place, held=place.held | {key}), done
    if claim.step == ADDRESS:
        news = place.news if place.city == "Salem" else (*place.news, "moved")
        return replace(place, city="Salem", held=place.held - {key}, news=news), done
    return replace(place, cancelled=True, held=frozenset(), news=(*place.news, "cancelled")), done


def stands(place: Place, claim: Claim) -> Stands:
    if place.cancelled:
        return Stands.CANCELLED
    if place.shipped:
        return Stands.SHIPPED
    if claim.what == What.ADDRESS and place.city == "Salem":
        return Stands.CHANGED
    return Stands.HELD if claim.id in place.held else Stands.OPEN


async def mirror(order: Order, news: str) -> None:
    """Write what a delivery says into the rows, as folding does, and let the claims follow."""
    if news == "cancelled":
        await Order.filter(id=order.id).update(closure=Closure.CANCELLED.value)
    elif news == "moved":
        row = await Order.get(id=order.id)
        row.ship_to = HOME
        row.folded_at = row.folded_at + timedelta(hours=1)
        await row.save(update_fields=["ship_to", "folded_at"])
    else:
        await Order.filter(id=order.id).update(fulfilment=Fulfilment.SHIPPED.value)
        for line in await OrderLine.filter(order_id=order.id):
            await OrderLine.filter(id=line.id).update(quantity_shipped=line.quantity)
    event = OrderChanged(order_id=order.id, shop_id=order.shop_id, version=2, before="a", after="b")
    await follow_orders.otherwise(event)


async def _claims(order: Order) -> list[tuple[Any, ...]]:
    rows = await Claim.filter(order_id=order.id).order_by("id")
    return [(c.id, c.what, c.state, c.why, c.step, c.reference, units_of(c.units), c.contradicted_at) for c in rows]


@asynccontextmanager
async def undone() -> AsyncIterator[None]:
    """Whatever happens in the block has not happened afterwards."""
    name = f"step{next(_names)}"
    await fetch(f"SAVEPOINT {name}")
    try:
        yield
    finally:
        await fetch(f"ROLLBACK TO SAVEPOINT {name}")
        await fetch(f"RELEASE SAVEPOINT {name}")


async def _an_order() -> Order:
    shop = await make_shop("lumen", "Lumen")
    await Shop.filter(id=shop.id).update(demo=True)
    order = await make_order(shop, "1001", email="ines@example.com")
    for place, units in enumerate((1, 2)):
        await OrderLine.create(
            order_id=order.id, source_id=f"line{place}", title="Lamp", quantity=units, position=place, unit_price=900
        )
    return order


# The steps that parties take, by what the scene is about. The short ones hold every kind of step; the long ones let
# more of them meet, some 30,000 ways.
SHORT = {
    "two wishes and the warehouse": ("customer", "customer", "ship", "worker", "worker"),
    "answers that come twice": ("customer", "ship", "worker", "twice", "time"),
    "nobody knows in time": ("customer", "ship", "unheard", "worker", "blind"),
    "an edit in between": ("customer", "agent", "ship", "worker"),
    "an edit whose answer is lost": ("customer", "agent", "worker", "unheard", "blind"),
    "asked again after a no": ("customer", "customer", "unheard", "blind", "worker"),
}
LONG = {
    "two wishes and the warehouse": ("customer", "customer", "ship", "worker", "worker", "worker"),
    "answers that come twice": ("customer", "ship", "worker", "worker", "twice", "time"),
    "answers that are lost": ("customer", "ship", "unheard", "worker", "worker", "time"),
    "nobody knows in time": ("customer", "ship", "unheard", "unheard", "worker", "blind"),
    "an edit in between": ("customer", "agent", "ship", "worker", "time"),
    "an edit whose answer is lost": ("customer", "agent", "worker", "unheard", "unheard", "blind"),
    "asked again after a no": ("customer", "customer", "ship", "unheard", "blind", "worker"),
}


async def walk(steps: tuple[str, ...], clock: FrozenClock) -> int:
    """All ways through a scene, in an empty database. Returns how many there are."""
    order = await _an_order()
    async with transaction() as unit:
        ways = await Walk(order, clock).ways(Place(left=steps))
        unit.pending.clear()
    return ways
