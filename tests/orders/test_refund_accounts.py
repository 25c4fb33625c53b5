"""Which account a payment goes back through, and which refunds are our own coming back. Pure."""

import pytest

from core.clock import now
from orders.models import Order, Payment, Refund
from orders.refunds.accounts import account_of
from orders.refunds.matching import made_elsewhere, only_ours, our_part
from orders.refunds.models import PaymentAccount, RefundPart


def account(gateway: str, *serves: str, enabled: bool = True) -> PaymentAccount:
    return PaymentAccount(gateway=gateway, serves=list(serves), enabled=enabled)


@pytest.mark.parametrize(
    ("source", "gateway", "tender", "accounts", "expected"),
    [
        ("generic", "stripe", "card", [account("stripe"), account("alipay")], "stripe"),
        ("generic", "", "wechat", [account("stripe"), account("wechatpay")], "wechatpay"),
        ("generic", "adyen", "card", [account("stripe")], "stripe"),
        ("generic", "adyen", "card", [account("stripe"), account("alipay")], None),
        ("generic", "adyen", "card", [account("stripe"), account("alipay", "adyen")], "alipay"),
        ("generic", "", "cash_on_delivery", [account("stripe")], None),
        ("generic", "", "bank_transfer", [account("stripe", "bank_transfer")], "stripe"),
        ("generic", "", "gift_card", [account("stripe")], None),
        ("shopify", "shopify_payments", "card", [account("stripe"), account("shopify")], "shopify"),
        ("shopify", "gift_card", "gift_card", [account("shopify")], "shopify"),
        ("shopify", "shopify_payments", "card", [account("stripe"), account("shopify", enabled=False)], "stripe"),
        ("generic", "", "card", [], None),
    ],
)
def test_money_goes_back_the_way_it_came(
    source: str, gateway: str, tender: str, accounts: list[PaymentAccount], expected: str | None
) -> None:
    found = account_of(Payment(gateway=gateway, tender=tender), Order(source=source), accounts)
    assert (found.gateway if found else None) == expected


def refund(**columns: str) -> Refund:
    return Refund(**{"source_id": "r", "reference": "", "key": "", "state": "succeeded", "at": now(), **columns})


def test_our_own_refunds_are_known_by_key_or_by_the_gateways_name() -> None:
    first = RefundPart(id=1, public_id="rfp_1", gateway_ref="re_1", state="succeeded")
    second = RefundPart(id=2, public_id="rfp_2", gateway_ref="", state="sent")
    parts = [first, second]
    assert our_part(refund(key="rfp_2"), parts) is second
    assert our_part(refund(reference="re_1"), parts) is first
    assert our_part(refund(source_id="re_1"), parts) is first
    assert our_part(refund(key="rfp_2", reference="re_1"), parts) is second
    assert our_part(refund(), parts) is None, "nothing is known by having no name"


def test_what_was_made_elsewhere_and_what_only_we_know() -> None:
    part = RefundPart(id=1, public_id="rfp_1", gateway_ref="", state="pending")
    own, other, failed = refund(key="rfp_1"), refund(reference="re_9"), refund(reference="re_8", state="failed")
    assert made_elsewhere([own, other, failed], [part]) == [other]
    assert only_ours([part], [other]) == [part]
    assert only_ours([part], [own]) == []
    assert only_ours([RefundPart(id=2, public_id="rfp_2", gateway_ref="", state="created")], []) == []
