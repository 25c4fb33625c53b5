"""Reading stored deliveries: their bytes with what their platform's file needs to know of the shop."""

from pydantic import ValidationError

from core.errors import Invalid
from core.shops import Shop
from orders.models import SourceEvent
from orders.sources import SOURCES
from orders.sources.polled import outranking
from orders.sources.reading import Delivery, Reading
from orders.tables import EVENTS, Row


def read_event(event: SourceEvent, shop: Shop) -> Reading:
    """What a stored delivery says. Raises Invalid when it can never be read."""
    return read_row(EVENTS.row_of(event), shop)


def read_row(event: Row, shop: Shop) -> Reading:
    """The same of a row."""
    source = SOURCES[event["source"]]
    delivery = Delivery(
        topic=event["topic"],
        headers=event["headers"],
        body=bytes(event["body"]),
        received_at=event["received_at"],
        timezone=shop.timezone,
        country=shop.country,
        language=shop.language,
        currency=shop.currency,
        secrets=tuple(shop.secrets.get(source.SECRETS, ())),
    )
    try:
        return outranking(source.read(delivery), event["headers"])
    except ValidationError as error:
        mistakes = error.errors(include_url=False, include_input=False, include_context=False)[:5]
        raise Invalid(f"facts that cannot be true: {mistakes}", code="impossible_facts") from error
