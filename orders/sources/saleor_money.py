"""Saleor's words for money: three places tell how an order is paid, the first that speaks counts. Pure."""

from typing import Any, NamedTuple

from orders.facts import Kind, PaymentFacts, RefundFacts, Statement, Version
from orders.sources.loose import rounded
from orders.sources.reading import identifier, mapping, objects, text, when
from orders.statuses import PaymentState, RefundState

# `paymentStatus` of an order and `charge_status` of a payment
CHARGES: dict[str, tuple[PaymentState, RefundState]] = {
    "not_charged": (PaymentState.NONE, RefundState.NONE),
    "pending": (PaymentState.PENDING, RefundState.NONE),
    "partially_charged": (PaymentState.PARTIALLY_PAID, RefundState.NONE),
    "fully_charged": (PaymentState.PAID, RefundState.NONE),
    "partially_refunded": (PaymentState.PAID, RefundState.PARTIAL),
    "fully_refunded": (PaymentState.PAID, RefundState.FULL),
    "refused": (PaymentState.FAILED, RefundState.NONE),
    "cancelled": (PaymentState.VOIDED, RefundState.NONE),
}
# `chargeStatus` of an order
ORDER_CHARGES = {
    "none": PaymentState.NONE,
    "partial": PaymentState.PARTIALLY_PAID,
    "full": PaymentState.PAID,
    "overcharged": PaymentState.OVERPAID,
}
_LESS = frozenset({PaymentState.NONE, PaymentState.PARTIALLY_PAID})
_PAID_TOPICS = frozenset({"order_fully_paid"})


_CAPTURED = ("captured_amount", "captured_amount.amount")
_WHOLE = ("total", "total.amount")
_FINEST = "CLF"  # four decimals: no amount of any currency loses one


class Money(NamedTuple):
    """How an order is paid; `unknown` is a word that no table knows."""

    payment: PaymentState = PaymentState.NONE
    refund: RefundState = RefundState.NONE
    unknown: str = ""


def payment_state(topic: str, order: dict[str, Any]) -> Money | None:
    """What the payload says about the money, or None when it says nothing."""
    authorised = _word(order.get("authorize_status")) == "full"
    for stated in (order.get("payment_status"), _active(order).get("charge_status")):
        if _word(stated):
            return _charged(_word(stated), authorised=authorised)
    charged = _word(order.get("charge_status"))
    if charged:
        if charged not in ORDER_CHARGES:
            return Money(unknown=charged)
        payment = ORDER_CHARGES[charged]
        if payment in _LESS and (back := _given_back(order)) is not None:
            return back
        return Money(PaymentState.AUTHORIZED if payment is PaymentState.NONE and authorised else payment)
    if order.get("is_paid") is True or topic in _PAID_TOPICS:
        return Money(PaymentState.PAID)
    return None


def payment_statements(order: dict[str, Any], currency: str, version: Version, warnings: list[str]) -> list[Statement]:
    """The payments (classic) and the transactions (newer) of an order."""
    statements = []
    for payment in objects(order.get("payments")):
        word = _word(payment.get("charge_status"))
        if word and word not in CHARGES:
            warnings.append(f"charge_status={word[:40]}")
        facts: dict[str, Any] = {
            "tender": _tender(text(payment.get("payment_method_type")), text(payment.get("gateway"))),
            "gateway": text(payment.get("gateway")),
            "gateway_ref": text(payment.get("psp_reference")),
            "captured": _captured(payment, order, currency),
            "currency": currency,
            "at": when(payment.get("created"), "UTC"),
        }
        facts |= {"state": CHARGES[word][0]} if word in CHARGES else {}
        statements.append(Statement(Kind.PAYMENT, identifier(payment.get("id")), PaymentFacts(**facts), version))
    for transaction in objects(order.get("transactions")):
        name = text(transaction.get("name"))
        taken = rounded(amount_of(transaction, "charged_amount", "charged_amount.amount"), currency)
        back = rounded(amount_of(transaction, "refunded_amount", "refunded_amount.amount"), currency)
        found = PaymentFacts(
            tender=_tender(name, name),
            gateway=name,
            gateway_ref=text(transaction.get("psp_reference")),
            authorised=rounded(amount_of(transaction, "authorized_amount", "authorized_amount.amount"), currency),
            captured=taken + back,  # what was refunded is no longer counted as charged
            currency=currency,
            at=when(transaction.get("created_at"), "UTC"),
        )
        statements.append(Statement(Kind.PAYMENT, identifier(transaction.get("id")), found, version))
    return statements


def refund_statements(order: dict[str, Any], currency: str, version: Version) -> list[Statement]:
    """What has been given back so far, where the payload tells the sum."""
    amount = rounded(amount_of(order, "total_refunded_amount", "total_refunded.amount"), currency) or sum(
        _captured(payment, order, currency) - rounded(amount_of(payment, *_CAPTURED), currency)
        for payment in objects(order.get("payments"))
    )
    if amount <= 0:
        return []
    facts = RefundFacts(amount=amount, currency=currency, state="succeeded", tender="other", seen_at=version.at)
    return [Statement(Kind.REFUND, "order", facts, version)]


def _captured(payment: dict[str, Any], order: dict[str, Any], currency: str) -> int:
    """What was taken; `captured_amount` is less what was refunded. Only a payment of the whole order tells the rest."""
    left, whole = (rounded(amount_of(payment, *places), currency) for places in (_CAPTURED, _WHOLE))
    total = rounded(amount_of(order, "total_gross_amount", "total.gross.amount"), currency)
    refunded = CHARGES.get(_word(payment.get("charge_status")), (None, RefundState.NONE))[1] is not RefundState.NONE
    return whole if refunded and whole == total else left


def amount_of(node: dict[str, Any], *places: str) -> Any:
    """The first scalar at one of the dotted `places`, or None."""
    for place in places:
        found: Any = node
        for name in place.split("."):
            found = mapping(found).get(name)
        if found is not None and not isinstance(found, dict | list):
            return found
    return None


def _charged(word: str, *, authorised: bool) -> Money:
    if word not in CHARGES:
        return Money(unknown=word)
    payment, refund = CHARGES[word]
    return Money(PaymentState.AUTHORIZED if payment is PaymentState.NONE and authorised else payment, refund)


def _given_back(order: dict[str, Any]) -> Money | None:
    """An order that was paid in full and is "partial" or "none" only because money went back since."""
    transactions = objects(order.get("transactions"))
    charged, refunded = (
        sum(_number(amount_of(t, f"{name}_amount", f"{name}_amount.amount")) for t in transactions)
        or _number(amount_of(order, f"total_{name}_amount", f"total_{name}.amount"))
        for name in ("charged", "refunded")
    )
    total = _number(amount_of(order, "total_gross_amount", "total.gross.amount"))
    if not refunded or charged + refunded < total:
        return None
    return Money(PaymentState.PAID, RefundState.PARTIAL if charged else RefundState.FULL)


def _number(value: Any) -> int:
    """An amount to compare with others, whatever its currency."""
    return rounded(value, _FINEST)


def _active(order: dict[str, Any]) -> dict[str, Any]:
    """The payment that counts: attempts that were given up stay in the list as inactive."""
    payments = objects(order.get("payments"))
    return next((payment for payment in payments if payment.get("is_active") is not False), {})


def _tender(method: str, gateway: str) -> str:
    words = f"{method} {gateway}".lower()
    kinds = {"card": "card", "paypal": "paypal", "alipay": "alipay", "wechat": "wechat", "stripe": "card"}
    return next((kind for part, kind in kinds.items() if part in words), "other")


def _word(value: Any) -> str:
    return text(value).lower().replace(" ", "_").replace("-", "_")
