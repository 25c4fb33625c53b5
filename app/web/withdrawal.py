"""The withdrawal button of a shop (Directive 2011/83/EU, art. 11a): a form, "confirm withdrawal", and the receipt.

The answer is the same whether there is such an order or not.
"""

from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.auth.sessions import client_address
from app.i18n import LANGUAGES, clock_time, full_day, gettext, request_language
from app.mail.leaving.composing import is_address
from app.rendering import render
from app.web.forms import fields
from core.errors import Invalid, NotFound
from core.ids import as_id, new_id
from core.shops import Shop, shop_named
from core.text import clean
from orders.contacts import normal_email
from tickets.withdrawals import ITEMS_LIMIT, NAME_LIMIT, NUMBER_LIMIT, Declaration, declare

PATH = "/withdraw/{shop}"


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


FAULTS = {
    "no_name": ("name", _("Please enter your name.")),
    "no_number": ("order_number", _("Please enter the order number. It’s in your order confirmation.")),
    "bad_contact": ("email", _("That isn’t an email address.")),
}


async def form_page(request: Request) -> Response:
    """GET: the form. Raises NotFound for an unknown shop."""
    shop = await _shop(request)
    number = clean(request.query_params.get("order", ""), limit=NUMBER_LIMIT)
    return _form(request, shop, {"order_number": number, "client_id": new_id("wdr")})


async def confirm(request: Request) -> Response:
    """POST: the withdrawal is declared. What was sent before is answered as the first time."""
    shop = await _shop(request)
    typed = await fields(request)
    typed["client_id"] = as_id(typed.get("client_id", "")) or new_id("wdr")
    email = normal_email(typed.get("email")) or ""
    await request.app.state.limiter.hit("withdraw.address", client_address(request))
    try:
        if not is_address(email):
            raise Invalid("no e-mail address", code="bad_contact")
        await request.app.state.limiter.hit("withdraw.contact", shop.key, email)
        declared = await declare(shop, _declaration(shop, typed, request_language(request)))
    except Invalid as error:
        return _form(request, shop, typed, error.code)
    language = request_language(request)
    context = {
        "shop": shop,
        "statement": declared.statement,
        "email": declared.email,
        "day": full_day(declared.received_at, shop.timezone, language),
        "clock": clock_time(declared.received_at, shop.timezone, language),
        "city": _city(shop.timezone, language),
    }
    return render(request, "withdrawal/received.html", context)


async def _shop(request: Request) -> Shop:
    shop = await shop_named(request.path_params["shop"])
    if shop is None:
        raise NotFound("no such shop")
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        request.state.language = chosen
    return shop


def _form(request: Request, shop: Shop, typed: dict[str, str], fault: str = "") -> Response:
    field, words = FAULTS.get(fault, ("", ""))
    limits = {"name": NAME_LIMIT, "order_number": NUMBER_LIMIT, "items": ITEMS_LIMIT}
    context: dict[str, Any] = {
        "shop": shop,
        "typed": {name: typed.get(name, "") for name in ("name", "order_number", "email", "items", "client_id")},
        "limits": limits,
        "wrong": field,
        "fault": gettext(words, request_language(request)) if words else "",
    }
    return render(request, "withdrawal/form.html", context, 422 if fault else 200)


def _declaration(shop: Shop, typed: dict[str, str], language: str) -> Declaration:
    """The statement is what the form says, in its language: nothing is added after it was confirmed."""
    name, number = (
        clean(typed.get("name", ""), limit=NAME_LIMIT),
        clean(typed.get("order_number", ""), limit=NUMBER_LIMIT),
    )
    items, email = clean(typed.get("items", ""), limit=ITEMS_LIMIT), clean(typed.get("email", ""), limit=254)
    words = [
        gettext(_("Withdrawal from the contract: order %(number)s"), language) % {"number": number},
        gettext(_("I hereby withdraw from my contract with %(shop)s."), language) % {"shop": shop.name},
        gettext(_("Goods: %(items)s"), language) % {"items": items or gettext(_("the whole order"), language)},
        gettext(_("Name: %(name)s"), language) % {"name": name},
        gettext(_("Email: %(address)s"), language) % {"address": email},
    ]
    return Declaration(
        name=name,
        email=email,
        order_number=number,
        items=items,
        statement="\n".join(words),
        language=language,
        client_id=typed["client_id"],
    )


def _city(timezone: str, language: str) -> str:
    return get_timezone_location(
        ZoneInfo(timezone), locale="zh_Hans_CN" if language == "zh" else "en", return_city=True
    )


routes = [
    Route(PATH, form_page, methods=["GET"], name="withdraw"),
    Route(PATH, confirm, methods=["POST"]),
]
