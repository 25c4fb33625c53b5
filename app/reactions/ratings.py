"""Inside the transaction of a rating: a bad one becomes work."""

from app.i18n import gettext
from conversations.events import RatingGiven
from conversations.models import Rating
from conversations.rating import LOW
from core.people import SYSTEM
from core.shops import Shop
from tickets.models import COMPLAINT
from tickets.opening import open_ticket


async def follow_up(event: RatingGiven) -> None:
    """A low score opens a complaint, or adds to the one that is open: a person reads the conversation and mends it."""
    if event.score > LOW:
        return
    shop = await Shop.get(id=event.shop_id)
    rating = await Rating.get(id=event.rating_id)
    subject = gettext(_("Rated %(score)s of 5"), shop.language) % {"score": rating.score}
    await open_ticket(
        event.conversation_id, COMPLAINT, SYSTEM, subject=subject, summary=rating.text, reason="low_rating"
    )


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message
