"""A refund quote as a JSON document: amounts in major units, each step with a sentence in English or Chinese."""

from typing import Any

from app.i18n import gettext
from core.money import plain_amount
from orders.refunds.quote import AMOUNTS, LineValue, Quote, Refusal, Step


def quote_document(quote: Quote, language: str) -> dict[str, Any]:
    """Everything the quote knows; docs/refunds.md describes the fields."""
    money = _Writer(quote.case.currency)
    grid = quote.case.policy.grid
    document: dict[str, Any] = {
        "currency": quote.case.currency,
        "kind": quote.kind,
        "steps": [_step(step, money, language) for step in quote.steps],
        "allocation": {line: money(share) for line, share in quote.allocation.items()},
        "lines": [_line(line, money, grid) for line in quote.lines],
        "goods": money(sum(line.net for line in quote.lines)),
        "tax": money(sum(line.tax for line in quote.lines)),
        "shipping": money(quote.shipping),
        "shipping_tax": money(quote.shipping_tax),
        "return_label": money(quote.return_label),
        "deductions": [
            {"kind": each.kind.value, "asked": money(each.asked), "amount": money(each.amount)}
            for each in quote.withheld
        ],
        "claw_back": money(quote.clawed_back),
        "entitled": money(quote.entitled),
        "caps": [
            {"cap": cap.kind, "max": money(cap.most)} | ({"about": cap.about} if cap.about else {})
            for cap in quote.caps
        ],
        "max": money(quote.most),
        "total": money(quote.total),
        "not_covered": money(quote.not_covered),
        "tenders": [
            {"payment": part.payment, "method": part.method, "amount": money(part.amount)}
            | ({"points": part.units} if part.units else {})
            for part in quote.tenders
        ],
        "settled": "when_received" if quote.kind == "exchange" else "now",
        "customer_pays": money(quote.customer_pays),
        "remaining": {
            "order": None if quote.remaining_order is None else money(quote.remaining_order),
            "payments": None if quote.remaining_payments is None else money(quote.remaining_payments),
        },
        "refused": _refusal(quote.refused, money),
    }
    if quote.goodwill:
        refused = _refusal(quote.goodwill.refused, money)
        document["goodwill"] = {"amount": money(quote.goodwill.amount), "refused": refused}
    if quote.booking:
        books = _Writer(quote.booking.currency)
        moved = quote.booking.difference
        document["ledger"] = {
            "currency": quote.booking.currency,
            "amount": books(quote.booking.amount),
            "exchange_difference": None if moved is None else books(moved),
        }
    return document


def step_sentence(step: Step, currency: str, language: str) -> str:
    """What the step did, in words."""
    return _sentence(step, _Writer(currency), language)


class _Writer:
    def __init__(self, currency: str) -> None:
        self.currency = currency

    def __call__(self, amount: int) -> str:
        return plain_amount(amount, self.currency)


def _step(step: Step, money: _Writer, language: str) -> dict[str, Any]:
    figures = {name: _figure(name, value, money) for name, value in step.figures.items()}
    books = _Writer(str(step.figures["currency"])) if "currency" in step.figures else money
    document = {"rule": step.rule, "what": _sentence(step, money, language), "amount": books(step.amount)}
    return document | ({"about": step.about} if step.about else {}) | figures


def _sentence(step: Step, money: _Writer, language: str) -> str:
    figures = {name: _figure(name, value, money) for name, value in step.figures.items()}
    for name in ("deduction", "reason"):
        if name in figures:
            figures[name] = gettext(WORDS.get(str(figures[name]), str(figures[name])), language)
    return gettext(SENTENCES[step.rule], language) % (figures | {"about": step.about})


def _figure(name: str, value: int | str, money: _Writer) -> int | str:
    return money(value) if name in AMOUNTS and isinstance(value, int) else value


def _line(line: LineValue, money: _Writer, grid: int) -> dict[str, Any]:
    units = [
        {"unit": unit.number, "net": money(unit.net), "tax": money(unit.tax), "amount": money(unit.net + unit.tax)}
        | ({"pays": money(unit.pays)} if grid > 1 else {})
        for unit in line.units
    ]
    pays = {"pays": money(sum(unit.pays for unit in line.units))} if grid > 1 and line.units else {}
    return {
        "id": line.id,
        "quantity": line.quantity,
        "net": money(line.net),
        "tax": money(line.tax),
        "amount": money(line.amount),
        **pays,
        "units": units,
    }


def _refusal(refusal: Refusal | None, money: _Writer) -> dict[str, Any] | None:
    if refusal is None:
        return None
    return {"code": refusal.code, "max": money(refusal.most), "asked": money(refusal.asked)}


def _(message: str) -> str:
    return message


SENTENCES = {
    "allocation": _("%(about)s: its share of the order discount of %(whole)s, by largest remainder; paid %(net)s"),
    "allocation_platform": _("%(about)s: its share of the order discount of %(whole)s, as the shop’s platform has it"),
    "line": _("%(about)s: %(quantity)s of %(of)s, from unit %(first)s; %(net)s was paid for the line"),
    "tax": _("%(about)s: tax on %(quantity)s of the line’s units, of %(whole)s in all"),
    "claw_back": _("The promotion is lost: paid %(paid)s, and what is kept costs %(kept)s"),
    "deduct_restocking": _("Restocking fee, allowed by the policy"),
    "deduct_return_label": _("Label for the way back, which the seller has paid"),
    "deduct_value_loss": _("Loss of value by handling beyond inspection"),
    "deduction_not_allowed": _("%(deduction)s of %(whole)s: may not be deducted here (%(jurisdiction)s, %(reason)s)"),
    "return_label": _("Label for the way back, which the customer has paid: the seller bears it"),
    "shipping_policy": _("Shipping of %(paid)s, as the shop’s policy says"),
    "shipping_withdrawal": _(
        "Shipping of %(paid)s: at most the standard delivery, as the whole order is withdrawn from"
    ),
    "shipping_partial_withdrawal": _("Shipping of %(paid)s stays: only part of the order is withdrawn from"),
    "shipping_last_line": _("Shipping of %(paid)s goes with the last line, as nothing was sent"),
    "shipping_cancelled": _("Shipping of %(paid)s goes back: everything is cancelled before anything was sent"),
    "shipping_seller_fault": _("Shipping of %(paid)s: the share of these goods, as the seller is at fault"),
    "shipping_kept": _("Shipping of %(paid)s stays: other goods are still to be sent"),
    "shipping_shipped": _("Shipping of %(paid)s stays: something was sent"),
    "shipping_tax": _("Tax on that shipping, of %(whole)s in all"),
    "price_protection": _(
        "%(about)s: paid %(net)s for %(quantity)s, today %(price)s each; given back already %(given)s"
    ),
    "exchange": _("Exchange: these goods cost %(net)s, the others %(price)s; settled when these are received"),
    "duplicate": _("%(about)s paid the order a second time: all that is left of %(captured)s goes back"),
    "short_shipment": _("Tendered %(paid)s; what was sent would have cost %(price)s alone"),
    "grid": _("On the gateway’s grid of %(grid)s minor units, over the running total: %(whole)s after %(before)s"),
    "cap_order": _("Cap: the order is worth %(value)s, of which %(held)s has gone back or is on its way"),
    "cap_payment": _("Cap: %(about)s captured %(captured)s, of which %(held)s has gone back or is on its way"),
    "capped": _("%(whole)s is above what the caps leave"),
    "refused": _("%(whole)s was asked; at most %(paid)s can go back"),
    "total": _("The refund"),
    "split": _("%(about)s: its part of %(whole)s, in proportion to the %(given)s that is left on it"),
    "split_in_order": _("%(about)s: its part of %(whole)s in the order of the policy; %(given)s is left on it"),
    "goodwill": _("Goodwill, apart from the refund: %(whole)s asked, at most %(paid)s"),
    "ledger": _("In the books in %(currency)s, at the charge’s rate of %(rate)s"),
}
WORDS = {
    "restocking": _("Restocking fee"),
    "return_label": _("Return label"),
    "value_loss": _("Loss of value"),
    "cancelled": _("cancelled before sending"),
    "withdrawal": _("withdrawal"),
    "seven_day": _("seven days without a reason"),
    "changed_mind": _("changed their mind"),
    "other": _("other reason"),
    "defective": _("defective"),
    "damaged": _("damaged"),
    "wrong_item": _("wrong item"),
    "not_as_described": _("not as described"),
    "missing": _("missing"),
    "lost": _("lost on the way"),
    "late": _("late"),
    "out_of_stock": _("out of stock"),
    "seller_fault": _("the seller’s fault"),
}
