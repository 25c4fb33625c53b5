"""The door to one order: everything that its shop, its carriers and its payment services have said about it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.rendering import render
from app.web.desk import shell, signed_in
from app.web.forms import whole_number
from app.web.order_page import order_sight
from core.people import Agent, shop_ids_of
from orders.access import Viewer


@signed_in
async def order_page(request: Request, agent: Agent) -> Response:
    """GET: the order, its parcels, money and lines, what the customer was told, and the events it was made from."""
    viewer = Viewer.agent(agent.id, await shop_ids_of(agent), agent.name)
    pages = {name: whole_number(request.query_params.get(name), 0) or None for name in ("told", "deliveries")}
    sight = await order_sight(viewer, agent, _public_id(request), pages)
    return render(request, "console/order.html", {"shell": shell(request, agent), **sight})


def _public_id(request: Request) -> str:
    """Only a public id: an order number is ambiguous between shops."""
    name: str = request.path_params["public_id"]
    return name if name.startswith("ord_") else "ord_"


routes = [Route("/console/orders/{public_id}", order_page, methods=["GET"])]
