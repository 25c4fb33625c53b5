"""Deliveries that come at the same time share a commit: each is kept byte for byte, each key once."""

import asyncio
from typing import Any

import pytest

from core.errors import Unauthenticated
from core.jobs import Job
from core.shops import Shop, add_secret, new_signing_secret
from orders.events import SourceEventReceived
from orders.models import SourceEvent
from orders.receiving import Incoming, accept, lane, receive
from orders.sources.shopify import sign
from tests.heard import Heard, counted

pytestmark = pytest.mark.anyio

BODIES = [
    b'{"id": 1, "note": "plain"}',
    '{"id": 2, "name": "李雷 🏮", "quote": "\\"\'\\\\"}'.encode(),
    b'{"id": 3, "nul": "\\u0000", "half": "\\ud800"}',
    b"\xff\xfe not text",
    b"a real \x00 NUL",
    b"",
]


async def deliver(shop: Shop, number: int, body: bytes, **headers: str) -> SourceEvent:
    return await receive(shop, "shopify", "orders/updated", f"delivery {number}", headers, body)


async def test_bodies_of_all_kinds_come_out_as_they_went_in(lumen: Shop, heard: Heard, both_databases: str) -> None:
    names: dict[str, Any] = {"x-shopify-topic": "orders/updated", "user-agent": "测试", "cookie": "no"}
    events = await asyncio.gather(*(deliver(lumen, place, body, **names) for place, body in enumerate(BODIES * 3)))
    for event, body in zip(events, BODIES * 3, strict=True):
        stored = await SourceEvent.get(id=event.id)
        assert bytes(stored.body) == bytes(event.body) == body
        assert stored.headers == {"x-shopify-topic": "orders/updated", "user-agent": "测试"}
        assert (stored.public_id, stored.received_at) == (event.public_id, event.received_at)
        assert (stored.order_ref, stored.state, stored.topic) == (event.order_ref, "received", "orders/updated")
    jobs = {job.args["source_event"]: job.lane for job in await Job.all()}
    assert jobs == {event.id: lane(event) for event in events}
    assert {event.source_event_id for event in heard.of(SourceEventReceived)} == set(jobs)


async def test_each_key_is_stored_once_however_often_it_comes_at_once(lumen: Shop, both_databases: str) -> None:
    body = b'{"id": 1}'
    await deliver(lumen, 0, body)
    events = await asyncio.gather(*(deliver(lumen, number % 5, body) for number in range(40)))
    assert len({event.id for event in events}) == 5
    assert await SourceEvent.all().count() == await Job.all().count() == 5


async def test_a_hundred_deliveries_cost_few_statements(lumen: Shop) -> None:
    with counted() as statements:
        await asyncio.gather(*(deliver(lumen, number, b'{"id": 1}') for number in range(100)))
    assert len(statements) <= 6, "two, for the first alone and for the others as soon as they can be"


async def test_a_shop_is_not_read_again_for_each_delivery(lumen: Shop) -> None:
    await accept(signed(lumen.secrets["shopify"][0], 1))
    with counted() as statements:
        await accept(signed(lumen.secrets["shopify"][0], 2))
    assert not [statement for statement in statements if "FROM shop" in statement]


async def test_a_new_secret_is_good_at_once_and_an_old_one_ends_with_its_removal(lumen: Shop) -> None:
    first = lumen.secrets["shopify"][0]
    await accept(signed(first, 1))
    known = await Shop.get(id=lumen.id)
    second = await add_secret(known, "shopify")
    await accept(signed(second, 2))
    await accept(signed(first, 3))
    await add_secret(known, "shopify")
    with pytest.raises(Unauthenticated):
        await accept(signed(first, 4))
    assert await SourceEvent.all().count() == 3


async def test_what_another_process_changed_shows_where_it_opens_and_soon_where_it_closes(
    lumen: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, elsewhere = lumen.secrets["shopify"][0], new_signing_secret()
    await accept(signed(first, 1))
    await Shop.filter(id=lumen.id).update(secrets={"shopify": [elsewhere]})
    monkeypatch.setattr("core.shops.KEPT_SECONDS", 3600.0)
    await accept(signed(first, 2))
    monkeypatch.setattr("core.shops.KEPT_SECONDS", 0.0)
    with pytest.raises(Unauthenticated):
        await accept(signed(first, 3))
    monkeypatch.setattr("core.shops.KEPT_SECONDS", 3600.0)
    await accept(signed(elsewhere, 4))


def signed(secret: str, number: int) -> Incoming:
    body = f'{{"id": {number}}}'.encode()
    headers = {"X-Shopify-Topic": "orders/updated", "X-Shopify-Hmac-Sha256": sign(secret, body)}
    return Incoming(source="shopify", shop_key="lumen", headers=headers, body=body)
