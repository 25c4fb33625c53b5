"""Every gateway that sends money back over the network: its twin, an account there, and what to ask it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.gateways.refunds import WAYS
from app.gateways.simulators.keys import WECHAT_SERIAL, demo_secrets
from core.ids import new_id
from orders.refunds.case import Reason
from orders.refunds.gateway import Account, Instruction, InstructionLine, RefundGateway
from orders.refunds.keys import PREFIX
from tests.fakes import alipay_api, shopify_refunds, stripe_api, wechatpay_api, woocommerce_refunds
from tests.fakes.alipay_api import FakeAlipay
from tests.fakes.payments import MERCHANT_PRIVATE, Ledger
from tests.fakes.shopify_refunds import FakeShopifyRefunds
from tests.fakes.stripe_api import FakeStripe
from tests.fakes.wechatpay_api import FakeWechatPay
from tests.fakes.woocommerce_refunds import FakeWooRefunds

PUBLIC = str(json.loads(demo_secrets("x")["alipay"][0])["public_key"])  # of Alipay and of WeChat Pay


@dataclass(frozen=True, slots=True)
class Service:
    """A twin, and how it is asked."""

    name: str
    fake: Ledger
    credentials: Mapping[str, Any]
    payment_ref: str
    order: str = "1001"

    @property
    def gateway(self) -> RefundGateway:
        return WAYS[self.name].gateway

    @property
    def account(self) -> Account:
        return Account(gateway=self.name, address=self.fake.address, credentials=self.credentials)

    def ask(self, amount: int = 2500, **more: Any) -> Instruction:
        """A new refund of the one payment; `amount` in minor units."""
        found = Instruction(
            key=new_id(PREFIX),
            account=self.account,
            payment_ref=self.payment_ref,
            order_source_id=self.order,
            order_number="1001",
            amount=amount,
            currency=self.fake.currency,
            captured=self.fake.captured,
            reason=Reason.DAMAGED,
        )
        return replace(found, **more)


def a_service(name: str) -> Service:
    return _MADE[name]()


def _stripe() -> Service:
    return Service("stripe", FakeStripe(), {"secret_key": stripe_api.KEY}, stripe_api.PAYMENT)


def _alipay() -> Service:
    keys = {"app_id": alipay_api.APP, "private_key": MERCHANT_PRIVATE, "public_key": PUBLIC}
    return Service("alipay", FakeAlipay(), keys, alipay_api.TRADE)


def _wechatpay() -> Service:
    keys: dict[str, Any] = {"mchid": wechatpay_api.MERCHANT, "serial_no": wechatpay_api.SERIAL}
    keys |= {"private_key": MERCHANT_PRIVATE, "keys": {WECHAT_SERIAL: PUBLIC}}
    return Service("wechatpay", FakeWechatPay(), keys, wechatpay_api.TRANSACTION)


def _shopify() -> Service:
    found = {"access_token": shopify_refunds.TOKEN}
    return Service("shopify", FakeShopifyRefunds(), found, "auth_1", shopify_refunds.ORDER)


def _woocommerce() -> Service:
    found = {"consumer_key": woocommerce_refunds.KEY, "consumer_secret": woocommerce_refunds.SECRET}
    return Service("woocommerce", FakeWooRefunds(), found, "", str(woocommerce_refunds.ORDER))


_MADE = {
    "stripe": _stripe,
    "alipay": _alipay,
    "wechatpay": _wechatpay,
    "shopify": _shopify,
    "woocommerce": _woocommerce,
}
SERVICES = tuple(_MADE)


def a_line(**more: Any) -> InstructionLine:
    return replace(InstructionLine(line="315", quantity=1, net=2350, tax=150), **more)
