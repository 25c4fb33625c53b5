"""The order API: `POST /api/v1/orders:upsert`, for shops that have no platform of their own here."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from orders.receiving import Incoming, accept, verified_shop
from orders.sources import generic


async def upsert_order(request: Request) -> Response:
    """Take one order, whole or in part (docs/orders.md). The signature comes first, then the form; 202 once stored."""
    body = await request.body()
    shop_key = request.headers.get("x-wismo-shop", "")
    incoming = Incoming(source=generic.NAME, shop_key=shop_key, headers=request.headers, body=body)
    await verified_shop(incoming)
    order = generic.check(body)
    event = await accept(incoming)
    return JSONResponse({"event": event.public_id, "order": order.id}, status_code=202)


routes = [Route("/api/v1/orders:upsert", upsert_order, methods=["POST"])]
