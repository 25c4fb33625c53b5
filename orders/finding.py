"""Finding orders for the desk: by numbers and contacts, and by SKU, title and customer's name in any script."""

import base64
from datetime import datetime

from tortoise.expressions import Q

from core import audit
from core.clock import utc
from core.errors import Invalid
from core.people import Actor
from core.text import reference
from orders.access import Viewer
from orders.contacts import normal_email
from orders.models import Order, Shipment
from orders.search_index import ids_by_words

MOST_FOUND = 20
_PHONE_TAIL = 4  # digits that make a useful end of a phone number
_PARCELS = 100  # with one tracking number


async def find_orders(viewer: Viewer, text: str, after: str | None = None, limit: int = MOST_FOUND) -> list[Order]:
    """Orders of the agent's shops that `text` names, newest first; `after` is the `cursor` of the last one seen.

    The search is audited, its words are not. The number of queries does not depend on what is found. Raises Invalid
    (bad_cursor).
    """
    seen = _read_cursor(after) if after else None
    key, limit = reference(text)[:120], max(1, min(limit, MOST_FOUND + 1))
    if viewer.kind != "agent" or not key or not viewer.shop_ids:
        return []
    by_words = await ids_by_words(viewer.shop_ids, text, limit, seen)
    fits = Q(number_key=key) | Q(id__in=by_words) | Q(id__in=await _by_tracking(viewer, key))
    email = normal_email(text)
    if email:
        fits |= Q(email=email)
    digits = key.removeprefix("+")
    if digits.isascii() and digits.isdigit() and len(digits) >= _PHONE_TAIL:
        fits |= Q(phone__endswith=digits)
    mine = Order.filter(fits, shop_id__in=viewer.shop_ids)
    if seen is not None:
        placed, order_id = seen
        mine = mine.filter(Q(placed_at__lt=placed) | Q(placed_at=placed, id__lt=order_id))
    found = await mine.order_by("-placed_at", "-id").limit(limit)
    if found:
        actor = Actor("agent", viewer.agent_id, viewer.name)
        await audit.note(actor, "orders.found", found[0].public_id, orders=[order.public_id for order in found])
    return found


def cursor(order: Order) -> str:
    """Where the page after `order` begins."""
    return base64.urlsafe_b64encode(f"{order.placed_at.isoformat()}|{order.id}".encode()).decode()


async def _by_tracking(viewer: Viewer, key: str) -> list[int]:
    parcels = Shipment.filter(tracking_key=key, order__shop_id__in=viewer.shop_ids).limit(_PARCELS)
    return list(await parcels.values_list("order_id", flat=True))  # type: ignore[arg-type]


def _read_cursor(text: str) -> tuple[datetime, int]:
    try:
        placed, _, row_id = base64.b64decode(text, altchars=b"-_", validate=True).decode().partition("|")
        if not row_id.isascii() or not row_id.isdigit() or len(row_id) > 18:
            raise ValueError("no cursor")
        return utc(datetime.fromisoformat(placed)), int(row_id)
    except (ValueError, OverflowError):
        raise Invalid("not a cursor of this list", code="bad_cursor") from None
