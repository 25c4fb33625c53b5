"""The form of a new after-sales case: what may be chosen, what was chosen, and what the policies would say to it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.i18n import gettext
from app.web.aftersale_panel import decided
from app.web.aftersale_words import CATEGORIES, KINDS, OUTCOMES, REASONS
from app.web.forms import whole_number
from core.errors import Invalid
from core.money import parse_money, plain_amount
from orders.models import Order, OrderLine
from orders.policies.deciding import Category
from orders.policies.documents import read_wish
from orders.policies.versions import PolicyVersion
from orders.refunds.case import Reason
from tickets.aftersales.deciding import Judgement
from tickets.aftersales.kinds import KINDS as TRAITS
from tickets.aftersales.kinds import Kind
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.opening import Wanted
from tickets.aftersales.scope import Asked, most_units, taken_units

Form = Mapping[str, list[str]]


async def form_view(
    order: Order, form: Form, files: Sequence[Mapping[str, Any]], language: str, *, amends: AfterSale | None = None
) -> dict[str, Any]:
    """Choices with what was chosen; each line says how many of its units another open case has."""
    lines = await OrderLine.filter(order_id=order.id).order_by("position", "id")
    taken = await taken_units(order.id, but=amends.id if amends else None)
    return {
        "amends": amends.number if amends else None,
        "version": _one(form, "version"),
        "kind": _one(form, "kind"),
        "order": order.public_id,
        "number": order.number,
        "currency": order.currency,
        "kinds": _options(KINDS, form, "kind", Kind.RETURN_REFUND, language),
        "reasons": _options(REASONS, form, "reason", "", language),
        "categories": _options(CATEGORIES, form, "category", Category.STANDARD, language),
        "lines": [_line(line, taken.get(line.id, 0), form) for line in lines],
        "amount": _one(form, "amount"),
        "note": _one(form, "note"),
        "uninformed": "uninformed" in form,
        "files": [{**file, "chosen": file["id"] in form.get("photo", ())} for file in files],
    }


async def asked_before(case: AfterSale) -> Form:
    """What a case asks for, as its form would send it."""
    wish = read_wish(case.wish)
    form = {
        "version": [str(case.version)],
        "kind": [case.kind],
        "reason": [case.reason],
        "category": [wish.category.value],
        "amount": [_plain(case.amount, case.currency)],
        "note": [case.note],
        **({} if wish.informed else {"uninformed": ["1"]}),
    }
    for each in await AfterSaleLine.filter(case_id=case.id).select_related("line"):
        name = each.line.source_id
        form[f"units-{name}"], form[f"instead-{name}"] = [str(each.asked)], [each.replacement]
        form[f"price-{name}"] = [_plain(each.price_now, case.currency)]
    return form


def wanted_of(order: Order, form: Form) -> Wanted:
    """What the form asks for. Raises Invalid (bad_kind, bad_reason, bad_amount)."""
    try:
        kind, reason = Kind(_one(form, "kind")), Reason(_one(form, "reason"))
        category = Category(_one(form, "category") or Category.STANDARD)
    except ValueError:
        raise Invalid("choose what is wanted, and why", code="bad_kind") from None
    names = [name.removeprefix("units-") for name in form if name.startswith("units-")]
    lines = [_asked(name, form, order.currency) for name in names if whole_number(_one(form, f"units-{name}"), 0)]
    return Wanted(
        kind=kind,
        reason=reason,
        lines=lines,
        category=category,
        informed="uninformed" not in form,
        amount=_amount(_one(form, "amount"), order.currency),
        note=_one(form, "note"),
        photos=form.get("photo", []),
    )


def judgement_view(judged: Judgement, versions: Iterable[PolicyVersion], language: str) -> dict[str, Any]:
    """What the policies say, before anything is written."""
    label, tone, icon = OUTCOMES[judged.outcome.value]
    return {
        "label": gettext(label, language),
        "tone": tone,
        "icon": icon,
        **decided(judged.decision, versions, language),
    }


def _asked(name: str, form: Form, currency: str) -> Asked:
    return Asked(
        line=name,
        units=whole_number(_one(form, f"units-{name}"), 0),
        replacement=_one(form, f"instead-{name}"),
        price_now=_amount(_one(form, f"price-{name}"), currency),
    )


def _amount(text: str, currency: str) -> int | None:
    return parse_money(text.strip(), currency).amount if text.strip() else None


def _plain(amount: int | None, currency: str) -> str:
    return "" if amount is None else plain_amount(amount, currency)


def _line(line: OrderLine, taken: int, form: Form) -> dict[str, Any]:
    most = max(most_units(line, about, 0) for about in TRAITS.values())
    return {
        "id": line.source_id,
        "title": line.title,
        "variant": line.variant,
        "most": most,
        "taken": taken,
        "units": _one(form, f"units-{line.source_id}") or "0",
        "instead": _one(form, f"instead-{line.source_id}"),
        "price": _one(form, f"price-{line.source_id}"),
        "ordered": line.quantity,
        "shipped": line.quantity_shipped,
        "delivered": line.quantity_delivered,
    }


def _options(words: Mapping[str, str], form: Form, name: str, usual: str, language: str) -> list[dict[str, Any]]:
    chosen = _one(form, name) or usual
    return [{"key": key, "label": gettext(text, language), "current": key == chosen} for key, text in words.items()]


def _one(form: Form, name: str) -> str:
    return (form.get(name) or [""])[0]
