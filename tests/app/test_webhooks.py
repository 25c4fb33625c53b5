"""The doors for platforms: signature before everything, nothing stored from strangers, repeats welcome."""

import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from tortoise.context import TortoiseContext

from app.api import orders as orders_api
from app.api import stock as stock_api
from app.gateways.simulators.wire import Wire
from app.rendering import problem
from app.webhooks import shopify
from core.clock import FrozenClock, frozen
from core.errors import Invalid, WismoError
from core.jobs import Job
from orders.folding import fold
from orders.models import Order, SourceEvent
from tests.orders.deliveries import NOON, a_shop, upsert, webhook

ROOT = Path(__file__).parents[2]
ORDER = {"id": 1, "name": "#1001", "currency": "USD", "created_at": "2026-03-01T10:00:00Z"}
DOCUMENT = {"id": "A-1", "updated_at": "2026-03-02T10:00:00Z", "number": "1001", "currency": "CNY"}


@pytest.fixture
async def door(database: TortoiseContext, clock: FrozenClock) -> AsyncIterator[httpx2.AsyncClient]:
    clock.advance(NOON - clock.now())
    await a_shop("shopify").save(force_create=True)
    await a_shop("generic", id=2).save(force_create=True)

    async def answer(request: object, error: Exception) -> object:
        return problem(error, request)  # type: ignore[arg-type]

    app = Starlette(
        routes=[*shopify.routes, *orders_api.routes, *stock_api.routes],
        exception_handlers={WismoError: answer},  # type: ignore[dict-item]
        max_body_size=1 << 20,
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://desk.test") as client:
        yield client


async def send(door: httpx2.AsyncClient, wire: Wire) -> httpx2.Response:
    return await door.post(wire.path, headers=wire.headers, content=wire.body)


async def test_a_signed_webhook_is_stored_and_answered_at_once(door: httpx2.AsyncClient) -> None:
    wire = webhook("orders/create", ORDER)
    started = time.perf_counter()
    answers = [await send(door, wire) for _ in range(3)]
    assert time.perf_counter() - started < 1
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    event = await SourceEvent.get()
    assert (bytes(event.body), event.topic, event.order_ref) == (wire.body, "orders/create", "1")
    assert await Job.filter(kind="orders.fold").count() == 1


async def test_strangers_store_nothing_and_learn_nothing(door: httpx2.AsyncClient) -> None:
    good = webhook("orders/create", ORDER)
    unsigned = {name: value for name, value in good.headers.items() if "Hmac" not in name}
    forged = [
        webhook("orders/create", ORDER, secret="another shop's"),
        replace(good, body=good.body + b" "),
        replace(good, headers=unsigned),
        replace(good, path="/webhooks/shopify/nobody"),
        replace(good, path="/webhooks/shopify/chaye", headers=unsigned),
    ]
    bodies = set()
    for wire in forged:
        answer = await send(door, wire)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        bodies.add(str({**answer.json(), "instance": ""}))
    assert len(bodies) == 1
    assert await SourceEvent.all().count() == 0


async def test_a_body_without_end_is_refused(door: httpx2.AsyncClient) -> None:
    answer = await send(door, webhook("orders/create", b"x" * (2 << 20)))
    assert answer.status_code == 413
    assert await SourceEvent.all().count() == 0


async def test_signed_rubbish_is_kept_for_people_and_not_sent_again(door: httpx2.AsyncClient) -> None:
    answer = await send(door, webhook("orders/create", b"\xff not json"))
    assert answer.status_code == 200
    assert (await SourceEvent.get()).order_ref is None


async def test_cookies_and_credentials_are_not_stored(door: httpx2.AsyncClient) -> None:
    wire = webhook("orders/create", ORDER)
    await send(door, replace(wire, headers={**wire.headers, "Cookie": "session=1", "Authorization": "Bearer x"}))
    assert not {"cookie", "authorization"} & set((await SourceEvent.get()).headers)


async def test_a_document_is_taken_once_and_named_in_the_answer(door: httpx2.AsyncClient) -> None:
    wire = upsert(DOCUMENT, NOON)
    first, second = await send(door, wire), await send(door, wire)
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json() == {"event": (await SourceEvent.get()).public_id, "order": "A-1"}


async def test_a_document_with_mistakes_is_refused_with_their_places(door: httpx2.AsyncClient) -> None:
    answer = await send(door, upsert({**DOCUMENT, "payment": "maybe"}, NOON))
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_order"
    assert [mistake["at"] for mistake in answer.json()["data"]["mistakes"]] == ["payment"]
    assert await SourceEvent.all().count() == 0


async def test_the_signature_comes_before_the_form(door: httpx2.AsyncClient) -> None:
    for wire in (
        upsert({"nonsense": 1}, NOON, secret="whsec_b3RoZXI="),
        upsert(DOCUMENT, NOON, shop="nobody"),
        upsert(DOCUMENT, NOON, shop="lumen", secret="whsec_b3RoZXI="),
    ):
        answer = await send(door, wire)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert await SourceEvent.all().count() == 0


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
async def test_the_example_in_the_documentation_signs_correctly(door: httpx2.AsyncClient, tmp_path: Path) -> None:
    """The shell lines of docs/orders.md, with a `curl` that only writes down what it was told to send."""
    examples = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "orders.md").read_text("utf-8"), re.DOTALL)
    example = next(text for text in examples if "orders:upsert" in text)
    (tmp_path / "curl").write_text('#!/bin/sh\nfor word in "$@"; do printf "%s\\0" "$word"; done\n')
    (tmp_path / "curl").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "WISMO": "http://desk.test"}
    words = subprocess.check_output(["/bin/bash", "-ec", example], env=environment).decode().split("\0")
    headers = dict(word.split(": ", 1) for flag, word in pairwise(words) if flag == "-H")
    body = words[words.index("--data-binary") + 1].encode()
    with frozen(datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)):
        answer = await send(door, Wire("/api/v1/orders:upsert", headers, body))
        assert (answer.status_code, answer.json()["order"]) == (202, "A-1001")
        await fold((await SourceEvent.get()).id)
    assert (await Order.get()).headline == "awaiting_confirmation"


@pytest.mark.parametrize("name", ['"\\ud800"', '"a\\u0000b"', '"' + "x" * 500 + '"', "true", "{}"])
async def test_an_id_that_cannot_be_stored_is_taken_in_and_marked(door: httpx2.AsyncClient, name: str) -> None:
    answer = await send(door, webhook("orders/create", b'{"id": ' + name.encode() + b"}"))
    event = await SourceEvent.get()
    assert (answer.status_code, event.order_ref) == (200, None)
    with pytest.raises(Invalid, match="an id is missing"):
        await fold(event.id)
    await event.refresh_from_db()
    assert event.state == "failed"


@pytest.mark.parametrize(
    "document",
    [{**DOCUMENT, "id": "a\0b"}, {**DOCUMENT, "id": "\ud800"}, {**DOCUMENT, "\ud800": 1}, {**DOCUMENT, "\0": 1}],
)
async def test_text_that_is_no_text_is_a_mistake_like_others(
    door: httpx2.AsyncClient, document: dict[str, object]
) -> None:
    answer = await send(door, upsert(document, NOON))
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_order")


@pytest.mark.parametrize("sent", ["9" * 5000, "1" * 400, "-1", "", "1e3", "٣"])
async def test_a_time_that_is_no_time_is_a_bad_signature(door: httpx2.AsyncClient, sent: str) -> None:
    good = upsert(DOCUMENT, NOON)
    sent_headers = [
        (name.encode(), value.encode()) for name, value in {**good.headers, "webhook-timestamp": sent}.items()
    ]
    answer = await door.post(good.path, headers=sent_headers, content=good.body)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_the_stock_api_takes_all_rows_or_none(door: httpx2.AsyncClient, method: str) -> None:
    good: dict[str, Any] = {
        "items": [{"sku": "TEA-1", "on_hand": 3}, {"sku": "TEA-2", "available": -1, "location": "b"}]
    }
    wire = upsert(good, NOON)
    answer = await door.request(method, "/api/v1/stock", content=wire.body, headers=wire.headers)
    assert (answer.status_code, answer.json()["items"]) == (202, 2)
    again = await door.request(method, "/api/v1/stock", content=wire.body, headers=wire.headers)
    assert again.json()["event"] == answer.json()["event"]
    bad: dict[str, Any] = {
        "items": [good["items"][0], {"sku": "X", "on_hand": 1, "available": 1}, {"sku": "", "on_hand": "many"}]
    }
    wire = upsert(bad, NOON)
    refused = await door.request(method, "/api/v1/stock", content=wire.body, headers=wire.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_stock")
    places = [mistake["at"] for mistake in refused.json()["data"]["mistakes"]]
    assert places == ["items.1", "items.2.sku", "items.2.on_hand"]
    strange = await door.request(method, "/api/v1/stock", content=wire.body + b" ", headers=wire.headers)
    assert (strange.status_code, strange.json()["code"]) == (401, "bad_signature")
