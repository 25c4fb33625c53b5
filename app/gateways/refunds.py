"""Which gateways can send money back, what each needs to know, and how often it may be asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.gateways.refund_alipay import AlipayRefunds
from app.gateways.refund_manual import ManualRefunds
from app.gateways.refund_shopify import ShopifyRefunds
from app.gateways.refund_simulator import SimulatedRefunds
from app.gateways.refund_stripe import StripeRefunds
from app.gateways.refund_wechatpay import WechatPayRefunds
from app.gateways.refund_woocommerce import WooCommerceRefunds
from core.errors import Invalid
from orders.refunds.gateway import RefundGateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One gateway: its adapter, which keeps nothing between calls, and the names of the credentials that it needs.

    `pause`: the least time between two refunds of one order. Whose payments: orders/refunds/accounts.py.
    """

    gateway: RefundGateway
    credentials: tuple[str, ...] = ()
    pause: timedelta = timedelta()
    instead: tuple[str, ...] = ()  # what may be given in the credentials' place
    optional: tuple[str, ...] = ()
    needs_address: bool = False  # it has no address of its own, as every shop has another


WAYS: Mapping[str, Way] = {
    "manual": Way(gateway=ManualRefunds()),
    "simulator": Way(gateway=SimulatedRefunds()),
    "stripe": Way(gateway=StripeRefunds(), credentials=("secret_key",)),
    "alipay": Way(
        gateway=AlipayRefunds(),
        credentials=("app_id", "private_key", "public_key"),
        optional=("app_cert_sn", "alipay_root_cert_sn"),
        pause=timedelta(seconds=3),  # between two refunds of one trade (alipay.trade.refund)
    ),
    "wechatpay": Way(
        gateway=WechatPayRefunds(),
        credentials=("mchid", "serial_no", "private_key", "keys"),
        optional=("notify_url",),
        pause=timedelta(minutes=1),  # between two refunds of one order (/v3/refund/domestic/refunds)
    ),
    "shopify": Way(
        gateway=ShopifyRefunds(),
        credentials=("client_id", "client_secret"),
        instead=("access_token",),
        optional=("location_id",),
        needs_address=True,
    ),
    "woocommerce": Way(
        gateway=WooCommerceRefunds(), credentials=("consumer_key", "consumer_secret"), needs_address=True
    ),
}


def way_of(gateway: str) -> Way:
    """How money goes back through a gateway. Raises Invalid (no_refund_gateway)."""
    if gateway not in WAYS:
        raise Invalid(f"money cannot go back through {gateway}", code="no_refund_gateway")
    return WAYS[gateway]
