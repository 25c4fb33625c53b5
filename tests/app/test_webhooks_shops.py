"""The doors of the shop platforms, from the bytes that arrive to the order that they make."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from tortoise.context import TortoiseContext

from app.main import ROUTES
from app.rendering import problem
from app.webhooks import saleor, woocommerce
from core.clock import FrozenClock
from core.errors import WismoError
from core.jobs import Job
from core.shops import SECRET_KINDS, Shop, add_secret
from orders.folding import fold
from orders.models import Order, SourceEvent
from orders.sources import PLATFORMS, SOURCES
from tests.orders.deliveries import NOON, SAMPLES, a_shop
from tests.orders.jws import jwks, sign
from tests.orders.telling import recorded

OLD, NEW = "example-wc-secret", "a newer secret"
WOO = json.dumps(recorded("woocommerce", "order_processing")).encode()
SALEOR = (SAMPLES / "saleor" / "order_created.json").read_bytes()


@pytest.fixture
async def shop(database: TortoiseContext, clock: FrozenClock) -> Shop:
    clock.advance(NOON - clock.now())
    shop = a_shop("woocommerce")
    await shop.save(force_create=True)
    for kind, secret in [
        ("woocommerce", OLD),
        ("woocommerce", NEW),
        ("saleor", "an old key"),
        ("saleor", jwks("one", "two")),
    ]:
        await add_secret(shop, kind, secret)
    return shop


@pytest.fixture
async def door(shop: Shop) -> AsyncIterator[httpx2.AsyncClient]:
    async def answer(request: object, error: Exception) -> object:
        return problem(error, request)  # type: ignore[arg-type]

    app = Starlette(
        routes=[*woocommerce.routes, *saleor.routes],
        exception_handlers={WismoError: answer},  # type: ignore[dict-item]
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://desk.test") as client:
        yield client


def woo(body: bytes = WOO, *, secret: str = NEW, topic: str = "order.created", delivery: str = "d1") -> dict[str, Any]:
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    headers = {
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Delivery-ID": delivery,
        "X-WC-Webhook-Signature": signature,
        "Cookie": "session=1",
    }
    return {"url": "/webhooks/woocommerce/lumen", "headers": headers, "content": body}


def from_saleor(body: bytes = SALEOR, *, signature: str = "", event: str = "notify_user") -> dict[str, Any]:
    headers = {"Saleor-Event": event, "Saleor-Signature": signature or sign(body, "two")}
    return {"url": "/webhooks/saleor/lumen", "headers": headers, "content": body}


def test_the_doors_stand_in_the_house() -> None:
    paths = {getattr(route, "path", "") for route in ROUTES}
    assert {"/webhooks/woocommerce/{shop_key}", "/webhooks/saleor/{shop_key}"} <= paths


def test_a_platform_with_a_door_can_be_given_its_secret() -> None:
    pulled = {"magento", "taobao", "jd"}
    assert {SOURCES[name].SECRETS for name in PLATFORMS if name not in pulled} <= set(SECRET_KINDS)


@pytest.mark.parametrize("request_", [woo(), woo(secret=OLD), from_saleor()], ids=["new secret", "old secret", "jws"])
async def test_a_signed_delivery_is_stored_once_and_makes_an_order(
    door: httpx2.AsyncClient, request_: dict[str, Any]
) -> None:
    answers = [await door.post(**request_) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    event = await SourceEvent.get()
    assert bytes(event.body) == request_["content"]
    assert "cookie" not in event.headers
    assert await Job.filter(kind="orders.fold").count() == 1
    await fold(event.id)
    order = await Order.get()
    assert order.source_id == event.order_ref


async def test_a_delivery_signed_the_old_way_comes_in(door: httpx2.AsyncClient) -> None:
    await door.post(**from_saleor(signature=hmac.new(b"an old key", SALEOR, hashlib.sha256).hexdigest()))
    assert await SourceEvent.all().count() == 1


async def test_a_ping_is_answered_and_creates_nothing(door: httpx2.AsyncClient) -> None:
    for key in ("lumen", "nobody"):
        answer = await door.post(f"/webhooks/woocommerce/{key}", data={"webhook_id": "7"})
        assert answer.status_code == 200
    assert await SourceEvent.all().count() == 0


async def test_strangers_store_nothing_and_learn_nothing(door: httpx2.AsyncClient) -> None:
    good, jws = woo(), from_saleor()
    forged = [
        woo(secret="another shop's"),
        {**good, "content": good["content"] + b" "},
        {**good, "headers": {"X-WC-Webhook-Topic": "order.created"}},
        {**good, "url": "/webhooks/woocommerce/nobody"},
        {**jws, "content": jws["content"] + b" "},
        {**jws, "headers": {"Saleor-Event": "notify_user"}},
        {**jws, "url": "/webhooks/saleor/nobody"},
        from_saleor(signature=sign(SALEOR, "three")),
        from_saleor(signature=hmac.new(jwks("one", "two").encode(), SALEOR, hashlib.sha256).hexdigest()),
    ]
    bodies = set()
    for request in forged:
        answer = await door.post(**request)
        assert answer.status_code == 401
        bodies.add(str({**answer.json(), "instance": ""}))
    assert len(bodies) == 1
    assert await SourceEvent.all().count() == 0


async def test_two_orders_saved_in_the_same_second_are_both_stored(door: httpx2.AsyncClient) -> None:
    for number in (1, 2):
        await door.post(**woo(json.dumps({**json.loads(WOO), "id": number}).encode(), delivery="same second"))
    assert await SourceEvent.all().count() == 2


async def test_deliveries_in_any_order_make_the_same_order(door: httpx2.AsyncClient) -> None:
    """A completed order first, then what was told before, then a refund that leaves the status alone."""
    order = json.loads(WOO)
    done = {**order, "status": "completed", "date_modified_gmt": "2017-03-24T10:00:00"}
    refunded = {**done, "refunds": [{"id": 9, "total": "-10.00"}], "date_modified_gmt": "2017-03-25T10:00:00"}
    for number, document in enumerate([refunded, done, order, {**order, "status": "pending"}]):
        await door.post(**woo(json.dumps(document).encode(), topic="order.updated", delivery=f"d{number}"))
    for event in await SourceEvent.all().order_by("id"):
        await fold(event.id)
    found = await Order.get()
    assert (found.headline, found.refund, found.payment) == ("shipped", "partial", "paid")
