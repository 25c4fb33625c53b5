"""Simulated payment services: a merchant's accounts at Stripe, Alipay and WeChat Pay, and what they tell."""

from collections.abc import Callable, Mapping
from datetime import datetime

from app.gateways.simulators.charges import Back, Charge
from app.gateways.simulators.order import SimAttempt, SimOrder, SimRefund
from app.gateways.simulators.payment_wires import alipay_notice, stripe_event, wechat_notice
from app.gateways.simulators.wire import Letter

SERVICES = {"card": "stripe", "alipay": "alipay", "wechat": "wechatpay"}  # by the way of paying
METHODS = {service: method for method, service in SERVICES.items()}


class PaymentService:
    """One merchant's account at one service. Asking twice under one name acts once."""

    def __init__(self, service: str, shop: str) -> None:
        self.service, self.shop = service, shop
        self.charges: dict[str, Charge] = {}

    def charge(self, wanted: Charge) -> list[Letter]:
        """Take money, or fail to. Returns what the service tells the shop."""
        if wanted.reference in self.charges:
            return []
        self.charges[wanted.reference] = wanted
        return self._told(wanted, None)

    def refund(self, reference: str, name: str, amount: int, at: datetime, *, state: str = "pending") -> list[Letter]:
        """Begin, settle or fail a refund of a charge. Raises LookupError for an unknown charge, ValueError when more
        would go back than was taken.
        """
        charge = self.charges[reference]
        back = charge.refunds.get(name)
        if back is not None and back.state == state:
            return []
        if back is None:
            if charge.state != "paid" or charge.leaving + amount > charge.amount:
                raise ValueError("more than was taken")
            back = charge.refunds[name] = Back(name, amount, state, at)
        back.state, back.settled_at = state, None if state == "pending" else at
        return self._told(charge, back)

    def _told(self, charge: Charge, back: Back | None) -> list[Letter]:
        letter = _WRITERS[self.service](self.shop, charge, back)
        return [letter] if letter else []


class Accounts:
    """All accounts of one shop: each way of paying has its service."""

    def __init__(self, shop: str) -> None:
        self._services = {service: PaymentService(service, shop) for service in METHODS}

    @classmethod
    def of(cls, order: SimOrder) -> "Accounts":
        """The accounts as they must be, for an order that only its shop remembers."""
        accounts = cls(order.shop.key)
        for attempt in order.known_attempts:
            accounts.tell_attempt(order, attempt)
        for refund in order.refunds:
            accounts.tell_refund(order, refund, refund.at)
        return accounts

    def at(self, service: str) -> PaymentService:
        """The account at `service`."""
        return self._services[service]

    def tell_attempt(self, order: SimOrder, attempt: SimAttempt) -> list[Letter]:
        """What the service tells of an attempt to pay; nothing, if we know no such service."""
        service = SERVICES.get(attempt.method)
        if service is None:
            return []
        currency = order.shop.currency
        wanted = Charge(attempt.reference, str(order.number), order.total, currency, attempt.state, attempt.at)
        return self.at(service).charge(wanted)

    def tell_refund(self, order: SimOrder, refund: SimRefund, at: datetime) -> list[Letter]:
        """What the service tells of money that goes back to the first payment of an order."""
        paid = next((attempt for attempt in order.attempts if attempt.state == "paid"), None)
        service = SERVICES.get(paid.method) if paid else None
        if paid is None or service is None:
            return []
        return self.at(service).refund(paid.reference, refund.reference, refund.amount, at, state=refund.state)


_WRITERS: Mapping[str, Callable[[str, Charge, Back | None], Letter | None]] = {
    "stripe": stripe_event,
    "alipay": alipay_notice,
    "wechatpay": wechat_notice,
}
