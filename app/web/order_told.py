"""What the customer was told about an order, and what of it the order has contradicted since."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from app.i18n import gettext
from app.order_cards import PARCEL_STATES
from app.web.labels import CHANNELS, headline
from app.web.times import iso, stamp
from conversations.models import AnswerReceipt, Message
from conversations.telling import Told
from orders.history import headline_at, version_at
from orders.models import OrderChange
from orders.snapshots import OrderSnapshot
from orders.statuses import Headline, ParcelState

MOST_SHOWN = 700  # characters of one message; the conversation has the rest
_THERE = frozenset({Headline.DELIVERED, Headline.COMPLETED})
_NOTICES_DELIVERED = ":delivered:"
_PLAIN = "plain"


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


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
    facts = one.receipt.facts if one.receipt else {}
    found = [*_dates(facts, picture, language, now), *_parcels(one, facts, picture, language)]
    called = facts.get("refunds") or {}
    if any(called.get(refund.refund_id) == "succeeded" and refund.state == "failed" for refund in picture.refunds):
        found.append(gettext(_("The refund that was called done has failed."), language))
    return [{"text": text, "tone": "warn"} for text in found]


def _dates(facts: dict[str, Any], picture: OrderSnapshot, language: str, now: datetime) -> list[str]:
    """A promised or expected time that has passed, or that is another one now."""
    times = {parcel.parcel_id: parcel.eta_to for parcel in picture.parcels}
    said = [(facts.get("promised_to"), picture.promised_to)]
    said += [(text, times.get(name)) for name, text in (facts.get("expected") or {}).items()]
    found: dict[str, None] = {}
    for text, today in said:
        then = datetime.fromisoformat(text) if isinstance(text, str) and text else None
        if then is None or picture.headline in _THERE:
            continue
        values = {"then": stamp(then, picture.timezone, language, now)}
        if today is not None and today != then:
            values["now"] = stamp(today, picture.timezone, language, now)
            found[gettext(_("Expected %(then)s then, %(now)s now."), language) % values] = None
        elif then < now:
            found[gettext(_("Expected %(then)s, which has passed."), language) % values] = None
    return list(found)


def _parcels(one: Told, facts: dict[str, Any], picture: OrderSnapshot, language: str) -> list[str]:
    """A parcel that was called delivered and is not."""
    parcels = {parcel.parcel_id: parcel.state for parcel in picture.parcels if parcel.direction == "outbound"}
    called = {name for name, state in (facts.get("parcels") or {}).items() if state == ParcelState.DELIVERED}
    notice = one.message.author_kind == "system" and _NOTICES_DELIVERED in one.message.client_id
    if notice and len(parcels) == 1:
        called |= set(parcels)
    lost = [parcels[name] for name in sorted(called & set(parcels)) if parcels[name] is not ParcelState.DELIVERED]
    text = gettext(_("Called delivered; the parcel is now: %(state)s."), language)
    return [text % {"state": gettext(PARCEL_STATES[state], language)} for state in dict.fromkeys(lost)]
