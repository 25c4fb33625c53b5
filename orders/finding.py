"""Finding orders for the desk: by order number, tracking number, e-mail address or the end of a phone number."""

from tortoise.expressions import Q

from core import audit
from core.people import Actor
from core.text import reference
from orders.access import Viewer
from orders.contacts import normal_email
from orders.models import Order, Shipment

MOST_FOUND = 20
_PHONE_TAIL = 4  # digits that make a useful end of a phone number


async def find_orders(viewer: Viewer, text: str) -> list[Order]:
    """Orders of the agent's shops that `text` names, newest first, 20 at most. The search is audited, its words not."""
    key = reference(text)[:120]
    if viewer.kind != "agent" or not key:
        return []
    fits = Q(number_key=key) | Q(id__in=await _by_tracking(viewer, key))
    email = normal_email(text)
    if email:
        fits |= Q(email=email)
    digits = key.removeprefix("+")
    if digits.isascii() and digits.isdigit() and len(digits) >= _PHONE_TAIL:
        fits |= Q(phone__endswith=digits)
    found = await Order.filter(fits, shop_id__in=viewer.shop_ids).order_by("-placed_at", "-id").limit(MOST_FOUND)
    if found:
        actor = Actor("agent", viewer.agent_id, viewer.name)
        await audit.note(actor, "orders.found", found[0].public_id, orders=[order.public_id for order in found])
    return found


async def _by_tracking(viewer: Viewer, key: str) -> list[int]:
    parcels = Shipment.filter(tracking_key=key, order__shop_id__in=viewer.shop_ids).limit(MOST_FOUND)
    return list(await parcels.values_list("order_id", flat=True))  # type: ignore[arg-type]
