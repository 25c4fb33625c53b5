"""Money on its way back: each refund by itself, accepted is never told as arrived."""

from datetime import datetime

from bots.telling import Answer, Telling
from orders.snapshots import OrderSnapshot, RefundSnapshot

_TENDERS = frozenset({"card", "paypal", "alipay", "wechat", "gift_card", "points"})
_STATES = frozenset({"requested", "pending", "succeeded", "failed"})


def refund_answer(order: OrderSnapshot, language: str, now: datetime) -> Answer:
    """Where is my refund: every refund of the order, or that there is none."""
    telling = Telling(order=order, language=language, now=now)
    if order.refunds:
        tell_refunds(telling)
    else:
        telling.paragraph(telling.say("refund_none"))
        telling.offer("refund")
    telling.offer("where", "person")
    return telling.finish("refund_status")


def tell_refunds(telling: Telling) -> None:
    """Add one paragraph per refund of the order, newest last."""
    for refund in telling.order.refunds:
        telling.paragraph(*_refund(telling, refund))
        if refund.state == "failed":
            telling.offer("person")


def method_name(telling: Telling, tender: str) -> str:
    """How the customer calls the way they paid."""
    return telling.say(f"tender_{tender if tender in _TENDERS else 'original'}")


def _refund(telling: Telling, refund: RefundSnapshot) -> tuple[str, ...]:
    state = refund.state if refund.state in _STATES else "requested"
    method = method_name(telling, refund.tender)
    told = telling.say(f"refund_{state}", amount=refund.amount, at=refund.at, method=method)
    reference = (
        telling.say("refund_reference", reference=refund.reference)
        if refund.reference and state in ("pending", "succeeded")
        else ""
    )
    return told, reference
