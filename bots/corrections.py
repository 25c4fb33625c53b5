"""What an answer said that its order has contradicted since, and the words that put it right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bots.telling import Telling
from orders.snapshots import OrderSnapshot
from orders.statuses import Headline, ParcelState

Kind = Literal["moved", "passed", "not_delivered", "refund_failed", "not_cancelled"]

_THERE = frozenset({Headline.DELIVERED, Headline.COMPLETED})
_OVER = frozenset({Headline.CANCELLED, Headline.EXPIRED, Headline.REFUNDED, Headline.RETURNED})
_GRACE = timedelta(hours=24)  # a day later than said is worth a word, an hour is not


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that was said and is not so. `subject` is a parcel's id, or empty for the order."""

    kind: Kind
    subject: str = ""
    said: datetime | None = None
    today: datetime | None = None  # what is true instead, for a time that moved
    state: str = ""  # of a parcel that was called delivered


def contradictions(facts: Mapping[str, Any], order: OrderSnapshot, now: datetime) -> list[Contradiction]:
    """Compare the facts of a receipt with the order as it is. That it went on as expected is no contradiction."""
    return [*_times(facts, order, now), *_parcels(facts, order), *_money(facts, order), *_cancelling(facts, order)]


def worth_a_word(found: Sequence[Contradiction], now: datetime) -> list[Contradiction]:
    """Those that a customer who relies on the answer should hear of: not earlier times, and not an hour's delay."""
    return [each for each in found if _matters(each, now)]


def review_after(facts: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the next time that was named has passed for long enough to matter, even if nothing moves until then."""
    due = [time + _GRACE for time in _named(facts).values() if time + _GRACE > now]
    return min(due, default=None)


def last_named(facts: Mapping[str, Any]) -> datetime | None:
    """The latest time by which an answer said that the order or one of its parcels comes."""
    return max(_named(facts).values(), default=None)


def correction(found: Sequence[Contradiction], order: OrderSnapshot, language: str, now: datetime) -> str:
    """What to write to the customer about `found`, in `language`; the last paragraph says how old the facts are."""
    telling = Telling(order=order, language=language, now=now)
    telling.paragraph(telling.say("correction_begins"), *dict.fromkeys(_sentence(each, telling) for each in found))
    return telling.finish("correction").text


def _times(facts: Mapping[str, Any], order: OrderSnapshot, now: datetime) -> Iterator[Contradiction]:
    """A promised or expected time that has passed, or that is another one now."""
    if order.headline in _THERE | _OVER:
        return
    there = {parcel.parcel_id for parcel in order.parcels if parcel.state is ParcelState.DELIVERED}
    times = {"": order.promised_to} | {parcel.parcel_id: parcel.eta_to for parcel in order.parcels}
    for subject, then in _named(facts).items():
        if subject in there:
            continue
        today = times.get(subject)
        if today is not None and today != then:
            yield Contradiction("moved", subject, then, today)
        elif then < now:
            yield Contradiction("passed", subject, then)


def _named(facts: Mapping[str, Any]) -> dict[str, datetime]:
    """The times an answer named: for the order under "", for parcels under their ids."""
    said: dict[str, Any] = {"": facts.get("promised_to")} | dict(facts.get("expected") or {})
    return {subject: datetime.fromisoformat(text) for subject, text in said.items() if text}


def _parcels(facts: Mapping[str, Any], order: OrderSnapshot) -> Iterator[Contradiction]:
    """A parcel that was called delivered and is not."""
    called: Mapping[str, Any] = facts.get("parcels") or {}
    for parcel in order.parcels:
        was_there = called.get(parcel.parcel_id) == ParcelState.DELIVERED and parcel.direction == "outbound"
        if was_there and parcel.state is not ParcelState.DELIVERED:
            yield Contradiction("not_delivered", parcel.parcel_id, state=str(parcel.state))


def _money(facts: Mapping[str, Any], order: OrderSnapshot) -> Iterator[Contradiction]:
    called: Mapping[str, Any] = facts.get("refunds") or {}
    if any(called.get(refund.refund_id) == "succeeded" and refund.state == "failed" for refund in order.refunds):
        yield Contradiction("refund_failed")


def _cancelling(facts: Mapping[str, Any], order: OrderSnapshot) -> Iterator[Contradiction]:
    if facts.get("headline") == Headline.CANCELLED and order.headline not in _OVER:
        yield Contradiction("not_cancelled")


def _matters(found: Contradiction, now: datetime) -> bool:
    if found.kind == "moved":
        return found.today is not None and found.said is not None and found.today - found.said >= _GRACE
    return found.kind != "passed" or (found.said is not None and now - found.said >= _GRACE)


def _sentence(found: Contradiction, telling: Telling) -> str:
    if found.kind == "moved":
        return telling.say("correction_moved", said=found.said, today=found.today)
    return telling.say(f"correction_{found.kind}", **({"said": found.said} if found.kind == "passed" else {}))
