"""Rules that most desks want, ready to be looked at, changed and switched on. None works before somebody has."""

from typing import Any


def _all(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"mode": "all", "parts": [{"mode": "all", "parts": list(parts)}]}


def _any(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"mode": "all", "parts": [{"mode": "any", "parts": list(parts)}]}


def _is(fact: str, value: Any, op: str = "is") -> dict[str, Any]:
    return {"fact": fact, "op": op, "value": value}


def _does(do: str, value: str) -> dict[str, str]:
    return {"do": do, "value": value}


TEMPLATES: dict[str, dict[str, Any]] = {
    "threats": {
        "trigger": "customer_wrote",
        "conditions": _any(
            *(
                _is("customer.words", words, "contains")
                for words in ("lawyer", "chargeback", "12315", "律师", "投诉平台", "起诉")
            )
        ),
        "actions": [_does("priority", "urgent"), _does("tag", "legal")],
    },
    "lost_parcel": {
        "trigger": "parcel_moved",
        "conditions": _any(_is("parcel.state", "exception"), _is("parcel.state", "returning")),
        "actions": [_does("priority", "high"), _does("tag", "parcel")],
        "once": False,
    },
    "valuable": {
        "trigger": "ticket_opened",
        "conditions": _all(_is("order.total", 500, "at_least")),
        "actions": [_does("priority", "high")],
    },
    "nobody": {
        "trigger": "since_customer",
        "wait_minutes": 240,
        "open_time": True,
        "conditions": _all(_is("ticket.assigned", value=False)),
        "actions": [_does("priority", "high"), _does("tag", "waiting")],
    },
    "silent": {
        "trigger": "since_agent",
        "wait_minutes": 7200,
        "conditions": _all(_is("ticket.status", "pending")),
        "actions": [_does("status", "resolved"), _does("tag", "no answer")],
    },
    "refunded": {
        "trigger": "refund_changed",
        "conditions": _all(_is("order.refund", "full"), _is("ticket.kind", "refund")),
        "actions": [_does("note", "The refund has been paid in full. / 退款已全额到账。")],
    },
}
