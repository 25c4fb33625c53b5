"""Signs of abuse around an order, for agents alone: what was noticed, and the orders and cases that show it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.rendering import render
from app.web.desk import shell, signed_in
from core.people import Agent, shop_ids_of
from orders.abuse import Signal, SignalCode, score
from orders.access import Viewer, order_in_view
from orders.models import Order
from tickets.abuse_signals import signals_for
from tickets.aftersales.models import AfterSale

SHOWN = 20


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


WORDS = {
    SignalCode.REFUND_RATE: _("%(refunded)s of %(orders)s shipped orders were refunded."),
    SignalCode.NOT_RECEIVED: _("%(claims)s items in %(days)s days were reported as not received."),
    SignalCode.CLAIM_AT_ONCE: _("Reported as not received %(minutes)s minutes after the delivery scan."),
    SignalCode.LAST_DAYS: _("All %(cases)s returns were requested on the last day."),
    SignalCode.SHARED_CONTACT: _("%(accounts)s different contacts share one phone number or email address."),
    SignalCode.REFUND_AND_CHARGEBACK: _("Refunded and also disputed with the bank (%(orders)s orders)."),
}


@signed_in
async def signals_page(request: Request, agent: Agent) -> Response:
    """GET: what is noticed about the contact of one order. Looking is audited like looking at the order."""
    name: str = request.path_params["public_id"]
    viewer = Viewer.agent(agent.id, await shop_ids_of(agent), agent.name)
    order = await order_in_view(viewer, name if name.startswith("ord_") else "ord_", "signals")
    found = await signals_for(order)
    context = {
        "shell": shell(request, agent),
        "order": {"number": order.number, "url": f"/console/orders/{order.public_id}"},
        "score": score(found),
        "signals": await _view(found, agent.language),
    }
    return render(request, "console/signals.html", context)


async def _view(signals: tuple[Signal, ...], language: str) -> list[dict[str, Any]]:
    names = sorted({name for each in signals for name in each.evidence[:SHOWN]})
    orders = dict(await Order.filter(public_id__in=names).values_list("public_id", "number"))
    cases = {
        name: (number, ticket)
        for name, number, ticket in await AfterSale.filter(public_id__in=names).values_list(
            "public_id", "number", "ticket__number"
        )
    }
    return [
        {
            "text": gettext(WORDS[each.code], language) % each.figures,
            "points": each.points,
            "evidence": [_link(name, orders, cases) for name in each.evidence[:SHOWN]],
        }
        for each in signals
    ]


def _link(name: str, orders: dict[str, str], cases: dict[str, tuple[int, int | None]]) -> dict[str, str]:
    if name in orders:
        return {"label": orders[name], "url": f"/console/orders/{name}"}
    number, ticket = cases.get(name, (0, None))
    return {"label": f"AS-{number}", "url": f"/console/tickets/{ticket}" if ticket else ""}


routes = [Route("/console/orders/{public_id}/signals", signals_page, methods=["GET"])]
