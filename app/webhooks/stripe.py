"""Stripe's door: `POST /webhooks/stripe/{shop_key}`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orders.receiving import Incoming, accept
from orders.sources import stripe


async def receive_event(request: Request) -> Response:
    """Store a signed event and answer at once; a job reads it. A repeated event gets the same answer."""
    body, shop_key = await request.body(), request.path_params["shop_key"]
    await accept(Incoming(source=stripe.NAME, shop_key=shop_key, headers=request.headers, body=body))
    return Response(status_code=200)


routes = [Route("/webhooks/stripe/{shop_key}", receive_event, methods=["POST"])]
