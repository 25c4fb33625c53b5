"""The jobs behind stock: share out SKUs that something has moved, and tell the orders that it reaches otherwise."""

from typing import Any

from app.jobs.context import JobContext
from orders.stock.demand import recompute, tell_orders


async def share_out_stock(args: dict[str, Any], context: JobContext) -> None:
    """Share out the stock of `skus` of `shop` among their open lines."""
    await recompute(int(args["shop"]), [str(sku) for sku in args["skus"]])


async def tell_short_orders(args: dict[str, Any], context: JobContext) -> None:
    """Derive `orders` anew: [order, units short before, units short now], each."""
    await tell_orders([(int(order), int(before), int(after)) for order, before, after in args["orders"]])
