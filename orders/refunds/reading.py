"""From the bytes of a written refund case to the case itself. Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from pydantic import ValidationError

from core.errors import Invalid, Malformed
from core.money import exponent
from orders.refunds.case import (
    Case,
    Duplicate,
    Exchange,
    Goodwill,
    Label,
    Ledger,
    Line,
    Payment,
    Policy,
    PriceProtection,
    Promotion,
    Request,
    Shipping,
    ShortShipment,
    Special,
)
from orders.refunds.fields import check_currency
from orders.refunds.forms import CaseForm, LedgerForm, LineForm, PaymentForm, RequestForm

# Stripe refunds three-decimal currencies in steps of ten (docs.stripe.com/currencies#three-decimal).
_COARSE = {"stripe": {3: 10}}
_CODES = {"missing": "missing_field", "extra_forbidden": "unknown_field", "greater_than_equal": "out_of_range"}
_OURS = frozenset({"bad_amount", "negative", "bad_quantity", "bad_percent", "bad_rate", "wrong_currency"})
_DEDUCTED = frozenset({"restocking_fee", "restocking_percent", "value_loss", "value_loss_percent", "return_label"})
_FREE = frozenset({"failed", "cancelled", "canceled"})


def read_document(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`, with numbers that have decimals kept as they are written, and without its nulls.

    Raises Malformed (no JSON in UTF-8, no object, a field written twice, NaN and the like).
    """
    try:
        text = data.decode("utf-8-sig")
        document = json.loads(text, parse_float=str, parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"this is not JSON in UTF-8: {error}"[:200]) from None
    if not isinstance(document, dict):
        raise Malformed("a case is a JSON object")
    return document


def read_case(document: Mapping[str, Any]) -> Case:
    """The case that `document` describes.

    Raises Invalid with the `field` or `line` that it is about: missing_field, unknown_field, bad_value, bad_amount,
    bad_quantity, bad_percent, bad_rate, negative, out_of_range, unknown_currency, wrong_currency, not_together,
    promotion_mismatch, discount_above_goods.
    """
    currency = check_currency(document.get("currency"))
    try:
        form = CaseForm.model_validate(document, context={"currency": currency})
    except ValidationError as error:
        _refuse(error)
    return _case(form)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Of two fields with the same name one would win without anybody noticing. Null says no more than nothing does."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:40]} is written twice")
        found[name] = value
    return {name: value for name, value in found.items() if value is not None}


def _refuse(error: ValidationError) -> NoReturn:
    first = error.errors(include_url=False, include_input=False)[0]
    kind = first["type"]
    code = kind if kind in _OURS else _CODES.get(kind, "bad_value")
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    raise Invalid(first["msg"], code=code, field=path) from None


def _case(form: CaseForm) -> Case:
    lines = tuple(_line(line, form) for line in form.lines)
    promotion = Promotion(**form.promotion.model_dump()) if form.promotion else None
    if promotion and not promotion.threshold:
        raise Invalid("a threshold is above zero", code="out_of_range", field="promotion.threshold")
    return Case(
        currency=form.currency,
        lines=lines,
        order_discount=_order_discount(form, promotion, sum(line.gross for line in lines)),
        shipping=_shipping(form),
        payments=tuple(map(_payment, form.payments)),
        request=_request(form.request),
        policy=_policy(form),
        promotion=promotion,
        special=_special(form),
        goodwill=Goodwill(**form.goodwill.model_dump()) if form.goodwill else None,
        ledger=_ledger(form.ledger) if form.ledger else None,
    )


def _line(line: LineForm, form: CaseForm) -> Line:
    gross = line.unit_price * line.quantity - line.discounts
    if gross < 0:
        raise Invalid(f"line {line.id}: more discount than price", code="discount_above_goods", line=line.id)
    if line.shipped > line.quantity:
        raise Invalid(f"line {line.id}: more shipped than sold", code="bad_quantity", line=line.id)
    return Line(
        id=line.id,
        quantity=line.quantity,
        gross=gross,
        allocated=line.allocations,
        tax=line.tax,
        tax_included=form.tax_included if line.tax_included is None else line.tax_included,
        shipped=line.shipped,
        refunded=line.refunded,
        refunded_amount=line.refunded_amount,
        refunded_tax=line.refunded_tax,
    )


def _shipping(form: CaseForm) -> Shipping:
    shipping = form.shipping
    on_top = not (form.tax_included if shipping.tax_included is None else shipping.tax_included)
    return Shipping(
        paid=shipping.paid,
        standard=shipping.standard,
        tax=shipping.tax if on_top else 0,
        refunded=shipping.refunded,
        refunded_tax=shipping.refunded_tax if on_top else 0,
    )


def _request(request: RequestForm) -> Request:
    label = request.return_label
    return Request(
        units=None if request.lines is None else tuple((line.id, line.quantity) for line in request.lines),
        amount=request.amount,
        reason=request.reason,
        payment=request.payment,
        restocking=request.restocking_fee,
        restocking_percent=request.restocking_percent,
        value_loss=request.value_loss,
        value_loss_percent=request.value_loss_percent,
        return_label=Label(amount=label.amount, by_customer=label.paid_by == "customer") if label else None,
    )


def _policy(form: CaseForm) -> Policy:
    policy = form.policy
    coarse = _COARSE.get(form.gateway, {}).get(exponent(form.currency), 1)
    return Policy(
        jurisdiction=form.request.jurisdiction,
        informed=form.request.informed,
        deductions=policy.deductions,
        shipping=policy.shipping,
        split=() if isinstance(policy.split, str) else policy.split,
        claw_back=policy.claw_back,
        grid=form.grid or coarse,
    )


def _ledger(ledger: LedgerForm) -> Ledger:
    return Ledger(currency=check_currency(ledger.currency), rate=ledger.rate, rate_now=ledger.rate_now)


def _payment(payment: PaymentForm) -> Payment:
    holding = [refund for refund in payment.refunds if refund.state not in _FREE]
    return Payment(
        id=payment.id,
        method=payment.method,
        captured=payment.captured,
        held=sum(refund.amount for refund in holding),
        held_duplicate=sum(refund.amount for refund in holding if refund.reason == "duplicate"),
        at=payment.at,
        units=payment.points,
    )


def _order_discount(form: CaseForm, promotion: Promotion | None, goods: int) -> int:
    """The discount that is written, or that the promotion makes; both must be the same."""
    if promotion is None or any(line.allocations is not None for line in form.lines):
        return form.order_discount
    worth = promotion.worth(goods)
    if "order_discount" in form.model_fields_set and form.order_discount != worth:
        raise Invalid(
            "the order discount is not what the promotion gives", code="promotion_mismatch", field="order_discount"
        )
    return worth


def _special(form: CaseForm) -> Special | None:
    sections = ("exchange", "price_protection", "duplicate", "short_shipment")
    named = [name for name in sections if getattr(form, name) is not None]
    written = form.request.model_fields_set & _DEDUCTED
    if len(named) > 1 or (named and written):
        both = sorted([*named, *written])
        raise Invalid(f"these do not go together: {', '.join(both)}", code="not_together", field=both[0])
    if form.exchange:
        return Exchange(price=form.exchange.price)
    if form.price_protection:
        return PriceProtection(**form.price_protection.model_dump())
    if form.duplicate:
        return Duplicate(payment=form.duplicate.payment)
    if form.short_shipment:
        short = form.short_shipment
        return ShortShipment(tendered=short.tendered.total, shipped_alone=short.shipped_alone.total)
    return None
