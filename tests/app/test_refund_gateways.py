"""Gateways that send money back, each against its twin: one key pays once, whatever happens on the way."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.gateways import payment_http
from orders.refunds.gateway import Answer, Outcome
from tests.fakes.gateways import SERVICES, Service, a_service
from tests.fakes.http import Reply
from tests.fakes.payments import CAPTURED

pytestmark = pytest.mark.anyio

BROKEN = {
    "500": Reply(500, {"error": {"type": "api_error"}}),
    "503 page": Reply(503, raw=b"<html>be right back</html>"),
    "cut": Reply(200, {"status": "succeeded", "padding": "x" * 500}, cut=True),
    "page": Reply(200, raw=b"<html>Welcome</html>"),
    "empty": Reply(200, raw=b""),
    "list": Reply(200, data=[1, 2]),
    "null": Reply(200, data=None),
    "moved": Reply(302, headers={"Location": "http://127.0.0.1:9/"}),
}


@pytest.fixture(params=SERVICES)
async def service(request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    found = a_service(str(request.param))
    async with found.fake.open():
        yield found


async def test_a_refund_is_made_and_found(service: Service) -> None:
    asked = service.ask()
    assert (await service.gateway.look_up(asked)).state is Answer.ABSENT
    said = await service.gateway.refund(asked)
    assert said.state in {Answer.ACCEPTED, Answer.SUCCEEDED}
    found = await service.gateway.look_up(replace(asked, reference=said.reference))
    assert (found.state, found.amount, found.currency) == (Answer.SUCCEEDED, 2500, service.fake.currency)
    assert found.reference == said.reference
    assert (service.fake.paid, service.fake.calls) == (2500, 1)


async def test_two_parts_are_two_refunds_and_the_same_key_is_one(service: Service) -> None:
    first, second = service.ask(2500), service.ask(2500)
    for asked in (first, second, first, second):
        assert (await service.gateway.refund(asked)).state in {Answer.ACCEPTED, Answer.SUCCEEDED}
    assert (service.fake.paid, service.fake.calls) == (5000, 2)
    assert (await service.gateway.look_up(second)).state is Answer.SUCCEEDED


@pytest.mark.parametrize("paid", [True, False], ids=["paid", "unheard"])
@pytest.mark.parametrize("trouble", BROKEN)
async def test_no_answer_is_no_knowledge_and_another_try_pays_once(service: Service, trouble: str, paid: bool) -> None:
    asked = service.ask()
    service.fake.spoil(BROKEN[trouble], paid=paid)
    assert (await service.gateway.refund(asked)).state is Answer.UNKNOWN
    assert service.fake.paid == (2500 if paid else 0)
    found = await service.gateway.look_up(asked)
    assert found.state is (Answer.SUCCEEDED if paid else Answer.ABSENT)
    assert (await service.gateway.refund(asked)).state in {Answer.ACCEPTED, Answer.SUCCEEDED}
    assert (service.fake.paid, service.fake.calls) == (2500, 1)


@pytest.mark.parametrize("trouble", BROKEN)
async def test_a_query_without_an_answer_never_says_absent(service: Service, trouble: str) -> None:
    asked = service.ask()
    await service.gateway.refund(asked)
    service.fake.troubles.append(BROKEN[trouble])
    assert (await service.gateway.look_up(asked)).state is Answer.UNKNOWN


async def test_an_answer_that_takes_too_long_is_none(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = service.ask()
    service.fake.spoil(Reply(200, {}, after=0.6), paid=True)
    with monkeypatch.context() as patch:
        patch.setattr(payment_http, "LONGEST", 0.3)
        said = await service.gateway.refund(asked)
    assert (said.state, said.code, service.fake.paid) == (Answer.UNKNOWN, "no_answer", 2500)
    assert (await service.gateway.look_up(asked)).state is Answer.SUCCEEDED


async def test_a_service_that_is_not_there_is_no_knowledge(service: Service) -> None:
    asked = service.ask(account=replace(service.account, address="http://127.0.0.1:1"))
    for said in (await service.gateway.refund(asked), await service.gateway.look_up(asked)):
        assert (said.state, said.code) == (Answer.UNKNOWN, "no_answer")


async def test_patience_is_asked_for_in_seconds(service: Service) -> None:
    service.fake.troubles.append(Reply(429, {}, {"Retry-After": "7"}))
    said = await service.gateway.refund(service.ask())
    assert (said.state, said.retry_after) == (Answer.UNKNOWN, timedelta(seconds=7))
    assert service.fake.paid == 0


async def test_credentials_that_are_wrong_or_missing_move_nothing_and_are_not_told(service: Service) -> None:
    wrong = dict.fromkeys(service.credentials, "s3cret-but-wrong")
    for credentials in (wrong, {}):
        asked = service.ask(account=replace(service.account, credentials=credentials))
        said = await service.gateway.refund(asked)
        assert (said.state, service.fake.paid) == (Answer.UNKNOWN, 0)
        assert said.retry_after is not None, "a person has to act first"
        assert "s3cret" not in repr(said) + repr(asked)


async def test_more_than_was_taken_is_refused_for_certain(service: Service) -> None:
    await service.gateway.refund(service.ask(CAPTURED - 1000))
    asked = service.ask(1001)
    said = await service.gateway.refund(asked)
    assert (said.state, bool(said.code)) == (Answer.FAILED, True)
    assert (await service.gateway.look_up(asked)).state is Answer.ABSENT
    assert service.fake.paid == CAPTURED - 1000


async def test_the_services_own_amount_is_told(service: Service) -> None:
    service.fake.wrong = 1
    asked = service.ask()
    await service.gateway.refund(asked)
    found = await service.gateway.look_up(asked)
    assert (found.state, found.amount) == (Answer.SUCCEEDED, 2501)


@pytest.mark.parametrize("service", ["stripe", "wechatpay", "shopify"], indirect=True)
async def test_a_refund_may_fail_after_it_was_done(service: Service) -> None:
    """A bank sends it back days later."""
    dead = {"stripe": "failed", "wechatpay": "CLOSED", "shopify": "FAILURE"}[service.name]
    asked = service.ask()
    await service.gateway.refund(asked)
    assert (await service.gateway.look_up(asked)).state is Answer.SUCCEEDED
    service.fake.backs[0].state = dead
    found = await service.gateway.look_up(asked)
    assert (found.state, found.amount, bool(found.code)) == (Answer.FAILED, 2500, True)


@pytest.mark.parametrize("service", ["alipay", "wechatpay"], indirect=True)
async def test_an_answer_that_the_service_has_not_signed_says_nothing(service: Service) -> None:
    asked = service.ask()
    service.fake.unsigned = True
    said: list[Outcome] = [await service.gateway.refund(asked), await service.gateway.look_up(asked)]
    assert [(outcome.state, outcome.code) for outcome in said] == [(Answer.UNKNOWN, "bad_signature")] * 2
    service.fake.unsigned = False
    assert (await service.gateway.look_up(asked)).state is Answer.SUCCEEDED
