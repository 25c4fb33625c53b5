"""Through which account of a shop the money of a payment goes back. Pure."""

from collections.abc import Sequence

from orders.models import Order, Payment
from orders.refunds.models import PaymentAccount

MANUAL = "manual"

# What payments are called when a gateway took the money: words of Payment.gateway and Payment.tender.
WORDS = {
    "simulator": {"simulator"},
    "stripe": {"stripe", "woocommerce_payments"},
    "alipay": {"alipay", "支付宝"},
    "wechatpay": {"wechatpay", "wechat_pay", "wechat", "weixin", "微信支付"},
}
_PLATFORMS = {"shopify", "woocommerce"}  # these send money back for their own orders, whoever took it
_NOT_THROUGH_GATEWAYS = {"cash_on_delivery", "cash", "bank_transfer", "cheque"}
_HELD_BY_SHOP = {"gift_card", "store_credit", "points", "coupon"}


def account_of(payment: Payment, order: Order, accounts: Sequence[PaymentAccount]) -> PaymentAccount | None:
    """The account that serves `payment`; None: somebody pays it back by hand.

    First whoever is said to serve it, then the order's own platform, then the gateway that took it, then the shop's
    only account. Money that never went through a gateway, and value that the shop itself keeps, goes to no card; and
    what was charged in the customer's own money is paid back by hand where it was charged: amounts here are the shop's.
    """
    if payment.charged_in:
        return None
    enabled = [account for account in accounts if account.enabled]
    words = {payment.gateway.casefold(), payment.tender.casefold()} - {""}
    for account in enabled:
        if words & {str(word).casefold() for word in account.serves}:
            return account
    if payment.tender in _NOT_THROUGH_GATEWAYS:
        return None
    for account in enabled:
        if account.gateway == order.source and account.gateway in _PLATFORMS:
            return account
    if payment.tender in _HELD_BY_SHOP:
        return None
    for account in enabled:
        if words & (WORDS.get(account.gateway, set()) | {account.gateway}):
            return account
    others = [account for account in enabled if account.gateway != MANUAL and account.gateway not in _PLATFORMS]
    return others[0] if len(others) == 1 else None
