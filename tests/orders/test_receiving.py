"""Deliveries that come at the same time share a commit: each is kept byte for byte, each key once."""

import asyncio
from typing import Any

import pytest

from core.jobs import Job
from core.shops import Shop
from orders.events import SourceEventReceived
from orders.models import SourceEvent
from orders.receiving import lane, receive
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
