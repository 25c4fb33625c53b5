"""支付宝's door: `POST /webhooks/alipay/{shop_key}`, the `notify_url` of each payment."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from orders.receiving import Incoming, accept
from orders.sources import alipay

ACCEPTED = "success"  # exactly these bytes; after anything else Alipay tries again, eight times within 25 hours


async def receive_notification(request: Request) -> Response:
    """Store a signed notification and answer at once; a job reads it. A repeated one gets the same answer."""
    body, shop_key = await request.body(), request.path_params["shop_key"]
    await accept(Incoming(source=alipay.NAME, shop_key=shop_key, headers=request.headers, body=body))
    return PlainTextResponse(ACCEPTED)


routes = [Route("/webhooks/alipay/{shop_key}", receive_notification, methods=["POST"])]
