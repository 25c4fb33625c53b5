"""The doors of payment services: signature before everything, their own answers, repeats welcome."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette
from tortoise.context import TortoiseContext

from app.rendering import problem
from app.webhooks import alipay, stripe, wechatpay
from core.clock import FrozenClock
from core.errors import WismoError
from core.jobs import Job
from core.shops import Shop, add_secret
from orders.folding import fold
from orders.models import SourceEvent
from orders.sources import stripe as stripe_source
from tests.orders import test_alipay, test_wechatpay
from tests.orders.deliveries import NOON, a_shop
from tests.orders.services import as_json

INTENT = {"object": "payment_intent", "id": "pi_1", "status": "succeeded", "currency": "usd", "amount_received": 1}
EVENT = as_json({"id": "evt_1", "object": "event", "created": 1772409600, "data": {"object": INTENT}})
FORM = {name: value for name, value in test_alipay.PAID.items() if name not in {"sign", "sign_type"}}


@dataclass(frozen=True)
class Sent:
    service: str
    headers: dict[str, str]
    body: bytes


def stripe_sends(secret: str = "whsec_x") -> Sent:
    signature = stripe_source.sign(secret, int(NOON.timestamp()), EVENT)
    return Sent("stripe", {"Stripe-Signature": signature}, EVENT)


def alipay_sends() -> Sent:
    return Sent("alipay", {"Content-Type": "application/x-www-form-urlencoded"}, test_alipay.signed(FORM))


def wechatpay_sends() -> Sent:
    body = test_wechatpay.sealed("TRANSACTION.SUCCESS", test_wechatpay.transaction())
    return Sent("wechatpay", test_wechatpay.headers_for(body), body)


SENDERS: list[Callable[[], Sent]] = [stripe_sends, alipay_sends, wechatpay_sends]


@pytest.fixture
async def door(database: TortoiseContext, clock: FrozenClock) -> AsyncIterator[httpx2.AsyncClient]:
    clock.advance(NOON - clock.now())
    shop = a_shop("shopify")
    ours = json.dumps({"app_id": FORM["app_id"], "public_key": test_alipay.OURS})
    shop.secrets = {"stripe": ["whsec_x"], "alipay": [ours], "wechatpay": [test_wechatpay.SECRET]}
    await shop.save(force_create=True)
    await a_shop("generic", id=2).save(force_create=True)

    async def answer(request: object, error: Exception) -> object:
        return problem(error, request)  # type: ignore[arg-type]

    app = Starlette(
        routes=[*stripe.routes, *alipay.routes, *wechatpay.routes],
        exception_handlers={WismoError: answer},  # type: ignore[dict-item]
        max_body_size=1 << 20,
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://desk.test") as client:
        yield client


async def post(door: httpx2.AsyncClient, sent: Sent, shop: str = "lumen") -> httpx2.Response:
    return await door.post(f"/webhooks/{sent.service}/{shop}", headers=sent.headers, content=sent.body)


@pytest.mark.parametrize(
    ("sends", "status", "words"), list(zip(SENDERS, [200, 200, 204], ["", "success", ""], strict=True))
)
async def test_each_gets_the_answer_it_expects_and_is_stored_once(
    door: httpx2.AsyncClient, sends: Callable[[], Sent], status: int, words: str
) -> None:
    sent = sends()
    answers = [await post(door, sent) for _ in range(3)]
    assert [(answer.status_code, answer.text) for answer in answers] == [(status, words)] * 3
    event = await SourceEvent.get()
    assert (event.source, bytes(event.body)) == (sent.service, sent.body)
    assert await Job.all().count() == 1


@pytest.mark.parametrize("sends", SENDERS)
async def test_strangers_store_nothing_and_learn_nothing(
    door: httpx2.AsyncClient, clock: FrozenClock, sends: Callable[[], Sent]
) -> None:
    good = sends()
    refused = [
        await post(door, replace(good, body=good.body + b" ")),
        await post(door, replace(good, headers={}, body=good.body if good.service != "alipay" else b"a=1")),
        await post(door, good, shop="chaye"),  # which has no such secret
        await post(door, good, shop="nobody"),
    ]
    if good.service != "alipay":  # whose signature has no time
        clock.advance(timedelta(minutes=6))
        refused.append(await post(door, good))
    assert {answer.status_code for answer in refused} == {401}
    assert len({str({**answer.json(), "instance": ""}) for answer in refused}) == 1
    assert "success" not in refused[0].text
    assert await SourceEvent.all().count() == await Job.all().count() == 0


async def test_the_old_secret_is_good_while_the_new_one_comes(door: httpx2.AsyncClient) -> None:
    await add_secret(await Shop.get(key="lumen"), "stripe", "whsec_new")
    assert (await post(door, stripe_sends("whsec_x"))).status_code == 200
    assert (await post(door, stripe_sends("whsec_new"))).status_code == 200
    assert (await post(door, stripe_sends("whsec_other"))).status_code == 401


async def test_what_is_sealed_is_opened_by_the_job(door: httpx2.AsyncClient) -> None:
    await post(door, wechatpay_sends())
    event = await SourceEvent.get()
    await fold(event.id)
    await event.refresh_from_db()
    assert (event.state, event.order_ref) == ("parked", "payment:4200000000202603011234567890")
