"""JD's order object: one state, with locks that stop the packing, and amounts in yuan. Pure."""

import re
from collections import Counter
from datetime import datetime
from typing import Any

from orders.facts import (
    Address,
    HeaderFacts,
    HoldFacts,
    Kind,
    LineFacts,
    OrderFacts,
    PaymentFacts,
    ShipmentFacts,
    Statement,
    Version,
)
from orders.sources.china import COUNTRY, CURRENCY, local, phone_of
from orders.sources.loose import rounded
from orders.sources.reading import Delivery, count, identifier, mapping, minor, objects, text
from orders.statuses import Confirmation, Fulfilment, Hold, PaymentState

_AT = object()  # stands for the time of the change
_OPEN: dict[str, Any] = {"cancelled_at": None, "completed_at": None, "risk_open": False, "acceptance_open": False}
_ACCEPTED = {**_OPEN, "confirmation": Confirmation.CONFIRMED, "confirmed_seen_at": _AT, "payment": PaymentState.PAID}
_PACKING = {**_ACCEPTED, "fulfilment": Fulfilment.UNFULFILLED}
_SHIPPED = {**_ACCEPTED, "fulfilment": Fulfilment.SHIPPED}
_FINISHED = {**_ACCEPTED, "fulfilment": Fulfilment.DELIVERED, "completed_at": _AT}
_PAUSED = {**_OPEN, "acceptance_open": True}
STATES: dict[str, dict[str, Any]] = {
    "WAIT_SELLER_STOCK_OUT": _PACKING,
    "WAIT_SELLER_DELIVERY": _PACKING,
    "WAIT_SEND_CODE": _PACKING,  # a service in a shop: its code is still to be sent
    "SEND_TO_DISTRIBUTION_CENER": _SHIPPED,  # the platform's own spelling
    "DISTRIBUTION_CENTER_RECEIVED": _SHIPPED,
    "WAIT_GOODS_RECEIVE_CONFIRM": _SHIPPED,
    "RECEIPTS_CONFIRM": _FINISHED,
    "FINISHED_L": _FINISHED,
    "TRADE_CANCELED": {"cancelled_at": _AT, "risk_open": False, "acceptance_open": False},
    "LOCKED": {**_OPEN, "risk_open": True},  # what else was true stays true
    "PAUSE": _PAUSED,
    "POP_ORDER_PAUSE": _PAUSED,
}
HOLDS: dict[str, tuple[Hold, ...]] = {
    "LOCKED": (Hold.PLATFORM_LOCK,),  # mostly a cancel under review: stop packing
    "PAUSE": (Hold.MERCHANT,),
    "POP_ORDER_PAUSE": (Hold.MERCHANT,),
}
# Without a time of change the state that comes later in an order's life is the newer one.
_RANKS = ("PAUSE", "POP_ORDER_PAUSE", "WAIT_SELLER_STOCK_OUT", "WAIT_SELLER_DELIVERY", "WAIT_SEND_CODE", "?", "LOCKED")
_LATER = tuple(state for state in STATES if state not in _RANKS)
_ON_DELIVERY = "1"  # pay_type "1-货到付款"
_SEVERAL = re.compile(r"[,，;|\s]+")


def read_order(delivery: Delivery, order: dict[str, Any]) -> OrderFacts:
    """Everything that an order says. Raises Invalid when it cannot be true."""
    warnings: list[str] = []
    state, version = text(order.get("order_state")).upper(), _version(delivery, order)
    statements = [
        Statement(Kind.HEADER, "", _header(order, state, version.at, warnings), version),
        *_lines(order, version),
        *_payment(order, version),
        *_parcels(order, version),
    ]
    if state in STATES:
        statements.append(Statement(Kind.HOLD, "shop", HoldFacts(holds=HOLDS.get(state, ())), version))
    return OrderFacts(identifier(order.get("order_id")), tuple(statements), tuple(warnings))


def _version(delivery: Delivery, order: dict[str, Any]) -> Version:
    """`modified`; an answer that was fetched without it is as of its arrival."""
    state, ranks = text(order.get("order_state")).upper(), _RANKS + _LATER
    rank = ranks.index(state) if state in ranks else ranks.index("?")
    return Version(local(order.get("modified")) or delivery.received_at, f"{rank:02d}", delivery.digest())


def _header(order: dict[str, Any], state: str, at: datetime, warnings: list[str]) -> HeaderFacts:
    """Only what the document has: a missing field is not stated."""
    facts: dict[str, Any] = {"number": identifier(order.get("order_id")), "currency": CURRENCY, "language": "zh"}
    placed, paid = local(order.get("order_start_time")), local(order.get("payment_confirm_time"))
    facts |= {"placed_at": placed} if placed else {}
    facts |= {"paid_at": paid} if paid else {}
    total, goods, shipping = _total(order), _amount(order, "order_total_price"), _amount(order, "freight_price")
    facts |= {"total": total} if total is not None else {}
    facts |= {"goods": goods} if goods is not None else {}
    facts |= {"shipping": shipping} if shipping is not None else {}
    if total is not None and goods is not None:
        facts["discount"] = max(goods + (shipping or 0) - total, 0)
    if "pay_type" in order:
        facts["pay_on_delivery"] = _on_delivery(order)
    facts |= _states(order, state, at, warnings)
    facts |= _person(order)
    return HeaderFacts(**facts)


def _total(order: dict[str, Any]) -> int | None:
    """`order_payment` is what was left to pay after the customer's JD balance (`balance_used`), which is money, too."""
    due = _amount(order, "order_payment")
    return None if due is None else due + (_amount(order, "balance_used") or 0)


def _amount(order: dict[str, Any], name: str) -> int | None:
    return minor(order[name], CURRENCY) if text(order.get(name)) else None


def _states(order: dict[str, Any], state: str, at: datetime, warnings: list[str]) -> dict[str, Any]:
    if "order_state" not in order:
        return {}
    if state not in STATES:
        warnings.append(f"order_state={state[:40]}")
        return {"unknown": {"order_state": state}}
    ended = local(order.get("order_end_time")) or at
    paid = local(order.get("payment_confirm_time"))
    times = {"completed_at": ended, "cancelled_at": ended, "confirmed_seen_at": paid or at}
    facts = {name: times.get(name, at) if value is _AT else value for name, value in STATES[state].items()}
    if "payment" not in facts and paid:
        facts["payment"] = PaymentState.PAID
    if facts.get("payment") is PaymentState.PAID:
        if _on_delivery(order) and not paid and STATES[state] is not _FINISHED:
            facts["payment"] = PaymentState.NONE  # the carrier has not handed the cash over
        else:
            facts["paid_seen_at"] = paid or at
    return facts | {"unknown": {}}


def _on_delivery(order: dict[str, Any]) -> bool:
    return text(order.get("pay_type")).partition("-")[0].strip() == _ON_DELIVERY


def _person(order: dict[str, Any]) -> dict[str, Any]:
    person = mapping(order.get("consignee_info"))
    if not person:
        return {}
    return {
        "customer_name": text(person.get("fullname")),
        "phone": phone_of(person.get("mobile"), person.get("telephone")),
        "ship_to": Address(
            name=text(person.get("fullname")),
            lines=tuple(line for part in ("county", "town", "full_address") if (line := text(person.get(part)))),
            city=text(person.get("city")),
            region=text(person.get("province")),
            country=COUNTRY,
        ),
    }


def _lines(order: dict[str, Any], version: Version) -> list[Statement]:
    """JD names no lines, so the article does; the same one once more (a gift) is a line of its own."""
    statements = []
    times: Counter[str] = Counter()
    for position, item in enumerate(objects(order.get("item_info_list"))):
        name = identifier(item.get("sku_id") or item.get("ware_id"))
        times[name] += 1
        facts = LineFacts(
            position=position,
            sku=text(item.get("outer_sku_id")) or text(item.get("sku_id")),
            title=text(item.get("sku_name")),
            quantity=count(item.get("item_total")),
            unit_price=rounded(item.get("jd_price"), CURRENCY),
        )
        line = name if times[name] == 1 else f"{name}:{times[name]}"
        statements.append(Statement(Kind.LINE, line, facts, version))
    return statements


def _payment(order: dict[str, Any], version: Version) -> list[Statement]:
    paid = local(order.get("payment_confirm_time"))
    if paid is None and "pay_type" not in order:
        return []
    facts: dict[str, Any] = {
        "tender": "cash_on_delivery" if _on_delivery(order) else "other",
        "gateway": text(order.get("pay_type")).partition("-")[2] or "京东",
        "currency": CURRENCY,
        "captured": (_total(order) or 0) if paid else 0,
        "at": paid or local(order.get("order_start_time")),
    }
    facts |= {"state": PaymentState.PAID} if paid else {}
    return [Statement(Kind.PAYMENT, "order", PaymentFacts(**facts), version)]


def _parcels(order: dict[str, Any], version: Version) -> list[Statement]:
    """The numbers in `waybill`; with several, what is in which is not told."""
    numbers = [number for number in _SEVERAL.split(text(order.get("waybill"))) if number]
    return [
        Statement(
            Kind.SHIPMENT,
            identifier(number),
            ShipmentFacts(
                direction="outbound",
                carrier=text(order.get("logistics_name")),  # `logistics_id` is a number in a list of JD's, no name
                tracking_number=number,
                shipped=text(order.get("order_state")).upper() not in _NOT_LEFT,
            ),
            version,
        )
        for number in numbers
    ]


_NOT_LEFT = frozenset({"WAIT_SELLER_STOCK_OUT", "WAIT_SELLER_DELIVERY", "WAIT_SEND_CODE"})
