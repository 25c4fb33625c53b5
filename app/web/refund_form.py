"""The form of a refund: what may be chosen on the order as it is now, and what was chosen, as a wish."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.i18n import gettext
from app.web.aftersale_words import REASONS
from app.web.labels import TENDERS, word
from core.errors import Invalid
from core.money import Money, format_money, parse_money
from orders.models import Order, OrderLine, Payment
from orders.refunds.case import Case, Label, Reason, Request
from orders.refunds.from_order import CHARGES, case_of
from orders.refunds.records import Wish

Form = Mapping[str, str]
_PREFIX = "units-"


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


async def form_view(order: Order, form: Form, language: str) -> dict[str, Any]:
    """Choices with what was chosen; each line says how many of its units are left."""
    case = await case_of(order.id, Request())
    payments = await Payment.filter(order_id=order.id, captured__gt=0).order_by("at", "id")
    names = await names_of(order, payments, language)
    only = len(case.lines) == 1
    fields = ("amount", "goodwill", "restocking", "value_loss", "label", "label_by", "restock", "note", "payment")
    return {
        "order": order.public_id,
        "number": order.number,
        "currency": order.currency,
        "lines": [
            _line(line.id, names, line.quantity - line.refunded, line.quantity, form, only=only) for line in case.lines
        ],
        "reasons": [(key, gettext(text, language), key == form.get("reason")) for key, text in REASONS.items()],
        "payments": [(row.source_id, names[row.source_id]) for row in payments] if len(payments) > 1 else [],
        "typed_details": "typed_details" in form,
        "left": _left(case, language),
        "names": names,
        **{name: form.get(name, "") for name in fields},
    }


async def names_of(order: Order, payments: Sequence[Payment], language: str) -> dict[str, str]:
    """What lines and payments are called, by their source ids."""
    lines = await OrderLine.filter(order_id=order.id).values_list("source_id", "title")
    paid = {row.source_id: f"{word(TENDERS, row.tender, language)} {row.gateway_ref}".strip() for row in payments}
    return {CHARGES: gettext(_("Fees and extras"), language)} | {str(key): str(title) for key, title in lines} | paid


def wish_of(order: Order, form: Form) -> Wish:
    """What the form asks for. Raises Invalid (bad_reason, bad_quantity, bad_amount, no_lines)."""
    try:
        reason = Reason(form.get("reason", ""))
    except ValueError:
        raise Invalid("say why", code="bad_reason") from None
    units = {name.removeprefix(_PREFIX): _count(text) for name, text in form.items() if name.startswith(_PREFIX)}
    chosen = tuple((line, count) for line, count in units.items() if count)
    goodwill = _amount(form, "goodwill", order) or 0
    if not chosen and not goodwill:
        raise Invalid("nothing is chosen", code="no_lines")
    label = _amount(form, "label", order)
    request = Request(
        units=chosen,
        amount=_amount(form, "amount", order),
        reason=reason,
        payment=form.get("payment") or None,
        restocking=_amount(form, "restocking", order) or 0,
        value_loss_percent=parse_money(form["value_loss"], "EUR").amount if form.get("value_loss", "").strip() else 0,
        return_label=Label(amount=label, by_customer=form.get("label_by") == "customer") if label else None,
    )
    return Wish(
        request=request,
        goodwill=goodwill,
        restock={"yes": True, "no": False}.get(form.get("restock", "")),
        typed_details="typed_details" in form,
        note=form.get("note", ""),
    )


def _line(name: str, names: Mapping[str, str], left: int, sold: int, form: Form, *, only: bool) -> dict[str, Any]:
    usual = str(left) if only else "0"
    return {
        "id": name,
        "title": names.get(name, name),
        "sold": sold,
        "left": left,
        "units": form.get(f"{_PREFIX}{name}", usual) or "0",
    }


def _left(case: Case, language: str) -> str:
    """What is left on the payments."""
    return format_money(Money(sum(payment.left for payment in case.payments), case.currency), language)


def _count(text: str) -> int:
    written = text.strip() or "0"
    if not (written.isascii() and written.isdigit() and len(written) <= 9):
        raise Invalid("a quantity is a whole number", code="bad_quantity")
    return int(written)


def _amount(form: Form, name: str, order: Order) -> int | None:
    written = form.get(name, "").strip()
    return parse_money(written, order.currency).amount if written else None
