"""The doors of tracking services: signature before everything, their own answers, repeats welcome."""

from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
from starlette.applications import Starlette
from tortoise.context import TortoiseContext

from app.rendering import problem
from app.webhooks import carriers
from core.clock import FrozenClock
from core.errors import WismoError
from core.jobs import Job
from orders.models import SourceEvent
from orders.sources import aftership, easypost, kuaidi100, seventeen_track
from tests.orders.deliveries import NOON, a_shop
from tests.orders.services import as_form, as_json

SECRETS = {"aftership": ["as"], "17track": ["17"], "kuaidi100": ["salt"], "easypost": ["ep"]}
PARCEL = as_json({"event_id": "e-1", "ts": 1772409600, "msg": {"tracking_number": "1Z1", "tag": "InTransit"}})
TRACKER = as_json({"id": "evt_1", "result": {"object": "Tracker", "tracking_code": "1Z1", "status": "in_transit"}})
PUSH = as_json({"event": "TRACKING_UPDATED", "data": {"number": "1Z1", "track_info": {"latest_status": {}}}})
TRACE = '{"status":"polling","lastResult":{"nu":"1Z1","state":"0","data":[]}}'

Send = tuple[str, dict[str, str], bytes]


def aftership_sends(secret: str = "as", body: bytes = PARCEL) -> Send:
    return "aftership", {"aftership-hmac-sha256": aftership.sign(secret, body)}, body


def seventeen_track_sends(secret: str = "17", body: bytes = PUSH) -> Send:
    return "17track", {"sign": seventeen_track.sign(secret, body)}, body


def easypost_sends(secret: str = "ep", body: bytes = TRACKER) -> Send:
    return "easypost", {"X-Hmac-Signature": easypost.sign(secret, body)}, body


def kuaidi100_sends(secret: str = "salt", body: bytes = TRACE.encode()) -> Send:
    form = as_form(
        {"param": body.decode("utf-8", "replace"), "sign": kuaidi100.sign(secret, body.decode("utf-8", "replace"))}
    )
    return "kuaidi100", {"Content-Type": "application/x-www-form-urlencoded"}, form


SENDERS: list[Callable[..., Send]] = [aftership_sends, seventeen_track_sends, easypost_sends, kuaidi100_sends]


@pytest.fixture
async def door(database: TortoiseContext, clock: FrozenClock) -> AsyncIterator[httpx2.AsyncClient]:
    clock.advance(NOON - clock.now())
    shop, other = a_shop("shopify"), a_shop("generic", id=2)
    shop.secrets = SECRETS
    await shop.save(force_create=True)
    await other.save(force_create=True)

    async def answer(request: object, error: Exception) -> object:
        return problem(error, request)  # type: ignore[arg-type]

    app = Starlette(
        routes=carriers.routes,
        exception_handlers={WismoError: answer},  # type: ignore[dict-item]
        max_body_size=1 << 20,
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://desk.test") as client:
        yield client


async def post(door: httpx2.AsyncClient, sent: Send, shop: str = "lumen") -> httpx2.Response:
    service, headers, body = sent
    return await door.post(f"/webhooks/{service}/{shop}", headers=headers, content=body)


@pytest.mark.parametrize("sends", SENDERS)
async def test_a_signed_push_is_stored_once_and_answered_at_once(
    door: httpx2.AsyncClient, sends: Callable[..., Send]
) -> None:
    answers = [await post(door, sends()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    event = await SourceEvent.get()
    assert (event.source, bytes(event.body), event.order_ref) == (sends()[0], sends()[2], "tracking:1Z1")
    assert [job.lane for job in await Job.all()] == [f"order:1:{event.source}:tracking:1Z1"]


@pytest.mark.parametrize("sends", SENDERS)
async def test_strangers_store_nothing_and_learn_nothing(door: httpx2.AsyncClient, sends: Callable[..., Send]) -> None:
    service, headers, body = sends()
    unsigned = {name: value for name, value in headers.items() if name == "Content-Type"}
    refused = [
        await post(door, sends(secret="another shop's")),
        await post(door, (service, headers, body.replace(b"1Z1", b"1Z2"))),
        await post(door, (service, unsigned, body if service != "kuaidi100" else b"param=%7B%7D")),
        await post(door, sends(), shop="chaye"),  # which has no such secret
        await post(door, sends(), shop="nobody"),
    ]
    assert {answer.status_code for answer in refused} == {401}
    assert len({str({**answer.json(), "instance": ""}) for answer in refused}) == 1
    assert await SourceEvent.all().count() == await Job.all().count() == 0


async def test_kuaidi100_gets_its_own_answer(door: httpx2.AsyncClient) -> None:
    answer = await post(door, kuaidi100_sends())
    assert answer.json() == {"result": True, "returnCode": "200", "message": "成功"}


@pytest.mark.parametrize("sends", SENDERS)
async def test_signed_rubbish_is_kept_for_people(door: httpx2.AsyncClient, sends: Callable[..., Send]) -> None:
    assert (await post(door, sends(body=b"\xff not json"))).status_code == 200
    assert (await SourceEvent.get()).order_ref is None


async def test_a_body_without_end_is_refused(door: httpx2.AsyncClient) -> None:
    assert (await post(door, aftership_sends(body=b"x" * (2 << 20)))).status_code == 413
    assert await SourceEvent.all().count() == 0
