"""Refunds at Stripe: states and reasons, keys that are kept and forgotten, amounts in its own form, its list."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.gateways.payment_http import Unanswered
from app.gateways.refund_stripe import STATES, StripeRefunds
from core.clock import now
from orders.refunds.gateway import Answer
from orders.sources.stripe_objects import REFUNDS
from tests.fakes.gateways import Service, a_service
from tests.fakes.http import Reply
from tests.fakes.payments import form_of
from tests.fakes.stripe_api import FakeStripe

pytestmark = pytest.mark.anyio
GATEWAY = StripeRefunds()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    found = a_service("stripe")
    async with found.fake.open():
        yield found


@pytest.fixture
def stripe(service: Service) -> FakeStripe:
    assert isinstance(service.fake, FakeStripe)
    return service.fake


@pytest.mark.parametrize(
    ("state", "why", "answer", "code"),
    [
        ("pending", "", Answer.ACCEPTED, ""),
        ("pending", "insufficient_funds", Answer.ACCEPTED, "insufficient_funds"),
        ("requires_action", "", Answer.ACCEPTED, "requires_action"),
        ("succeeded", "", Answer.SUCCEEDED, ""),
        ("failed", "expired_or_canceled_card", Answer.FAILED, "expired_or_canceled_card"),
        ("canceled", "", Answer.FAILED, "canceled"),
        ("some_day", "", Answer.ACCEPTED, "some_day"),
    ],
)
async def test_each_state_and_reason(
    service: Service, stripe: FakeStripe, state: str, why: str, answer: Answer, code: str
) -> None:
    stripe.state, stripe.why = state, why
    said = await GATEWAY.refund(service.ask())
    assert (said.state, said.code, said.reference) == (answer, code, "re_0001")
    assert bool(said.text) == (code not in {"", "canceled", "some_day"})


def test_the_mirror_knows_the_same_states() -> None:
    assert set(STATES) == set(REFUNDS)


async def test_a_500_that_is_replayed_ends_once_the_key_is_forgotten(service: Service, stripe: FakeStripe) -> None:
    asked, stripe.break_once = service.ask(), True
    for _ in range(2):
        assert (await GATEWAY.refund(asked)).state is Answer.UNKNOWN
    assert (stripe.paid, (await GATEWAY.look_up(asked)).state) == (0, Answer.ABSENT)
    stripe.saved.clear()
    assert (await GATEWAY.refund(asked)).state is Answer.SUCCEEDED
    stripe.saved.clear()  # a day later
    assert (await GATEWAY.refund(asked)).state is Answer.SUCCEEDED
    assert stripe.paid == 2500


async def test_a_key_that_was_used_for_another_amount_is_told_by_its_amount(
    service: Service, stripe: FakeStripe
) -> None:
    asked = service.ask()
    await GATEWAY.refund(asked)
    again = await GATEWAY.refund(replace(asked, amount=3000))
    assert (again.amount, stripe.paid) == (2500, 2500)
    stripe.backs[0].key = ""  # its metadata was edited away: only the idempotency key is left
    refused = await GATEWAY.refund(replace(asked, amount=3000))
    assert (refused.state, refused.code) == (Answer.UNKNOWN, "idempotency_error")


async def test_a_call_under_way_is_waited_for(service: Service, stripe: FakeStripe) -> None:
    said = {"error": {"type": "invalid_request_error", "code": "idempotency_key_in_use", "message": "…"}}
    stripe.spoil(Reply(409, said), paid=True)
    found = await GATEWAY.refund(service.ask())
    assert (found.state, found.code, found.retry_after) == (
        Answer.UNKNOWN,
        "idempotency_key_in_use",
        timedelta(seconds=5),
    )


async def test_ours_is_found_among_many_of_others(service: Service, stripe: FakeStripe) -> None:
    stripe.pages, asked = 2, service.ask()
    await GATEWAY.refund(asked)
    for _ in range(5):
        stripe.enter("", 100)
    found = await GATEWAY.look_up(asked)
    assert (found.state, found.reference) == (Answer.SUCCEEDED, "re_0001")
    assert await GATEWAY.look_up(replace(asked, reference="re_0001")) == found


@pytest.mark.parametrize(
    ("currency", "amount", "sent"),
    [("JPY", 1000, "1000"), ("KWD", 10170, "10170"), ("ISK", 500, "50000"), ("MGA", 300, "3"), ("USD", 1, "1")],
)
async def test_amounts_go_in_stripes_form_and_come_back_in_ours(
    service: Service, stripe: FakeStripe, currency: str, amount: int, sent: str
) -> None:
    stripe.currency, stripe.captured = currency, 1_000_000
    said = await GATEWAY.refund(service.ask(amount))
    (asked,) = (asked for asked in stripe.asked if asked.method == "POST")
    assert form_of(asked)["amount"] == sent
    assert (said.state, said.amount, said.currency) == (Answer.SUCCEEDED, amount, currency)


@pytest.mark.parametrize(("currency", "amount"), [("KWD", 10165), ("MGA", 350)])
async def test_an_amount_that_stripe_cannot_pay_is_never_sent(
    service: Service, stripe: FakeStripe, currency: str, amount: int
) -> None:
    stripe.currency = currency
    said = await GATEWAY.refund(service.ask(amount))
    assert (said.state, said.code, stripe.calls) == (Answer.FAILED, "bad_amount", 0)


@pytest.mark.parametrize("reference", ["", "cash", "4200000000202603011234567890"])
async def test_a_payment_that_is_not_stripes_fails_at_once(service: Service, reference: str) -> None:
    asked = service.ask(payment_ref=reference)
    assert (await GATEWAY.refund(asked)).code == "no_payment"
    assert (await GATEWAY.look_up(asked)).state is Answer.ABSENT


async def test_an_unknown_payment_is_refused_with_stripes_code(service: Service, stripe: FakeStripe) -> None:
    asked = service.ask(payment_ref="pi_of_another_account")
    said = await GATEWAY.refund(asked)
    assert (said.state, said.code, stripe.paid) == (Answer.FAILED, "resource_missing", 0)


async def test_the_statement_has_everybodys_refunds(service: Service, stripe: FakeStripe) -> None:
    asked, stripe.pages = service.ask(), 1
    await GATEWAY.refund(asked)
    stripe.enter("", 300).state = "failed"
    rows = await GATEWAY.statement(service.account, now() - timedelta(days=1), now())
    assert [(row.key, row.amount, row.state) for row in rows] == [
        ("", 300, Answer.FAILED),
        (asked.key, 2500, Answer.SUCCEEDED),
    ]
    stripe.troubles.append(Reply(500, {}))
    with pytest.raises(Unanswered):
        await GATEWAY.statement(service.account, now() - timedelta(days=1), now())
