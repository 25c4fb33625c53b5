"""微信支付's door: `POST /webhooks/wechatpay/{shop_key}`, the `notify_url` of payments and refunds."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orders.receiving import Incoming, accept
from orders.sources import wechatpay


async def receive_notification(request: Request) -> Response:
    """Store a signed notification and answer 204 at once; a job opens and reads it. Repeats get the same answer."""
    body, shop_key = await request.body(), request.path_params["shop_key"]
    await accept(Incoming(source=wechatpay.NAME, shop_key=shop_key, headers=request.headers, body=body))
    return Response(status_code=204)


routes = [Route("/webhooks/wechatpay/{shop_key}", receive_notification, methods=["POST"])]
