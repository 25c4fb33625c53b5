"""Cancelling and readdressing beside the order: what may still be stopped, what was asked, how the shop answered."""

from collections.abc import Sequence
from typing import Any

from app.i18n import gettext, when
from orders.claims.models import BY_SHOP, DONE, HELD, LIVE, REFUSED, RELEASED, REQUESTED, Claim
from orders.snapshots import LineSnapshot, OrderSnapshot
from orders.statuses import Closure, Fulfilment

MOST_SHOWN = 3


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


WISHES = {"cancel": _("Cancel"), "address": _("Other address"), "keep": _("Held back for a case")}
STATES = {
    REQUESTED: (_("Asked"), "warn", "clock"),
    HELD: (_("Stopped"), "warn", "pause"),
    DONE: (_("Done"), "good", "check"),
    REFUSED: (_("Refused"), "bad", "cross-circle"),
    RELEASED: (_("Released"), "", "return"),
}
REASONS = {
    "handed_over": _("It has left the warehouse: intercept the parcel, or take it back as a return."),
    "refused_by_shop": _("The shop refused."),
    "refused_by_warehouse": _("It had already left when somebody checked."),
    "delivered": _("It has arrived: take it back as a return instead."),
    "already_cancelled": _("The order is cancelled."),
    "already_refunded": _("The order is refunded in full."),
    "coming_back": _("It’s already on its way back."),
    "expired": _("The order has expired."),
    "platform_decides": _("The marketplace reviews cancellations: it decides."),
    "nothing_to_deliver": _("There’s nothing to deliver."),
    "no_answer": _("Nobody answered in time, so the order stays as it is."),
    "cancelled_at_shop": _("Cancelled at the shop."),
    "given_up": _("Whoever asked took it back."),
}


def claim_panel(
    picture: OrderSnapshot, order_id: int, claims: Sequence[Claim], base: str, language: str
) -> dict[str, Any]:
    """The form, while anything is left to cancel, and the newest claims on this order with their answers."""
    mine = [claim for claim in claims if claim.order_id == order_id]
    live = [claim for claim in mine if claim.state in LIVE]
    lines = [line for line in picture.lines if _left(line)]
    over = picture.closure is not Closure.OPEN or picture.fulfilment is Fulfilment.DELIVERED
    return {
        "url": f"{base}/cancellation",
        "address_url": f"{base}/address",
        "order": picture.order_id,
        "version": picture.version,
        "may": bool(lines) and not over and not live,
        "packed": any(not each.first_scan_at for each in picture.parcels if each.direction == "outbound"),
        "lines": [{"id": line.line_id, "title": line.title, "units": _left(line)} for line in lines],
        "claims": [_claim(claim, base, picture.timezone, language) for claim in mine[:MOST_SHOWN]],
    }


def _left(line: LineSnapshot) -> int:
    return max(line.quantity - line.quantity_cancelled - line.quantity_shipped, 0)


def _claim(claim: Claim, base: str, zone: str, language: str) -> dict[str, Any]:
    label, tone, icon = STATES[claim.state]
    if claim.contradicted_at is not None:
        label, tone, icon = _("Sent anyway"), "bad", "alert"
    live = claim.state in LIVE
    by = when(claim.answer_by, zone, language) if live and claim.answer_by else ""
    return {
        "wish": gettext(WISHES.get(claim.what, claim.what), language),
        "state": gettext(label, language),
        "tone": tone,
        "icon": icon,
        "why": "" if live else gettext(REASONS[claim.why], language) if claim.why in REASONS else "",
        "by": gettext(_("Final answer by %(time)s"), language) % {"time": by} if by else "",
        "asks": live and claim.way != BY_SHOP,
        "url": f"{base}/claims/{claim.public_id}/answer",
    }
