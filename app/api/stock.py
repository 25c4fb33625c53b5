"""The stock API: `PUT` or `POST /api/v1/stock`, for warehouses and for shops without a platform of their own here."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from orders.receiving import Incoming, accept, verified_shop
from orders.sources import stock_feed


async def upsert_stock(request: Request) -> Response:
    """Take rows of stock, all or none (docs/stock.md). The signature comes first, then the form; 202 once stored."""
    body = await request.body()
    shop_key = request.headers.get("x-wismo-shop", "")
    incoming = Incoming(source=stock_feed.NAME, shop_key=shop_key, headers=request.headers, body=body)
    await verified_shop(incoming)
    told = stock_feed.check(body)
    event = await accept(incoming)
    return JSONResponse({"event": event.public_id, "items": len(told.items)}, status_code=202)


routes = [Route("/api/v1/stock", upsert_stock, methods=["PUT", "POST"])]
