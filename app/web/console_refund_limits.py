"""Who may send how much of a shop's money back alone, and what its refunds are computed with. For administrators."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.rendering import error_page, render, wants_html
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields
from app.web.labels import ROLES as ROLE_WORDS
from app.web.refusals import refusal
from app.web.roles import require_admin
from app.web.shop_choice import shop_of
from core.errors import Invalid
from core.money import parse_money, plain_amount
from core.people import ROLES, Actor, Agent, shop_ids_of
from core.shops import Shop
from core.transactions import transaction
from orders.refunds.fields import check_currency
from orders.refunds.limits import KINDS, set_refund_limits, shown_currencies, usual_limit
from orders.refunds.terms import RefundTerms, set_refund_terms, terms_of

HERE = "/console/refund-limits"
NO_LIMIT = "–"
_FIELDS = ("single.", "daily.", "delivery.")
_NO_LIMIT = frozenset({"-", NO_LIMIT, "—", "∞"})


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


KIND_WORDS = {"single": _("One refund"), "daily": _("In 24 hours")}


@signed_in
async def limits_page(request: Request, agent: Agent) -> Response:
    """GET: the limits and terms of each shop."""
    require_admin(agent)
    return await _page(request, agent, {})


@signed_in
async def limits_change(request: Request, agent: Agent) -> Response:
    """POST: those of one shop. What is refused stays in the form, with the reason."""
    require_admin(agent)
    shop, form = await shop_of(agent, request.path_params["key"]), await fields(request)
    try:
        limits, terms = _limits(form), _terms(form)
        async with transaction():
            if limits != (shop.refund_limits or {}):
                await set_refund_limits(shop, limits, actor=Actor.of(agent))
            if terms != terms_of(shop):
                await set_refund_terms(shop, terms, actor=Actor.of(agent))
    except Invalid as error:
        if not wants_html(request):
            return error_page(error, request)
        return await _page(request, agent, {shop.key: form}, refusal(error, agent.language), error.status)
    return see_other(HERE, "saved")


def _currencies(form: Mapping[str, str]) -> dict[str, str]:
    """The currencies of the form's rows → what their fields are called; the last row may name a new one."""
    found = {name.split(".")[1] for name in form if name.startswith(_FIELDS)} - {"new"}
    rows = {check_currency(currency): currency for currency in sorted(found)}
    fresh = form.get("currency", "").strip().upper()
    if not fresh:
        return rows
    return rows | {check_currency(fresh): "new"} if fresh not in rows else rows


def _limits(form: Mapping[str, str]) -> dict[str, dict[str, dict[str, int | None]]]:
    """Only what is filled in: an empty field is the usual limit. Raises Invalid (bad_amount, unknown_currency)."""
    limits: dict[str, dict[str, dict[str, int | None]]] = {}
    for currency, row in _currencies(form).items():
        for kind in KINDS:
            for role in ROLES:
                told = form.get(f"{kind}.{row}.{role}", "").strip()
                if told:
                    most = None if told in _NO_LIMIT else parse_money(told, currency).amount
                    limits.setdefault(kind, {}).setdefault(currency, {})[role] = most
    return limits


def _terms(form: Mapping[str, str]) -> RefundTerms:
    delivery = {
        currency: parse_money(told, currency).amount
        for currency, row in _currencies(form).items()
        if (told := form.get(f"delivery.{row}", "").strip())
    }
    return RefundTerms(standard_delivery=delivery, informed=form.get("informed") == "yes")


async def _page(
    request: Request,
    agent: Agent,
    typed: Mapping[str, Mapping[str, str]],
    problem: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    shops = await Shop.filter(id__in=await shop_ids_of(agent)).order_by("name", "id")
    context = {
        "shell": shell(request, agent),
        "problem": problem,
        "kinds": [{"key": kind, "label": gettext(KIND_WORDS[kind], agent.language)} for kind in KINDS],
        "roles": [{"key": role, "label": gettext(ROLE_WORDS[role], agent.language)} for role in ROLES],
        "shops": [_shop(shop, typed.get(shop.key), agent.language) for shop in shops],
        "no_limit": NO_LIMIT,
    }
    return render(request, "console/refund_limits.html", context, status)


def _shop(shop: Shop, typed: Mapping[str, str] | None, language: str) -> dict[str, Any]:
    terms, known = terms_of(shop), shown_currencies(shop)
    rows = sorted({*known, *terms.standard_delivery}, key=lambda each: (each != shop.currency, each))
    return {
        "key": shop.key,
        "name": shop.name,
        "rows": [_row(shop, currency, typed, language) for currency in rows],
        "fresh": {name: typed.get(name, "") for name in _fresh_fields()} if typed else {},
        "informed": terms.informed if typed is None else typed.get("informed") == "yes",
    }


def _row(shop: Shop, currency: str, typed: Mapping[str, str] | None, language: str) -> dict[str, Any]:
    own, terms = shop.refund_limits or {}, terms_of(shop)
    values, usual = {}, {}
    for kind in KINDS:
        for role in ROLES:
            name = f"{kind}.{currency}.{role}"
            told = own.get(kind, {}).get(currency, {})
            values[name] = _written(told[role], currency) if role in told else ""
            usual[name] = _said(usual_limit(kind, currency, role), currency, language)
    delivery = terms.standard_delivery.get(currency)
    values[f"delivery.{currency}"] = "" if delivery is None else plain_amount(delivery, currency)
    return {
        "currency": currency,
        "values": values if typed is None else {name: typed.get(name, "") for name in values},
        "usual": usual,
    }


def _written(most: int | None, currency: str) -> str:
    return NO_LIMIT if most is None else plain_amount(most, currency)


def _said(most: int | None, currency: str, language: str) -> str:
    return gettext(_("no limit"), language) if most is None else plain_amount(most, currency)


def _fresh_fields() -> list[str]:
    return ["currency", "delivery.new", *(f"{kind}.new.{role}" for kind in KINDS for role in ROLES)]


routes = [
    Route(HERE, limits_page, methods=["GET"]),
    Route(HERE + "/{key}", limits_change, methods=["POST"]),
]
