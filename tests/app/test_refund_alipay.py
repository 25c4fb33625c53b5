"""Refunds at 支付宝: only fund_change Y is money that moved, answers count with a signature, bills in GBK."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.gateways.alipay_api import BEIJING
from app.gateways.bills import bill_days, file_address
from app.gateways.payment_http import Unanswered
from app.gateways.refund_alipay import AlipayRefunds
from core.clock import now
from orders.refunds.gateway import Account, Answer
from tests.fakes.alipay_api import FakeAlipay
from tests.fakes.gateways import Service, a_service
from tests.fakes.http import Reply
from tests.fakes.payments import form_of
from tests.orders.deliveries import NOON

pytestmark = pytest.mark.anyio
GATEWAY = AlipayRefunds()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    found = a_service("alipay")
    async with found.fake.open():
        yield found


@pytest.fixture
def alipay(service: Service) -> FakeAlipay:
    assert isinstance(service.fake, FakeAlipay)
    return service.fake


async def test_only_a_change_of_funds_is_money_that_moved(service: Service, alipay: FakeAlipay) -> None:
    first = service.ask()
    assert (await GATEWAY.refund(first)).state is Answer.SUCCEEDED
    again = await GATEWAY.refund(first)
    assert (again.state, again.code) == (Answer.ACCEPTED, "fund_change_n")
    alipay.silent = True
    second = service.ask()
    assert (await GATEWAY.refund(second)).state is Answer.ACCEPTED
    assert (await GATEWAY.look_up(second)).state is Answer.SUCCEEDED


async def test_what_came_to_nothing_is_absent(service: Service, alipay: FakeAlipay) -> None:
    alipay.state = "N"
    asked = service.ask()
    assert (await GATEWAY.refund(asked)).state is Answer.ACCEPTED
    assert (await GATEWAY.look_up(asked)).state is Answer.ABSENT


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("ACQ.SELLER_BALANCE_NOT_ENOUGH", Answer.FAILED),
        ("ACQ.TRADE_HAS_FINISHED", Answer.FAILED),
        ("ACQ.SYSTEM_ERROR", Answer.UNKNOWN),
        ("ACQ.DISCORDANT_REPEAT_REQUEST", Answer.UNKNOWN),
        ("ACQ.SOMETHING_NEW", Answer.UNKNOWN),
    ],
)
async def test_only_refusals_that_are_certain_are_failures(
    service: Service, alipay: FakeAlipay, code: str, state: Answer
) -> None:
    alipay.refuse = code
    said = await GATEWAY.refund(service.ask())
    assert (said.state, said.code, said.text) == (state, code, "不行")


async def test_a_merchants_own_number_goes_as_such(service: Service, alipay: FakeAlipay) -> None:
    said = await GATEWAY.refund(service.ask(payment_ref="SO20260301000017"))
    assert (said.state, said.code) == (Answer.FAILED, "ACQ.TRADE_NOT_EXIST")
    assert '"out_trade_no":"SO20260301000017"' in form_of(alipay.asked[-1])["biz_content"]


async def test_yuan_only(service: Service) -> None:
    assert (await GATEWAY.refund(service.ask(currency="USD"))).code == "other_currency"


@pytest.mark.parametrize(
    "body",
    [
        b'{"alipay_trade_refund_response":{"code":"10000","fund_change":"Y"}}',
        b'{"alipay_trade_refund_response":{"code":"10000","fund_change":"Y"},"sign":""}',
        b'{"alipay_trade_refund_response":[],"sign":"AAAA"}',
        b'{"a":"\\"alipay_trade_refund_response\\":{}","alipay_trade_refund_response":{"fund_change":"Y"},"sign":"AA=="}',
        b'{"another_response":{"code":"10000","fund_change":"Y"},"sign":"AAAA"}',
    ],
)
async def test_an_answer_by_somebody_else_is_not_believed(service: Service, alipay: FakeAlipay, body: bytes) -> None:
    alipay.troubles.append(Reply(raw=body))
    assert (await GATEWAY.refund(service.ask())).state is Answer.UNKNOWN


async def test_a_wrong_key_of_the_app_is_waited_for(service: Service) -> None:
    other = a_service("alipay").credentials
    account = Account(gateway="alipay", address=service.fake.address, credentials={**other, "private_key": "AAAA"})
    said = await GATEWAY.refund(service.ask(account=account))
    assert (said.state, said.code) == (Answer.UNKNOWN, "bad_key")


async def test_the_bill_tells_refunds_by_our_number(service: Service, alipay: FakeAlipay) -> None:
    asked = service.ask()
    await GATEWAY.refund(asked)
    alipay.enter("RF20260303000004", 100)
    rows = await GATEWAY.statement(service.account, now() - timedelta(days=2), now())
    assert [(row.key, row.reference, row.amount, row.currency) for row in rows] == [
        (asked.key, asked.key, 2500, "CNY"),
        ("", "RF20260303000004", 100, "CNY"),
    ]


def test_a_day_of_beijing_begins_at_four_in_the_afternoon_of_utc() -> None:
    late = NOON.replace(hour=16)
    assert bill_days(NOON, late, BEIJING) == ["2026-03-02", "2026-03-03"]
    assert bill_days(NOON, late - timedelta(seconds=1), BEIJING) == ["2026-03-02"]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://dwbillcenter.alipay.com/f?a=1", "https://dwbillcenter.alipay.com/f?a=1"),
        ("https://alipay.com.evil.example/f", None),
        ("https://evilalipay.com/f", None),
        ("file:///etc/passwd", None),
        ("http://127.0.0.1:8/f", None),
        ("https://[", None),
    ],
)
def test_a_bill_is_only_fetched_from_its_service(url: str, found: str | None) -> None:
    account = Account(gateway="alipay")
    if found:
        assert file_address(account, url, "alipay.com") == found
    else:
        with pytest.raises(Unanswered):
            file_address(account, url, "alipay.com")
