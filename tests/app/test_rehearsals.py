"""Bad days: whatever happens on the way to the desk, the record tells the truth in the end."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from tortoise.context import TortoiseContext

from app.api import orders as orders_api
from app.gateways.simulators.checking import check
from app.gateways.simulators.faults import Faults, Plan, plan
from app.gateways.simulators.keys import demo_secrets
from app.gateways.simulators.market import LIGHTS
from app.gateways.simulators.plots import possible
from app.gateways.simulators.sending import UNREACHABLE, Pace, Report, carry, in_process, over_http
from app.gateways.simulators.wire import Wire
from app.gateways.simulators.world import Scene, Story, play
from app.order_outlook import title_and_tone
from app.rendering import problem
from app.webhooks import alipay, carriers, shopify, stripe, wechatpay, woocommerce
from core.clock import FrozenClock
from core.errors import WismoError
from core.shops import Shop
from core.transactions import transaction
from orders.facts import Version
from orders.folding import fold
from orders.models import Order, SourceEvent
from orders.snapshots import snapshots
from orders.stock.demand import recompute
from orders.stock.facts import ItemFacts, LevelFacts, StockFacts, StockStatement
from orders.stock.intake import fold_stock
from tests.orders.deliveries import NOON, a_shop

pytestmark = pytest.mark.sqlite  # what it tests does not depend on the database

QUICK = Pace(rate=10_000)
DOORS = (orders_api, shopify, woocommerce, stripe, alipay, wechatpay, carriers)


@pytest.fixture
async def client(database: TortoiseContext, clock: FrozenClock) -> AsyncIterator[httpx2.AsyncClient]:
    """The desk's doors for everything that a simulator sends."""
    clock.advance(NOON - clock.now())

    async def answer(request: object, error: Exception) -> object:
        return problem(error, request)  # type: ignore[arg-type]

    app = Starlette(
        routes=[route for door in DOORS for route in door.routes],
        exception_handlers={WismoError: answer},  # type: ignore[dict-item]
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://desk.test") as client:
        yield client


async def a_simulated_shop(platform: str) -> Shop:
    shop = a_shop(platform if platform != "woocommerce" else "shopify")
    shop.platform, shop.secrets = platform, demo_secrets(shop.key)
    await shop.save(force_create=True)
    return shop


def a_scene(shop: Shop, orders: int, plots: Iterable[str] = (), **more: Any) -> Scene:
    return Scene(shop=shop, seed=7, clock=NOON, orders=orders, plots=dict.fromkeys(plots, 1.0), **more)


async def rehearse(client: httpx2.AsyncClient, shop: Shop, story: Story, faults: Faults) -> tuple[Plan, Report]:
    """Send it all through the doors, and let the worker do its part."""
    drawn = plan(story, faults, seed=7)
    report = await carry(drawn, shop.secrets, over_http(client), QUICK)
    for event in await SourceEvent.filter(state="received").order_by("id"):
        await fold(event.id)
    return drawn, report


EVERYTHING = [
    ("shopify", "aftership", "stripe"),
    ("generic", "", ""),
    ("generic", "kuaidi100", "alipay"),
    ("woocommerce", "17track", "stripe"),
]
SOME = [("shopify", "easypost", "stripe"), ("generic", "17track", "wechatpay"), ("shopify", "", "")]


@pytest.mark.sqlite  # what a delivery says does not depend on the database
@pytest.mark.parametrize(("platform", "tracker", "service"), EVERYTHING)
async def test_every_plot_leads_where_it_promises(
    client: httpx2.AsyncClient, platform: str, tracker: str, service: str
) -> None:
    shop = await a_simulated_shop(platform)
    names = possible(platform, tracker=tracker, service=service)
    await assert_all_is_well(client, shop, a_scene(shop, len(names), names, tracker=tracker, service=service))
    for picture in await snapshots(await Order.filter(shop_id=shop.id)):
        english, chinese = (title_and_tone(picture, language, NOON)[0] for language in ("en", "zh"))
        assert english.isascii()
        assert not chinese.isascii()


@pytest.mark.sqlite
@pytest.mark.parametrize(("platform", "tracker", "service"), SOME)
async def test_the_other_services_tell_the_same(
    client: httpx2.AsyncClient, platform: str, tracker: str, service: str
) -> None:
    shop = await a_simulated_shop(platform)
    wanted = ("out_for_delivery", "partial_refund", "double_charge", "lost_parcel", "return_to_sender")
    names = [name for name in wanted if name in possible(platform, tracker=tracker, service=service)]
    await assert_all_is_well(client, shop, a_scene(shop, len(names), names, tracker=tracker, service=service))


async def assert_all_is_well(client: httpx2.AsyncClient, shop: Shop, scene: Scene) -> None:
    story = play(scene)
    drawn, report = await rehearse(client, shop, story, Faults())
    assert sum(report.outcomes.values()) == len(story.said) == len(drawn.sendings)
    assert {answer[0] for _, answer in report.outcomes} == {"2"}
    assert await check(list(story.truths.values()), shop) == []
    assert await SourceEvent.filter(state__in=["failed", "ignored"]).count() == 0


@pytest.mark.parametrize(
    ("platform", "tracker", "service"),
    [("shopify", "aftership", "stripe"), ("generic", "kuaidi100", "wechatpay"), ("woocommerce", "17track", "stripe")],
)
async def test_a_bad_day_on_the_way_changes_nothing(
    client: httpx2.AsyncClient, platform: str, tracker: str, service: str
) -> None:
    """Late, doubled, shuffled, unheard and forged: the same orders as the clean stream, which then has no news."""
    shop = await a_simulated_shop(platform)
    story = play(a_scene(shop, 10, ["delivered", "double_charge", "refunded"], tracker=tracker, service=service))
    faults = Faults(late=0.3, doubled=0.3, shuffled=0.5, forged=0.2, timeouts=0.4)
    drawn, report = await rehearse(client, shop, story, faults)
    forged = sum(sending.forged for sending in drawn.sendings)
    assert forged > 3
    assert report.outcomes["forged", "401"] == forged
    assert report.taken_forgeries == 0
    assert await check(list(story.truths.values()), shop) == []
    assert not await Order.exists(email__endswith="thief.example")
    before = {order.source_id: order.version for order in await Order.all()}
    stored = await SourceEvent.all().count()
    await rehearse(client, shop, story, Faults())
    assert {order.source_id: order.version for order in await Order.all()} == before
    assert await SourceEvent.all().count() == stored


async def test_what_is_repeated_for_want_of_an_answer_is_kept_once(client: httpx2.AsyncClient) -> None:
    shop = await a_simulated_shop("generic")
    story = play(a_scene(shop, 6, tracker="kuaidi100", service="alipay"))
    drawn, report = await rehearse(client, shop, story, Faults(timeouts=0.7))
    letters = {(said.letter.source, said.letter.body) for said in story.said}
    assert sum(report.outcomes.values()) == len(drawn.sendings) > 2 * len(letters)
    assert await SourceEvent.all().count() == len(letters)
    assert await check(list(story.truths.values()), shop) == []


async def test_what_was_lost_is_missed(client: httpx2.AsyncClient) -> None:
    """The check is worth something: without a delivery, it finds the difference."""
    shop = await a_simulated_shop("generic")
    story = play(a_scene(shop, 2, ["delivered", "processing"]))
    gone = {said.order for said in story.said if said.truth.fields["parcels"]}
    kept = tuple(said for said in story.said if said.order not in gone)
    await rehearse(client, shop, Story(kept, story.truths), Faults())
    (finding,) = await check(list(story.truths.values()), shop)
    assert ({finding.truth.source_id}, finding.missing) == (gone, True)
    without_last = {order: max(i for i, s in enumerate(story.said) if s.order == order) for order in gone}
    kept = tuple(said for place, said in enumerate(story.said) if place not in without_last.values())
    await rehearse(client, shop, Story(kept, story.truths), Faults())
    (finding,) = await check(list(story.truths.values()), shop)
    assert {"headline", "delivered"} <= set(finding.wrong)


async def test_stock_that_only_the_desk_counts_is_no_mistake(client: httpx2.AsyncClient) -> None:
    """The simulator does not know that nothing is left; all else is compared."""
    shop = await a_simulated_shop("shopify")
    told = Version(NOON)
    nothing = StockStatement(LevelFacts(quantity=0, counts="on_hand", closed=False), told, "1")
    goods = [StockFacts(sku, (StockStatement(ItemFacts(sku=sku), told), nothing)) for _, _, sku, _ in LIGHTS]
    async with transaction():
        await fold_stock(shop, "stock", goods)
    await recompute(shop.id, [facts.ref for facts in goods])
    story = play(a_scene(shop, 2, ["processing"]))
    await rehearse(client, shop, story, Faults())
    assert {order.headline for order in await Order.all()} == {"awaiting_confirmation"}
    assert await check(list(story.truths.values()), shop) == []
    await Order.all().update(total=1)
    assert [set(finding.wrong) for finding in await check(list(story.truths.values()), shop)] == [{"total"}] * 2


async def test_a_desk_that_is_busy_is_asked_again(client: httpx2.AsyncClient) -> None:
    """As a platform does that gets no 2xx; who never repeats has lost it."""
    shop = await a_simulated_shop("shopify")
    story, tries = play(a_scene(shop, 1, ["processing"])), list[str]()

    async def busy_first(wire: Wire, _heard: bool) -> str:
        tries.append(wire.path)
        return "503" if len(tries) == 1 else "200"

    report = await carry(plan(story, Faults(), 7), shop.secrets, busy_first, QUICK)
    assert report.outcomes["", "503"] == 1
    assert report.outcomes["", "200"] == len(story.said)
    assert report.given_up == set()

    async def never(_wire: Wire, _heard: bool) -> str:
        return UNREACHABLE

    shop.platform = "woocommerce"
    story = play(a_scene(shop, 1, ["processing"]))
    report = await carry(plan(story, Faults(), 7), shop.secrets, never, QUICK)
    assert report.given_up == set(story.truths)
    assert report.slowest(0.99) == 0.0


async def test_the_verb_behind_the_door_answers_alike(client: httpx2.AsyncClient) -> None:
    shop = await a_simulated_shop("generic")
    story = play(a_scene(shop, 1, ["processing"]))
    report = await carry(plan(story, Faults(forged=1.0), 7), shop.secrets, in_process, QUICK)
    assert report.outcomes["forged", "401"] == report.outcomes["", "200"] == len(story.said)
