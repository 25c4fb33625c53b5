"""Inside the transaction of a rating: a bad one becomes work."""

from app.i18n import gettext
from conversations.events import RatingGiven
from conversations.models import Rating
from conversations.rating import LOW
from core.people import SYSTEM
from core.shops import Shop
from tickets.complaints.escalation import open_complaint, rated_badly
from tickets.complaints.intake import RATING, receive
from tickets.complaints.recovery import open_recovery
from tickets.models import COMPLAINT
from tickets.opening import open_ticket


async def follow_up(event: RatingGiven) -> None:
    """A low score opens a complaint, or adds to the one that is open: a person reads the conversation and mends it.

    Whoever was answered and is not content is told to the supervisors; every bad rating has somebody who sees to it.
    """
    if event.score > LOW:
        return
    shop = await Shop.get(id=event.shop_id)
    rating = await Rating.get(id=event.rating_id)
    known = await open_complaint(event.conversation_id)
    subject = gettext(_("Rated %(score)s of 5"), shop.language) % {"score": rating.score}
    ticket = await open_ticket(
        event.conversation_id, COMPLAINT, SYSTEM, subject=subject, summary=rating.text, reason="low_rating"
    )
    if known is not None:
        await rated_badly(known)
    else:
        await receive(ticket.id, RATING)
    await open_recovery(rating, ticket)


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message
