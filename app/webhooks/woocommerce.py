"""WooCommerce's door: `POST /webhooks/woocommerce/{shop_key}`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orders.receiving import Incoming, accept
from orders.sources import woocommerce


async def receive_webhook(request: Request) -> Response:
    """Store a signed delivery and answer at once; a job reads it. The unsigned ping of a new webhook says nothing."""
    body = await request.body()
    if not woocommerce.is_ping(request.headers, body):
        shop_key = request.path_params["shop_key"]
        await accept(Incoming(source=woocommerce.NAME, shop_key=shop_key, headers=request.headers, body=body))
    return Response(status_code=200)


routes = [Route("/webhooks/woocommerce/{shop_key}", receive_webhook, methods=["POST"])]
