"""Refunds at 微信支付: accepted is not done, a dead card needs a person, signatures have a time, bills a digest."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.gateways.payment_http import Unanswered
from app.gateways.refund_wechatpay import STATES, WechatPayRefunds
from core.clock import now
from orders.refunds.gateway import Answer
from orders.sources.wechatpay_resources import REFUNDS
from tests.fakes.gateways import Service, a_service
from tests.fakes.http import Reply
from tests.fakes.payments import json_of
from tests.fakes.wechatpay_api import TRANSACTION, FakeWechatPay

pytestmark = pytest.mark.anyio
GATEWAY = WechatPayRefunds()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    found = a_service("wechatpay")
    async with found.fake.open():
        yield found


@pytest.fixture
def wechat(service: Service) -> FakeWechatPay:
    assert isinstance(service.fake, FakeWechatPay)
    return service.fake


async def test_the_answer_to_a_request_is_never_success(service: Service, wechat: FakeWechatPay) -> None:
    wechat.state = "SUCCESS"
    asked = service.ask()
    assert (await GATEWAY.refund(asked)).state is Answer.ACCEPTED
    assert (await GATEWAY.look_up(asked)).state is Answer.SUCCEEDED
    sent = json_of(wechat.asked[0])
    assert sent["amount"] == {"refund": 2500, "total": 10_000, "currency": "CNY"}
    assert (sent["out_refund_no"], sent["transaction_id"]) == (asked.key, TRANSACTION)


@pytest.mark.parametrize(
    ("then", "state", "code"),
    [
        ("PROCESSING", Answer.ACCEPTED, ""),
        ("CLOSED", Answer.FAILED, "CLOSED"),
        ("ABNORMAL", Answer.ACCEPTED, "ABNORMAL"),  # the money has left: nobody may send it once more
        ("SOMETHING", Answer.ACCEPTED, "SOMETHING"),
    ],
)
async def test_each_state(service: Service, wechat: FakeWechatPay, then: str, state: Answer, code: str) -> None:
    asked, wechat.then = service.ask(), then
    await GATEWAY.refund(asked)
    found = await GATEWAY.look_up(asked)
    assert (found.state, found.code, bool(found.text)) == (state, code, then == "ABNORMAL")


def test_the_mirror_knows_the_same_states() -> None:
    assert set(STATES) == set(REFUNDS)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("NOT_ENOUGH", Answer.FAILED),
        ("INVALID_REQUEST", Answer.FAILED),
        ("RESOURCE_NOT_EXISTS", Answer.UNKNOWN),  # said now and then of orders that are there
        ("SYSTEM_ERROR", Answer.UNKNOWN),
        ("FREQUENCY_LIMITED", Answer.UNKNOWN),
    ],
)
async def test_only_refusals_that_are_certain_are_failures(
    service: Service, wechat: FakeWechatPay, code: str, state: Answer
) -> None:
    wechat.refuse = code
    said = await GATEWAY.refund(service.ask())
    assert (said.state, said.code, bool(said.text)) == (state, code, True)
    assert (said.retry_after is not None) == (code == "FREQUENCY_LIMITED")


async def test_a_refusal_that_nobody_signed_is_none(service: Service, wechat: FakeWechatPay) -> None:
    wechat.troubles.append(Reply(400, {"code": "PARAM_ERROR", "message": "by a proxy"}))
    assert (await GATEWAY.refund(service.ask())).state is Answer.UNKNOWN
    wechat.troubles.append(Reply(404, {"code": "RESOURCE_NOT_EXISTS", "message": "by a proxy"}))
    assert (await GATEWAY.look_up(service.ask())).state is Answer.UNKNOWN


async def test_an_old_answer_is_a_repeated_one(service: Service, wechat: FakeWechatPay) -> None:
    wechat.late = timedelta(minutes=6)
    said = await GATEWAY.refund(service.ask())
    assert (said.state, said.code) == (Answer.UNKNOWN, "bad_signature")


async def test_the_bill_is_read_and_must_be_the_one_announced(service: Service, wechat: FakeWechatPay) -> None:
    asked = service.ask()
    await GATEWAY.refund(asked)
    await GATEWAY.look_up(asked)
    wechat.enter("RF1", 100).state = "ABNORMAL"
    span = now() - timedelta(days=2), now()
    rows = await GATEWAY.statement(service.account, *span)
    assert [(row.key, row.reference, row.amount, row.state) for row in rows] == [
        (asked.key, asked.key, 2500, Answer.SUCCEEDED),
        ("", "RF1", 100, Answer.ACCEPTED),
    ]
    wechat.wrong = 1
    with pytest.raises(Unanswered) as refused:
        await GATEWAY.statement(service.account, *span)
    assert refused.value.code == "bad_signature"
