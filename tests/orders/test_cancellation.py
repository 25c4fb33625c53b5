"""One decision for every line: the shop stops the goods, the claim ends once, and what the order says wins."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest

from app.gateways import shop_actions
from app.gateways.shop_simulator import SimulatedShop
from app.gateways.simulators.backroom import at_shop
from app.gateways.simulators.lives import take
from app.gateways.simulators.shop import deliver, tell
from app.reactions import connect
from app.realtime.hub import Hub
from core.clock import FrozenClock
from core.errors import Conflict, Invalid, NotFound
from core.events import Bus, use_bus
from core.people import BOT, SYSTEM
from core.shops import Shop
from orders.claims.cancellation import AT_ONCE, claim_lines, request_address, request_cancellation
from orders.claims.models import BY_HAND, DONE, HELD, REFUSED, RELEASED, REQUESTED, Claim, LineClaim
from orders.claims.rules import What, Why
from orders.claims.settling import answer_claim, answered, concluded, follow_orders, release_claim
from orders.claims.shop_actions import Action, Outcome, Said, Stands
from orders.events import OrderChanged
from orders.models import Order, OrderLine
from orders.statuses import Closure, Headline, Hold
from tests.orders.claiming import PAID, an_order, read_all, work
from tests.people import make_agent

CLAIMS = ("claim.act", "claim.conclude")


@pytest.fixture(autouse=True)
def _wired(clock: FrozenClock) -> Iterator[None]:
    use_bus(connect(Hub()))
    yield
    use_bus(Bus())


class Silent(SimulatedShop):
    """A shop behind a bad line: its answers to `lost` steps never come; what it was told happens all the same."""

    def __init__(self, *lost: str, deaf: bool = False) -> None:
        self.lost, self.deaf, self.asked = set(lost), deaf, list[str]()

    async def hold(self, action: Action) -> Outcome:
        return await self._maybe("hold", action)

    async def cancel(self, action: Action) -> Outcome:
        return await self._maybe("cancel", action)

    async def look_up(self, action: Action) -> Stands:
        return Stands.UNKNOWN if "look_up" in self.lost else await super().look_up(action)

    async def _maybe(self, step: str, action: Action) -> Outcome:
        self.asked.append(step)
        said = Outcome(said=Said.UNKNOWN)
        if not (self.deaf and step in self.lost):
            said = await getattr(SimulatedShop, step)(self, action)
        return Outcome(said=Said.UNKNOWN) if step in self.lost else said


@pytest.fixture
def a_line(monkeypatch: pytest.MonkeyPatch) -> list[Silent]:
    """Put a bad line in front of the demo shops: append to the list."""
    lines: list[Silent] = []
    real = shop_actions.ACTIONS["simulator"]
    monkeypatch.setattr("app.jobs.claims.actions_of", lambda platform: lines[-1] if lines else real)
    return lines


async def test_a_paid_order_is_cancelled_at_the_shop_and_here(lumen: Shop) -> None:
    order = await an_order(lumen, *PAID)
    claim = await request_cancellation(order.id, None, "customer", BOT, case_id="tkt_1")
    assert (claim.state, claim.why, claim.whole) == (REQUESTED, Why.FREE, True)
    await work(*CLAIMS)
    await claim.refresh_from_db()
    await order.refresh_from_db()
    assert (claim.state, order.closure, order.headline) == (DONE, Closure.CANCELLED, Headline.CANCELLED)
    assert not await LineClaim.filter(claim_id=claim.id, live__not_isnull=True).exists()


async def test_asked_twice_it_is_one_claim_and_then_the_same_answer(lumen: Shop) -> None:
    order = await an_order(lumen, *PAID)
    first = await request_cancellation(order.id, None, "customer", BOT)
    assert (await request_cancellation(order.id, None, "customer", SYSTEM)).id == first.id
    await work(*CLAIMS)
    again = await request_cancellation(order.id, None, "customer", BOT)
    assert (again.id, again.state) == (first.id, DONE)
    assert await Claim.all().count() == 1


async def test_some_units_are_cancelled_and_the_rest_is_sent(lumen: Shop) -> None:
    order = await an_order(lumen, *PAID)
    line = await OrderLine.filter(order_id=order.id).order_by("id").first()
    assert line is not None
    claim = await request_cancellation(order.id, ((line.source_id, 1),), "customer", BOT)
    await work(*CLAIMS)
    await claim.refresh_from_db()
    await line.refresh_from_db()
    await order.refresh_from_db()
    whole = await OrderLine.filter(order_id=order.id).count() == 1 and line.quantity == 1
    assert (claim.state, line.quantity_cancelled) == (DONE, 0 if whole else 1)
    assert order.closure == (Closure.CANCELLED if whole else Closure.OPEN)
    assert Hold.CUSTOMER_REQUEST not in order.holds


async def test_what_has_left_is_refused_at_once(lumen: Shop) -> None:
    order = await an_order(lumen, *PAID, "ship", "scan:label", "scan:collect")
    claim = await request_cancellation(order.id, None, "customer", BOT)
    assert (claim.state, claim.why) == (REFUSED, Why.HANDED_OVER)
    assert claim.settled_at == claim.created_at


async def test_the_warehouse_was_quicker_and_the_shop_says_so(lumen: Shop) -> None:
    """The parcel left while the shop's word of it was still on its way to us."""
    order = await an_order(lumen, *PAID)
    claim = await request_cancellation(order.id, None, "customer", BOT)
    await _leaves(order)
    await work(*CLAIMS)
    await claim.refresh_from_db()
    await order.refresh_from_db()
    assert (claim.state, claim.why) == (REFUSED, Why.HANDED_OVER)
    assert order.headline == Headline.SHIPPED


async def test_a_lost_answer_is_asked_for_again(lumen: Shop, clock: FrozenClock, a_line: list[Silent]) -> None:
    order = await an_order(lumen, *PAID)
    a_line.append(Silent("cancel", "hold", deaf=True))
    claim = await request_cancellation(order.id, None, "customer", BOT)
    await work(*CLAIMS)
    a_line.append(Silent())
    clock.advance(timedelta(seconds=3))
    await work(*CLAIMS)
    await claim.refresh_from_db()
    assert claim.state == DONE


async def test_the_shops_own_word_is_answer_enough(lumen: Shop, a_line: list[Silent]) -> None:
    order = await an_order(lumen, *PAID)
    a_line.append(Silent("cancel"))
    claim = await request_cancellation(order.id, None, "customer", BOT)
    await work("claim.act")
    await claim.refresh_from_db()
    assert (claim.state, claim.why) == (DONE, Why.CANCELLED_AT_SHOP)


@pytest.mark.parametrize(
    ("stands", "state", "why"),
    [
        (Stands.CANCELLED, DONE, Why.CANCELLED_AT_SHOP),
        (Stands.SHIPPED, REFUSED, Why.HANDED_OVER),
        (Stands.HELD, REFUSED, Why.NO_ANSWER),
        (Stands.OPEN, REFUSED, Why.NO_ANSWER),
    ],
)
async def test_when_time_is_over_the_order_is_asked(
    lumen: Shop, clock: FrozenClock, stands: Stands, state: str, why: Why
) -> None:
    order = await an_order(lumen, *PAID)
    claim = await request_cancellation(order.id, None, "customer", BOT)
    assert (await concluded(claim.id, stands)).state == REQUESTED  # its time is not over yet
    clock.advance(AT_ONCE)
    for _ in range(2):
        claim = await concluded(claim.id, stands)
        assert (claim.state, claim.why) == (state, why)


async def test_silence_is_a_final_no_and_nothing_stays_held(
    lumen: Shop, clock: FrozenClock, a_line: list[Silent]
) -> None:
    order = await an_order(lumen, *PAID)
    a_line.append(Silent("hold", "look_up"))
    claim = await request_cancellation(order.id, None, "customer", BOT)
    await work("claim.act")
    clock.advance(AT_ONCE)
    await work("claim.conclude")
    await claim.refresh_from_db()
    await order.refresh_from_db()
    assert (claim.state, claim.why, claim.step) == (REFUSED, Why.NO_ANSWER, "release")
    assert Hold.CUSTOMER_REQUEST in order.holds  # the lost hold had worked
    await work(*CLAIMS)
    await order.refresh_from_db()
    await claim.refresh_from_db()
    assert (claim.step, order.holds, order.closure) == ("", [], Closure.OPEN)


async def test_a_cancellation_that_shows_late_is_the_truth(
    lumen: Shop, clock: FrozenClock, a_line: list[Silent]
) -> None:
    order = await an_order(lumen, *PAID)
    a_line.append(Silent("hold", "look_up", deaf=True))
    claim = await request_cancellation(order.id, None, "customer", BOT)
    await work("claim.act")
    clock.advance(AT_ONCE)
    await work("claim.conclude")
    await answered(claim.id, "cancel", Outcome(said=Said.DONE))
    await answered(claim.id, "cancel", Outcome(said=Said.DONE))
    await claim.refresh_from_db()
    assert (claim.state, claim.step) == (DONE, "")


async def test_an_edit_and_a_cancellation_do_not_meet(lumen: Shop) -> None:
    order = await an_order(lumen, *PAID)
    home = {"country": "US", "city": "Salem", "lines": ["1 Elm St"], "postcode": "97301", "region": "OR"}
    edit = await request_address(order.id, home, SYSTEM)
    with pytest.raises(Conflict, match="decides") as refusal:
        await request_cancellation(order.id, None, "customer", BOT)
    assert (refusal.value.code, refusal.value.data["what"]) == ("being_decided", What.ADDRESS)
    await work(*CLAIMS)
    await edit.refresh_from_db()
    await order.refresh_from_db()
    assert (edit.state, order.ship_to["city"], order.holds) == (DONE, "Salem", [])
    claim = await request_cancellation(order.id, None, "customer", BOT)
    await work(*CLAIMS)
    await claim.refresh_from_db()
    assert claim.state == DONE
    with pytest.raises(Invalid):
        await request_address(order.id, {"country": "US"}, SYSTEM)


async def test_lines_of_an_open_case_are_kept_and_let_go(lumen: Shop) -> None:
    order = await an_order(lumen, *PAID)
    claim = await claim_lines(order.id, What.KEEP, None, SYSTEM, case_id="afs_1")
    await work(*CLAIMS)
    await claim.refresh_from_db()
    await order.refresh_from_db()
    assert (claim.state, claim.answer_by, order.holds) == (HELD, None, [Hold.CUSTOMER_REQUEST])
    await release_claim(claim.id, SYSTEM)
    await work(*CLAIMS)
    await claim.refresh_from_db()
    await order.refresh_from_db()
    assert (claim.state, claim.step, order.holds) == (RELEASED, "", [])


async def test_without_a_line_to_the_shop_a_person_answers(lumen: Shop, clock: FrozenClock) -> None:
    ada, order = await make_agent("Ada", role="admin"), await _by_hand(lumen)
    claim = await request_cancellation(order.id, None, "customer", BOT)
    assert (claim.way, claim.step, claim.state) == (BY_HAND, "", REQUESTED)
    assert (await answer_claim(ada, claim.public_id, possible=True)).state == DONE
    with pytest.raises(Conflict):
        await answer_claim(ada, claim.public_id, possible=False)
    assert (await request_cancellation(order.id, None, "customer", BOT)).id == claim.id  # the shop has not told of it


async def test_a_person_who_keeps_silent_is_a_no(lumen: Shop, clock: FrozenClock) -> None:
    order = await _by_hand(lumen)
    claim = await request_cancellation(order.id, None, "customer", BOT)
    assert claim.answer_by is not None
    clock.advance(claim.answer_by - clock.now())
    await work(*CLAIMS)
    await claim.refresh_from_db()
    assert (claim.state, claim.why, claim.step) == (REFUSED, Why.NO_ANSWER, "")


async def test_claims_of_other_shops_are_not_there(lumen: Shop) -> None:
    stranger, order = await make_agent("Wei"), await _by_hand(lumen)
    claim = await request_cancellation(order.id, None, "customer", BOT)
    for agent, name in ((stranger, claim.public_id), (await make_agent("Ada", role="admin"), "clm_nothing")):
        with pytest.raises(NotFound):
            await answer_claim(agent, name, possible=True)


async def test_sent_all_the_same_after_the_yes(lumen: Shop) -> None:
    """A shop that ships what it has cancelled by hand contradicts itself: that is seen, and the yes is not repeated."""
    ada, order = await make_agent("Ada", role="admin"), await _by_hand(lumen)
    claim = await request_cancellation(order.id, None, "customer", BOT)
    await answer_claim(ada, claim.public_id, possible=True)
    await _leaves(order)
    await read_all()
    await claim.refresh_from_db()
    assert (claim.state, claim.contradicted_at is not None) == (DONE, True)
    assert (await request_cancellation(order.id, None, "customer", BOT)).state == REFUSED


async def test_a_line_that_the_shop_takes_off_is_cancelled(lumen: Shop) -> None:
    order = await _by_hand(lumen)
    claim = await request_cancellation(order.id, None, "customer", BOT)
    await OrderLine.create(order_id=order.id, source_id="instead", title="Another lamp", quantity=1)
    await OrderLine.filter(order_id=order.id).exclude(source_id="instead").delete()
    await _changes(order)
    await claim.refresh_from_db()
    assert (claim.state, claim.why) == (DONE, Why.CANCELLED_AT_SHOP)


async def test_an_order_may_tell_of_its_lines_only_later(lumen: Shop) -> None:
    order = await _by_hand(lumen)
    await OrderLine.filter(order_id=order.id).delete()
    claim = await request_cancellation(order.id, None, "customer", BOT)
    line = await OrderLine.create(order_id=order.id, source_id="lamp", title="Lamp", quantity=2)
    await _changes(order)
    await claim.refresh_from_db()
    assert claim.state == REQUESTED
    await OrderLine.filter(id=line.id).update(quantity_shipped=1)
    await _changes(order)
    await claim.refresh_from_db()
    assert (claim.state, claim.why) == (REFUSED, Why.HANDED_OVER)


async def test_a_stale_page_and_units_that_are_not_there(lumen: Shop) -> None:
    order = await an_order(lumen, *PAID)
    with pytest.raises(Conflict) as stale:
        await request_cancellation(order.id, None, "customer", BOT, order_version=order.version + 1)
    assert stale.value.code == "stale_order"
    for units in ((), (("nothing", 1),)):
        with pytest.raises(Invalid):
            await request_cancellation(order.id, units, "customer", BOT)


async def test_two_at_the_same_time_get_one_claim(lumen: Shop, both_databases: str) -> None:
    order = await an_order(lumen, *PAID)
    wishes = [request_cancellation(order.id, None, "customer", BOT) for _ in range(4)]
    claims = await asyncio.gather(*wishes)
    assert len({claim.id for claim in claims}) == 1


async def _by_hand(shop: Shop) -> Order:
    """The same order in a shop that nobody can talk to over the network."""
    order = await an_order(shop, *PAID)
    await Shop.filter(id=shop.id).update(demo=False)
    return order


async def _changes(order: Order) -> None:
    await follow_orders.otherwise(
        OrderChanged(order_id=order.id, shop_id=order.shop_id, version=2, before="a", after="b")
    )


async def _leaves(order: Order) -> None:
    """The warehouse sends it, and the shop's word of that has not been read yet."""
    shop = await Shop.get(id=order.shop_id)
    async with at_shop(shop, order.source, order.source_id) as desk:
        wires = tell(desk.order, take(desk.order, "ship", desk.at, Random(1)), desk.at)
    for wire in wires:
        await deliver(wire)
