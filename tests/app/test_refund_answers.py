"""Whatever JSON a service answers, an adapter makes an Outcome of it: it never raises, and never makes up money."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.gateways import alipay_api, refund_stripe, refund_woocommerce, shopify_mutation, wechatpay_api
from app.gateways.payment_http import Reply
from orders.refunds.gateway import Answer
from tests.fakes.gateways import SERVICES, a_service

pytestmark = pytest.mark.anyio

_NAMES = re.findall(
    r"\w+",
    """id object status amount currency metadata refund_id data has_more error type code message refunds order node note
    transactions nodes kind amountSet shopMoney currencyCode refundCreate refund userErrors suggestedRefund reason
    suggestedTransactions maximumRefundableSet parentTransaction presentmentCurrencyCode fund_change sub_code
    refund_amount refund_status out_request_no meta_data refunded_payment line_items created out_refund_no""",
)
_WORDS = re.findall(r"\S+", "refund REFUND usd 1.5 1e9 10000 Y succeeded SUCCESS PROCESSING")
_SCALARS = st.sampled_from([None, True, -1, 0, 2500, 10**30, "", *_WORDS])
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=5),
    max_leaves=12,
)
_STATUSES = st.sampled_from([200, 200, 200, 201, 400, 401, 404, 409, 429, 500])
_SUCCESS = ("succeeded", '"SUCCESS"', '"Y"', "refunded_payment", "REFUND_SUCCESS", "refund_amount")


@pytest.mark.parametrize("name", SERVICES)
@settings(max_examples=15, deadline=None)
@given(answers=st.lists(st.tuples(_STATUSES, _TREES), min_size=12, max_size=12))
async def test_no_answer_breaks_an_adapter(name: str, answers: list[tuple[int, Any]]) -> None:
    service, left = a_service(name), list(answers)

    async def ask(*_: object, **__: object) -> Reply:
        status, document = left.pop() if left else (500, {})
        return Reply(status, {"wechatpay-signature": "…"}, json.dumps(_dressed(name, document)).encode())

    with pytest.MonkeyPatch.context() as patch:
        for module in (refund_stripe, refund_woocommerce, shopify_mutation, wechatpay_api, alipay_api):
            patch.setattr(module, "ask", ask)
        patch.setattr(wechatpay_api, "_check", lambda *_: None)
        patch.setattr(alipay_api, "_verified", lambda reply, *_: reply.document())
        while left:
            for question in (service.gateway.refund, service.gateway.look_up):
                told = len(left)
                said = await question(service.ask(account=_somewhere(service.account)))
                heard = json.dumps(answers[len(left) : told])
                assert said.amount is None or 0 <= said.amount <= 10**15
                assert said.state is not Answer.SUCCEEDED or any(word in heard for word in _SUCCESS)


def _dressed(name: str, document: Any) -> Any:
    return {"data": document} if name == "shopify" else document


def _somewhere(account: Any) -> Any:
    return type(account)(gateway=account.gateway, address="http://127.0.0.1:9", credentials=account.credentials)
