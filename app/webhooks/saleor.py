"""Saleor's door: `POST /webhooks/saleor/{shop_key}`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orders.receiving import Incoming, accept
from orders.sources import saleor


async def receive_webhook(request: Request) -> Response:
    """Store a signed delivery and answer at once; a job reads it. A repeated delivery gets the same answer."""
    body = await request.body()
    shop_key = request.path_params["shop_key"]
    await accept(Incoming(source=saleor.NAME, shop_key=shop_key, headers=request.headers, body=body))
    return Response(status_code=200)


routes = [Route("/webhooks/saleor/{shop_key}", receive_webhook, methods=["POST"])]
