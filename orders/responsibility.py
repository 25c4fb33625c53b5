"""Who holds the ball: whose turn it is with an order, since when, and how long each party had it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orders.snapshots import OrderSnapshot, ParcelSnapshot
from orders.statuses import Closure, Fulfilment, Gate, Headline, Hold, ParcelState, PaymentState, RefundState, Returns


class Party(StrEnum):
    """Who has to do something next."""

    MERCHANT = "merchant"
    WAREHOUSE = "warehouse"
    CARRIER = "carrier"
    PAYMENT = "payment"
    CUSTOMER = "customer"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Turn:
    """From `since` (UTC) until the next turn it was the party's; None: nobody had anything left to do."""

    party: Party | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What the open tickets about an order wait for; times in UTC, None when there is no such ticket."""

    agent_since: datetime | None = None  # the customer waits for an answer
    customer_since: datetime | None = None  # the desk has asked the customer


def turns(
    picture: OrderSnapshot, at: datetime, *, changed_at: datetime | None = None, waiting: Waiting | None = None
) -> list[Turn]:
    """The turns up to `at`, oldest first; the last one goes on. `changed_at`: when the headline became what it is.

    Past turns are told from the record's own dates. A customer who waits for an answer comes before everything; one
    who was asked, after everybody who still has to do something.
    """
    waiting = waiting or Waiting()
    passed = [turn for turn in _past(picture) if turn.since <= at] or [Turn(Party.MERCHANT, picture.placed_at)]
    party = present_party(picture)
    if party is not passed[-1].party:
        since = changed_at if changed_at is not None and changed_at > passed[-1].since else None
        passed.append(Turn(party, min(at, since or max(passed[-1].since, picture.source_updated_at))))
    if waiting.agent_since is not None:
        passed = _cut(passed, Turn(Party.AGENT, waiting.agent_since))
    elif passed[-1].party is None and waiting.customer_since is not None:
        passed = _cut(passed, Turn(Party.CUSTOMER, waiting.customer_since))
    return [
        turn for turn, before in zip(passed, [None, *passed], strict=False) if not before or turn.party != before.party
    ]


def held(passed: Sequence[Turn], at: datetime) -> dict[Party, timedelta]:
    """How long each party has had it up to `at` (calendar time); who never had it is missing."""
    lengths: dict[Party, timedelta] = {}
    for turn, until in zip(passed, [*(following.since for following in passed[1:]), at], strict=False):
        if turn.party is not None and until > turn.since:
            lengths[turn.party] = lengths.get(turn.party, timedelta()) + (until - turn.since)
    return lengths


def present_party(picture: OrderSnapshot) -> Party | None:
    """Whose turn it is by the state of the order alone; None when nothing is left to do."""
    party = _SIMPLE.get(picture.headline)
    match picture.headline:
        case Headline.ON_HOLD:
            party = next((holder for hold, holder in _HOLDERS.items() if hold in picture.holds), Party.MERCHANT)
        case Headline.AWAITING_PAYMENT if picture.payment is PaymentState.PENDING:
            party = Party.PAYMENT
        case Headline.AWAITING_CONFIRMATION if picture.gates == (Gate.PAYMENT,):
            party = Party.PAYMENT
        case Headline.SHIPPED | Headline.PARTIALLY_DELIVERED:
            party = _on_the_way(picture)
        case Headline.RETURNING if picture.returns is Returns.REQUESTED:
            party = Party.MERCHANT
        case Headline.RETURNED if picture.refund is RefundState.NONE:
            party = Party.MERCHANT
    return party or _money_back(picture)


def usual_headlines(party: Party) -> frozenset[Headline]:
    """The headlines under which it is usually the party's turn: for lists, which do not look at every order's holds."""
    return frozenset(headline for headline, holder in (_SIMPLE | _USUAL).items() if holder is party)


_SIMPLE = {
    Headline.AWAITING_PAYMENT: Party.CUSTOMER,
    Headline.PAYMENT_FAILED: Party.CUSTOMER,
    Headline.AWAITING_CONFIRMATION: Party.MERCHANT,
    Headline.BACKORDERED: Party.MERCHANT,
    Headline.PROCESSING: Party.WAREHOUSE,
    Headline.PARTIALLY_SHIPPED: Party.WAREHOUSE,
    Headline.RETURNING: Party.CARRIER,
}
_USUAL = {
    Headline.ON_HOLD: Party.MERCHANT,
    Headline.SHIPPED: Party.CARRIER,
    Headline.PARTIALLY_DELIVERED: Party.CARRIER,
    Headline.RETURNED: Party.MERCHANT,
}
# The hold that the order cannot leave without comes first.
_HOLDERS = {
    Hold.FRAUD: Party.MERCHANT,
    Hold.PLATFORM_LOCK: Party.MERCHANT,
    Hold.PAYMENT_REVIEW: Party.PAYMENT,
    Hold.ADDRESS: Party.CUSTOMER,
    Hold.CUSTOMS: Party.CARRIER,
}


def _money_back(picture: OrderSnapshot) -> Party | None:
    if picture.refund is RefundState.PENDING:
        return Party.PAYMENT
    owed = picture.refund in (RefundState.REQUESTED, RefundState.FAILED)
    return Party.MERCHANT if owed and picture.closure is not Closure.EXPIRED else None


def _on_the_way(picture: OrderSnapshot) -> Party:
    states = {parcel.state for parcel in _outbound(picture)} - {ParcelState.DELIVERED}
    if states == {ParcelState.AVAILABLE_FOR_PICKUP}:
        return Party.CUSTOMER
    if states and states <= {ParcelState.PENDING, ParcelState.INFO_RECEIVED}:
        return Party.WAREHOUSE  # a label is no hand-over: the carrier has not scanned anything
    return Party.CARRIER


def _past(picture: OrderSnapshot) -> list[Turn]:
    """What the dates of the record tell, in the order in which it happened."""
    parcels = _outbound(picture)
    scanned = min((parcel.first_scan_at for parcel in parcels if parcel.first_scan_at), default=None)
    paid = picture.paid_at if picture.paid_at and (scanned is None or picture.paid_at <= scanned) else None
    pays_first = paid is not None or Gate.PAYMENT in picture.gates
    found = [Turn(Party.CUSTOMER if pays_first else Party.MERCHANT, picture.placed_at)]
    if paid is not None:
        found.append(Turn(Party.MERCHANT, paid))
    if picture.confirmed_at is not None and (paid is not None or not pays_first):
        found.append(Turn(Party.WAREHOUSE, max(picture.confirmed_at, paid or picture.confirmed_at)))
    if scanned is not None:
        found.append(Turn(Party.CARRIER, scanned))
    found += [Turn(Party.CUSTOMER, moment) for moment in _ready(parcels)]
    delivered = [parcel.delivered_at for parcel in parcels if parcel.delivered_at]
    if delivered and picture.fulfilment is Fulfilment.DELIVERED:
        found.append(Turn(None, max(delivered)))
    return _in_order(found)


def _ready(parcels: Sequence[ParcelSnapshot]) -> list[datetime]:
    """When the last parcel lay ready for the customer to collect."""
    scans = [scan.at for parcel in parcels for scan in parcel.scans if scan.state is ParcelState.AVAILABLE_FOR_PICKUP]
    return [max(scans)] if scans else []


def _in_order(found: Sequence[Turn]) -> list[Turn]:
    """Dates that contradict the order of things (a scan before the confirmation) end what came before them."""
    kept: list[Turn] = []
    for turn in found:
        kept = _cut(kept, turn)
    return kept


def _cut(passed: Sequence[Turn], turn: Turn) -> list[Turn]:
    return [*(before for before in passed if before.since < turn.since), turn]


def _outbound(picture: OrderSnapshot) -> list[ParcelSnapshot]:
    return [parcel for parcel in picture.parcels if parcel.direction == "outbound"]
