"""Taobao's trade: a status of its own and of each line, parcels named on the lines, refunds hinted at. Pure."""

import re
from collections import defaultdict
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
    RefundFacts,
    ShipmentFacts,
    Statement,
    Version,
)
from orders.sources.china import COUNTRY, CURRENCY, email_of, local, phone_of
from orders.sources.loose import rounded
from orders.sources.reading import Delivery, count, identifier, mapping, minor, objects, text
from orders.sources.taobao_refunds import NO_REFUND, REFUNDS, known_refund, returns_of
from orders.statuses import Confirmation, Fulfilment, Hold, PaymentState, RefundState

_AT = object()  # stands for the time of the change
_OPEN: dict[str, Any] = {"cancelled_at": None, "completed_at": None}
_UNPAID = {**_OPEN, "confirmation": None, "payment": PaymentState.NONE, "fulfilment": Fulfilment.UNFULFILLED}
_ACCEPTED = {**_OPEN, "confirmation": Confirmation.CONFIRMED, "confirmed_seen_at": _AT, "payment": PaymentState.PAID}
STATUSES: dict[str, dict[str, Any]] = {
    "TRADE_NO_CREATE_PAY": _UNPAID,
    "WAIT_BUYER_PAY": _UNPAID,
    "PAY_PENDING": {**_UNPAID, "payment": PaymentState.PENDING},  # a foreign card is being confirmed
    "WAIT_PRE_AUTH_CONFIRM": {**_UNPAID, "payment": PaymentState.AUTHORIZED},
    "PAID_FORBID_CONSIGN": {**_ACCEPTED, "fulfilment": Fulfilment.UNFULFILLED},  # paid, must not be sent yet
    "WAIT_SELLER_SEND_GOODS": {**_ACCEPTED, "fulfilment": Fulfilment.UNFULFILLED},
    "SELLER_CONSIGNED_PART": {**_ACCEPTED, "fulfilment": Fulfilment.PARTIAL},
    "WAIT_BUYER_CONFIRM_GOODS": {**_ACCEPTED, "fulfilment": Fulfilment.SHIPPED},  # delivered is the carrier's word
    "TRADE_BUYER_SIGNED": {**_ACCEPTED, "fulfilment": Fulfilment.DELIVERED},
    "TRADE_FINISHED": {**_ACCEPTED, "fulfilment": Fulfilment.DELIVERED, "completed_at": _AT},
    "TRADE_CLOSED": {"cancelled_at": _AT, "payment": PaymentState.PAID, "refund": RefundState.FULL},
    "TRADE_CLOSED_BY_TAOBAO": {"cancelled_at": _AT, "payment": PaymentState.NONE},
}
HOLDS: dict[str, tuple[Hold, ...]] = {"PAID_FORBID_CONSIGN": (Hold.PLATFORM_LOCK,)}
# Changes within one second carry the same time: the one that comes later in a trade's life is the newer one.
_RANKS = ("?", *STATUSES)
_SENT = frozenset({"WAIT_BUYER_CONFIRM_GOODS", "TRADE_BUYER_SIGNED", "TRADE_FINISHED"})
_ARRIVED = frozenset({"TRADE_BUYER_SIGNED", "TRADE_FINISHED"})
_CLOSED = frozenset({"TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO"})
_SEVERAL = re.compile(r"[/,，、;；|\s]+")
_VIRTUAL = "virtual"  # the shipping type of codes and other goods that nobody carries
_ON_DELIVERY = "cod"
_DEPOSIT_PAID = "FRONT_PAID_FINAL_NOPAID"  # a presale: the deposit is paid, the rest is not


def trade_id(document: dict[str, Any]) -> str:
    """The trade's id as text. Raises Invalid."""
    return identifier(document.get("tid_str") or document.get("tid"))


def read_trade(delivery: Delivery, trade: dict[str, Any]) -> OrderFacts:
    """Everything that a trade says. Raises Invalid when it cannot be true."""
    warnings: list[str] = []
    status = text(trade.get("status")).upper()
    stated = local(trade.get("modified")) or local(trade.get("pay_time")) or local(trade.get("created"))
    rank = _RANKS.index(status) if status in _RANKS else 0
    version = Version(stated or delivery.received_at, f"{rank:02d}", delivery.digest())
    lines = _orders(trade)
    is_carried = text(trade.get("shipping_type")).lower() != _VIRTUAL
    statements = [
        Statement(Kind.HEADER, "", _header(trade, lines, status, version.at, warnings), version),
        *(_line(position, line, version, is_carried=is_carried) for position, line in enumerate(lines)),
        *_payment(trade, status, version),
        *_parcels(lines, version),
        *_refunds(lines, version, warnings),
    ]
    if status in STATUSES:
        statements.append(Statement(Kind.HOLD, "shop", HoldFacts(holds=HOLDS.get(status, ())), version))
    return OrderFacts(trade_id(trade), tuple(statements), tuple(warnings))


def _orders(trade: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines, which the platform calls orders; short answers leave one of the two envelopes out."""
    held = trade.get("orders")
    return objects(held if isinstance(held, list) else mapping(held).get("order"))


def _header(
    trade: dict[str, Any], lines: list[dict[str, Any]], status: str, at: datetime, warnings: list[str]
) -> HeaderFacts:
    """Only what the trade has: a missing field is not stated."""
    facts: dict[str, Any] = {"number": trade_id(trade), "currency": CURRENCY, "language": "zh"}
    for name, field in (("placed_at", "created"), ("paid_at", "pay_time")):
        found = local(trade.get(field))
        facts |= {name: found} if found else {}
    total, goods, shipping = (_amount(trade, name) for name in ("payment", "total_fee", "post_fee"))
    facts |= {"total": total} if total is not None else {}
    facts |= {"goods": goods} if goods is not None else {}
    facts |= {"shipping": shipping, "shipping_net": shipping} if shipping is not None else {}
    facts["tax_included"] = True
    if total is not None and goods is not None:
        facts["discount"] = max(goods + (shipping or 0) - total, 0)
    if "type" in trade:
        facts["pay_on_delivery"] = _on_delivery(trade)
    facts |= _states(trade, lines, status, at, warnings)
    facts |= _person(trade)
    return HeaderFacts(**facts)


def _amount(trade: dict[str, Any], name: str) -> int | None:
    return minor(trade[name], CURRENCY) if text(trade.get(name)) else None


def _states(
    trade: dict[str, Any], lines: list[dict[str, Any]], status: str, at: datetime, warnings: list[str]
) -> dict[str, Any]:
    if "status" not in trade:
        return {}
    if status not in STATUSES:
        warnings.append(f"status={status[:40]}")
        return {"unknown": {"status": status}}
    ended = local(trade.get("end_time")) or at
    paid = local(trade.get("pay_time"))
    times = {"completed_at": ended, "cancelled_at": ended, "confirmed_seen_at": paid or at}
    facts = {name: times.get(name, at) if value is _AT else value for name, value in STATUSES[status].items()}
    facts["pay_by"] = local(trade.get("timeout_action_time")) if status == "WAIT_BUYER_PAY" else None
    if facts.get("payment") is PaymentState.NONE and _has_deposit(trade):
        facts["payment"] = PaymentState.PARTIALLY_PAID
    if facts.get("payment") is PaymentState.PAID:
        if _on_delivery(trade) and not paid and status not in _ARRIVED:
            facts["payment"] = PaymentState.NONE  # the carrier has not handed the cash over
        else:
            facts["paid_seen_at"] = paid or at
    words = [text(line.get("refund_status")).upper() for line in lines]
    facts["returns"] = returns_of(words)
    facts.setdefault("refund", _refunded(words))
    return facts | {"unknown": {}}


def _refunded(words: list[str]) -> RefundState:
    """What the lines say. How much went back, and so whether it was all, the refunds themselves say."""
    if any(REFUNDS.get(word) == "requested" for word in words):
        return RefundState.REQUESTED
    return RefundState.PARTIAL if "SUCCESS" in words else RefundState.NONE


def _on_delivery(trade: dict[str, Any]) -> bool:
    return text(trade.get("type")).lower() == _ON_DELIVERY


def _has_deposit(trade: dict[str, Any]) -> bool:
    return text(trade.get("step_trade_status")).upper() == _DEPOSIT_PAID


def _person(trade: dict[str, Any]) -> dict[str, Any]:
    if not any(name.startswith(("receiver_", "buyer_email")) for name in trade):
        return {}
    return {
        "customer_name": text(trade.get("receiver_name")),
        "email": email_of(trade.get("buyer_email")),
        "phone": phone_of(trade.get("receiver_mobile"), trade.get("receiver_phone")),
        "ship_to": Address(
            name=text(trade.get("receiver_name")),
            lines=tuple(
                line
                for part in ("receiver_district", "receiver_town", "receiver_address")
                if (line := text(trade.get(part)))
            ),
            city=text(trade.get("receiver_city")),
            region=text(trade.get("receiver_state")),
            postcode=text(trade.get("receiver_zip")),
            country=COUNTRY,
        ),
    }


def _line(position: int, line: dict[str, Any], version: Version, *, is_carried: bool) -> Statement:
    quantity, status = count(line.get("num")), text(line.get("status")).upper()
    sent = status in _SENT or bool(local(line.get("consign_time")))
    facts = LineFacts(
        position=position,
        sku=text(line.get("outer_sku_id")) or text(line.get("outer_iid")) or text(line.get("sku_id")),
        title=text(line.get("title")),
        variant=text(line.get("sku_properties_name")),
        quantity=quantity,
        quantity_cancelled=quantity if status in _CLOSED and not sent else 0,
        quantity_shipped=quantity if sent else 0,
        quantity_delivered=quantity if status in _ARRIVED else 0,
        unit_price=rounded(line.get("price"), CURRENCY),
        discount=max(rounded(line.get("price"), CURRENCY) * quantity - rounded(line.get("payment"), CURRENCY), 0)
        if text(line.get("payment"))
        else 0,
        net=rounded(line.get("divide_order_fee"), CURRENCY) if text(line.get("divide_order_fee")) else None,
        allocated=rounded(line.get("part_mjz_discount"), CURRENCY) if text(line.get("part_mjz_discount")) else None,
        requires_shipping=is_carried,
    )
    return Statement(Kind.LINE, identifier(line.get("oid_str") or line.get("oid")), facts, version)


def _payment(trade: dict[str, Any], status: str, version: Version) -> list[Statement]:
    paid, on_delivery, deposit = local(trade.get("pay_time")), _on_delivery(trade), _has_deposit(trade)
    if paid is None and not on_delivery and not deposit:
        return []
    whole = bool(paid) and not deposit and status != "TRADE_CLOSED_BY_TAOBAO"
    amount = _amount(trade, "step_paid_fee") if deposit else _amount(trade, "payment") if whole else 0
    facts: dict[str, Any] = {
        "tender": "cash_on_delivery" if on_delivery else "alipay",
        "gateway": "货到付款" if on_delivery else "支付宝",
        "gateway_ref": text(trade.get("alipay_no")),
        "currency": CURRENCY,
        "captured": amount or 0,
        "at": paid or local(trade.get("created")),
    }
    if deposit or whole:
        facts["state"] = PaymentState.PARTIALLY_PAID if deposit else PaymentState.PAID
    return [Statement(Kind.PAYMENT, "order", PaymentFacts(**facts), version)]


def _parcels(lines: list[dict[str, Any]], version: Version) -> list[Statement]:
    """Lines with the same number are in the same parcel.

    Several numbers in one field ("123/456") are several parcels; what is in which is not told, so the first lists it.
    """
    contents: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        numbers = dict.fromkeys(identifier(number) for number in _SEVERAL.split(text(line.get("invoice_no"))) if number)
        if numbers:
            contents[tuple(numbers)].append(line)
    statements = []
    for (first, *others), inside in contents.items():
        common: dict[str, Any] = {
            "direction": "outbound",
            "carrier": text(inside[0].get("logistics_company")),
            "shipped": True,
            "label_at": min((at for line in inside if (at := local(line.get("consign_time")))), default=None),
        }
        units = tuple((identifier(line.get("oid_str") or line.get("oid")), count(line.get("num"))) for line in inside)
        whole = {"lines": units, "parts": tuple(others)} if others else {"lines": units}
        statements.append(_parcel(first, version, common | whole))
        statements += [_parcel(number, version, common | {"part_of": first}) for number in others]
    return statements


def _parcel(number: str, version: Version, facts: dict[str, Any]) -> Statement:
    return Statement(Kind.SHIPMENT, number, ShipmentFacts(tracking_number=number, **facts), version)


def _refunds(lines: list[dict[str, Any]], version: Version, warnings: list[str]) -> list[Statement]:
    """A line names its newest refund and where that stands; how much it is, the refund itself says."""
    statements = []
    for line in lines:
        word = text(line.get("refund_status")).upper()
        if text(line.get("refund_id")) and word not in NO_REFUND:
            facts = RefundFacts(
                **known_refund(word, warnings),
                currency=CURRENCY,
                seen_at=version.at,
                case_word=word,
                case_line=identifier(line.get("oid_str") or line.get("oid")),
            )
            statements.append(Statement(Kind.REFUND, identifier(line["refund_id"]), facts, version))
    return statements
