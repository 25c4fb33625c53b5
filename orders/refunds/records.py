"""What is kept of a wish and of its calculation, and reading the steps again. Pure."""

from dataclasses import asdict, dataclass
from typing import Any

from core.errors import Invalid
from orders.apportioning import pour, share_out
from orders.refunds.case import Request, Special
from orders.refunds.quote import Quote, Step

_MOST = 10**15
_HUNDRED_PERCENT = 100_00


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants back for the customer. Amounts are minor units of the order's currency."""

    request: Request
    special: Special | None = None
    goodwill: int = 0  # beside what is due
    restock: bool | None = None
    typed_details: bool = False  # the money goes to details that somebody has typed in
    note: str = ""

    def data(self) -> dict[str, Any]:
        """As it is stored, without what is empty: two wishes are the same if this is."""
        stored = {name: value for name, value in asdict(self.request).items() if value}
        if self.request.units is not None:
            stored["units"] = [list(each) for each in self.request.units]
        special = {"kind": type(self.special).__name__.lower(), **asdict(self.special)} if self.special else None
        more = {"special": special, "goodwill": self.goodwill, "typed_details": self.typed_details}
        return stored | {name: value for name, value in more.items() if value}


def check_wish(wish: Wish) -> None:
    """Raises Invalid (bad_amount, bad_quantity): only whole numbers above zero can be asked for, and percents ≤ 100."""
    request = wish.request
    if request.amount is not None and not _is_whole(request.amount, least=1):
        raise Invalid("an amount is a whole number of minor units above zero", code="bad_amount")
    if any(units is not None and not _is_whole(units, least=1) for _, units in request.units or ()):
        raise Invalid("a quantity is a whole number above zero", code="bad_quantity")
    label = request.return_label.amount if request.return_label else 0
    percents = [request.restocking_percent, request.value_loss_percent]
    others = [request.restocking, request.value_loss, wish.goodwill, label, *percents]
    if not all(_is_whole(each) for each in others) or max(percents) > _HUNDRED_PERCENT:
        raise Invalid("deductions and gifts are whole numbers that are not negative", code="bad_amount")


def quote_data(quote: Quote) -> dict[str, Any]:
    """What is kept of a calculation."""
    return {
        "kind": quote.kind,
        "steps": [[step.rule, step.amount, step.about, dict(step.figures)] for step in quote.steps],
        "entitled": quote.entitled,
        "most": quote.most,
        "total": quote.total,
        "not_covered": quote.not_covered,
    }


def steps_of(data: dict[str, Any]) -> list[Step]:
    """The steps of a calculation that was kept, to be shown again."""
    return [Step(rule, amount, about, figures) for rule, amount, about, figures in data.get("steps", [])]


def lines_of(quote: Quote) -> tuple[list[list[Any]], int, int]:
    """What the refund takes of each line ([source id, units, net, tax]) and of the shipping (without tax, its tax).

    Whoever gets all that is due has given the units back. Whoever gets less keeps them: then only the money counts,
    first for the goods.
    """
    if quote.total >= quote.most:
        lines = [[line.id, line.quantity, line.net, line.tax] for line in quote.lines]
        return lines, quote.shipping, quote.shipping_tax
    bases = [part for line in quote.lines for part in (line.net, line.tax)]
    goods = min(quote.total, sum(bases))
    shares = share_out(goods, bases)
    lines = [[line.id, 0, shares[2 * place], shares[2 * place + 1]] for place, line in enumerate(quote.lines)]
    shipping, tax = pour(quote.total - goods, [quote.shipping, quote.shipping_tax])
    return lines, shipping, tax


def _is_whole(value: object, least: int = 0) -> bool:
    """Booleans, fractions and NaN are no amounts."""
    return type(value) is int and least <= value <= _MOST
