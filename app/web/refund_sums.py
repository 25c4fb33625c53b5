"""A refund before it is asked for: its table, what is kept, who gets what, and whether a second person is needed."""

from collections.abc import Mapping
from typing import Any

from app.i18n import gettext
from app.refund_text import WORDS
from app.web.labels import word
from app.web.refund_rows import signed, step_rows
from app.web.refund_words import GATEWAYS, INTENTS, YOUR_NEEDS
from app.web.refusals import refusal
from core.errors import WismoError
from core.money import Money, format_money
from orders.refunds.preview import Preview
from orders.refunds.quote import Quote


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


def sums_view(seen: Preview, names: Mapping[str, str], language: str) -> dict[str, Any]:
    """What the page shows of a preview; `names` are those of lines and payments."""
    quote, under_way, single = seen.quote, seen.under_way, seen.allowance.single
    return {
        "lines": [
            {
                "title": names.get(line.id, line.id),
                "units": line.quantity,
                "net": _money(line.net, seen.currency, language),
                "tax": _money(line.tax, seen.currency, language) if line.tax else "",
                "amount": _money(line.amount, seen.currency, language),
            }
            for line in quote.lines
        ],
        "rest": _rest(seen, quote, language),
        "total": _money(seen.total, seen.currency, language),
        "expected": seen.total,
        "version": seen.order_version,
        "attempt": seen.attempt,
        "ways": [
            {
                "to": names.get(way.payment, way.payment),
                "amount": _money(way.amount, seen.currency, language),
                "through": word(GATEWAYS, way.gateway, language),
            }
            for way in seen.ways
        ],
        "steps": step_rows(quote.steps, seen.currency, names, language),
        "not_covered": _money(quote.not_covered, seen.currency, language) if quote.not_covered else "",
        "needs": [word(YOUR_NEEDS, need, language) for need in seen.needs],
        "limit": _money(single, seen.currency, language) if single is not None else "",
        "under_way": {
            "amount": _money(under_way.amount, under_way.currency, language),
            "state": gettext(INTENTS[under_way.state][0], language),
        }
        if under_way is not None
        else None,
    }


def money_refusal(error: WismoError, currency: str, language: str) -> dict[str, Any]:
    """`refusal`, with amounts written for people."""
    most = error.data.get("max")
    if error.code == "above_refundable" and isinstance(most, int):
        error = type(error)(error.detail, code=error.code, max=_money(most, currency, language))
    return refusal(error, language)


def moved(before: int, after: int, currency: str, language: str) -> str:
    """What has changed since the page was shown."""
    if before == after:
        return gettext(_("The order has changed, and the refund is still %(after)s."), language) % {
            "after": _money(after, currency, language)
        }
    return gettext(_("It was %(before)s, now it is %(after)s."), language) % {
        "before": _money(before, currency, language),
        "after": _money(after, currency, language),
    }


def _rest(seen: Preview, quote: Quote, language: str) -> list[dict[str, str]]:
    """What comes to the goods, and what is kept of them. A deduction that is not allowed says so."""
    goods = sum(line.amount for line in quote.lines)
    rows = [
        (_("Shipping"), quote.shipping),
        (_("Tax on the shipping"), quote.shipping_tax),
        (_("Return label the customer paid for"), quote.return_label),
        (_("Lost promotion"), -quote.clawed_back),
    ]
    shown = [(gettext(label, language), amount) for label, amount in rows if amount]
    for each in quote.withheld:
        name = gettext(WORDS[each.kind.value], language)
        if not each.amount:
            name = gettext(_("%(deduction)s: can’t be deducted here"), language) % {"deduction": name}
        shown.append((name, -each.amount))
    rest = quote.total - goods - sum(amount for _label, amount in shown)
    if rest:
        shown.append((gettext(_("Not all of it, or more than is left"), language), rest))
    if gift := seen.total - quote.total:
        shown.append((gettext(_("Gift"), language), gift))
    return [{"label": label, "amount": signed(amount, seen.currency, language)} for label, amount in shown]


def _money(amount: int, currency: str, language: str) -> str:
    return format_money(Money(amount, currency), language)
