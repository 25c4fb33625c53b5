"""What the customer was told about an order, and what of it the order has contradicted since."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from app.i18n import gettext
from app.order_cards import PARCEL_STATES
from app.web.labels import CHANNELS, headline
from app.web.times import iso, stamp
from bots.corrections import Contradiction, contradictions
from conversations.models import AnswerReceipt, Message
from conversations.telling import Told
from orders.history import headline_at, version_at
from orders.models import OrderChange
from orders.snapshots import OrderSnapshot
from orders.statuses import ParcelState

MOST_SHOWN = 700  # characters of one message; the conversation has the rest
_NOTICES_DELIVERED = ":delivered:"
_PLAIN = "plain"


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


CONTRADICTIONS = {
    "moved": _("Expected %(then)s then, %(now)s now."),
    "passed": _("Expected %(then)s, which has passed."),
    "not_delivered": _("Said to be delivered; the parcel is now: %(state)s."),
    "refund_failed": _("The refund said to be done has failed."),
    "not_cancelled": _("Said to be cancelled; it isn’t."),
}


def told_rows(
    told: Sequence[Told], picture: OrderSnapshot, changes: Collection[OrderChange], language: str, now: datetime
) -> list[dict[str, Any]]:
    """Newest first: the words, who said them where, what they stood on, and what has become of that."""
    return [_row(one, picture, changes, language, now) for one in told]


def _row(
    one: Told, picture: OrderSnapshot, changes: Collection[OrderChange], language: str, now: datetime
) -> dict[str, Any]:
    message, receipt = one.message, one.receipt
    channel, channel_icon = CHANNELS.get(message.channel, (message.channel, "chat"))
    version = receipt.order_version if receipt else version_at(changes, message.created_at)
    return {
        "iso": iso(message.created_at),
        "at": stamp(message.created_at, picture.timezone, language, now),
        "who": _speaker(message, language),
        "who_icon": {"bot": "bot", "system": "bell"}.get(message.author_kind, "person"),
        "channel": gettext(channel, language),
        "channel_icon": channel_icon,
        "failed": message.state == "failed",
        "text": message.text if len(message.text) <= MOST_SHOWN else message.text[: MOST_SHOWN - 1] + "…",
        "lang": "zh-Hans" if message.language == "zh" else message.language,
        "url": f"/console/conversations/{message.conversation.public_id}",
        "basis": _basis(receipt, version, picture, language),
        "verdicts": [*_contradictions(one, picture, language, now), *_moved(one, picture, changes, language)],
    }


def _speaker(message: Message, language: str) -> str:
    if message.author_kind == "bot":
        return gettext("Bot", language)
    return message.author_name or gettext(_("Notice"), language)


def _basis(receipt: AnswerReceipt | None, version: int | None, picture: OrderSnapshot, language: str) -> str:
    parts = [gettext("Rule %(rule)s", language) % {"rule": receipt.rule}] if receipt and receipt.rule else []
    if version is not None:
        text = gettext(_("order version %(version)s of %(newest)s"), language)
        parts.append(text % {"version": version, "newest": picture.version})
    return " · ".join(parts)


def _moved(one: Told, picture: OrderSnapshot, changes: Collection[OrderChange], language: str) -> list[dict[str, str]]:
    """The stage was another one then: no mistake, but no longer true."""
    then = str(one.receipt.facts.get("headline") or "") if one.receipt else ""
    then = then or headline_at(changes, one.message.created_at, picture.headline.value)
    if not then or then == picture.headline.value:
        return []
    names = {"then": headline(then, language)[0], "now": headline(picture.headline.value, language)[0]}
    return [{"text": gettext(_("Then: %(then)s. Now: %(now)s."), language) % names, "tone": _PLAIN}]


def _contradictions(one: Told, picture: OrderSnapshot, language: str, now: datetime) -> list[dict[str, str]]:
    found = contradictions(_said(one, picture), picture, now)
    sentences = dict.fromkeys(_sentence(each, picture, language, now) for each in found)
    return [{"text": text, "tone": "warn"} for text in sentences]


def _said(one: Told, picture: OrderSnapshot) -> dict[str, Any]:
    """What the message rests on; a notice of delivery has no receipt and says one thing."""
    if one.receipt is not None:
        return dict(one.receipt.facts)
    outbound = [parcel.parcel_id for parcel in picture.parcels if parcel.direction == "outbound"]
    delivered = one.message.author_kind == "system" and _NOTICES_DELIVERED in one.message.client_id
    return {"parcels": {outbound[0]: ParcelState.DELIVERED}} if delivered and len(outbound) == 1 else {}


def _sentence(found: Contradiction, picture: OrderSnapshot, language: str, now: datetime) -> str:
    values: dict[str, str] = {}
    for name, moment in (("then", found.said), ("now", found.today)):
        if moment is not None:
            values[name] = stamp(moment, picture.timezone, language, now)
    if found.state:
        values["state"] = gettext(PARCEL_STATES[ParcelState(found.state)], language)
    return gettext(CONTRADICTIONS[found.kind], language) % values
