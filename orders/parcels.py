"""One parcel from what the shop and the carrier have said about it. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orders.facts import Kind, ScanFacts, ShipmentFacts
from orders.merging import Known
from orders.statuses import ParcelState, furthest

CLOCK_SKEW = timedelta(minutes=10)
CLAMPED = "clamped"

_BEFORE_FIRST_SCAN = frozenset({None, ParcelState.PENDING, ParcelState.INFO_RECEIVED})
_LABELS = frozenset({ParcelState.PENDING, ParcelState.INFO_RECEIVED})
_TURNS = frozenset({ParcelState.DELIVERED, ParcelState.RETURNING, ParcelState.RETURNED})
_UNDO_NOTHING = frozenset({ParcelState.IN_TRANSIT, ParcelState.EXPIRED})
_NO_MOVE = frozenset({ParcelState.EXPIRED, ParcelState.EXCEPTION})
_AT_REST = frozenset({ParcelState.PENDING, ParcelState.INFO_RECEIVED, ParcelState.DELIVERED, ParcelState.RETURNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A parcel with its state and the times of its stages (UTC)."""

    facts: ShipmentFacts
    state: ParcelState
    substate: str
    label_at: datetime | None
    first_scan_at: datetime | None
    out_for_delivery_at: datetime | None
    delivered_at: datetime | None
    last_event_at: datetime | None
    scans: Mapping[str, ScanFacts]

    @property
    def outbound(self) -> bool:
        return self.facts.direction in (None, "outbound")

    @property
    def counts(self) -> bool:
        """Do its units count as shipped? A parcel that is only announced counts from its first scan on."""
        left = self.facts.shipped is not False or self.first_scan_at is not None
        return self.outbound and not self.facts.cancelled and left

    @property
    def on_the_way(self) -> bool:
        return self.state not in _AT_REST


def parcels_of(
    known: Known, shipments: Mapping[str, ShipmentFacts], scans: Mapping[str, ScanFacts]
) -> dict[str, Parcel]:
    """All parcels by source id. A scan of a parcel that nobody has announced yet makes one, too.

    A part that its whole does not list any more is none: its number was taken off the fulfilment.
    """
    of_parcel: dict[str, dict[str, ScanFacts]] = defaultdict(dict)
    for scan_id, scan in scans.items():
        of_parcel[scan.shipment][scan_id] = _clamped(scan)
    return {
        parcel_id: _parcel(
            shipments.get(parcel_id, ShipmentFacts()),
            of_parcel[parcel_id],
            known.stated_at(Kind.SHIPMENT, parcel_id, "state"),
        )
        for parcel_id in sorted({*shipments, *of_parcel})
        if not _is_taken_off(parcel_id, shipments)
    }


def arrived(parcel_id: str, parcels: Mapping[str, Parcel]) -> bool:
    """Have the goods that a parcel lists been delivered? With several parts, when all of them have come."""
    parcel = parcels[parcel_id]
    parts = [parcels[name] for name in parcel.facts.parts or () if name in parcels]
    return all(part.state is ParcelState.DELIVERED for part in [parcel, *parts] if not part.facts.cancelled)


def _is_taken_off(parcel_id: str, shipments: Mapping[str, ShipmentFacts]) -> bool:
    whole = shipments.get(shipments.get(parcel_id, ShipmentFacts()).part_of or "")
    return whole is not None and parcel_id not in (whole.parts or ())


def _clamped(scan: ScanFacts) -> ScanFacts:
    """A carrier's clock may run ahead, but the scan was before we first heard of it."""
    if scan.at <= scan.received_at + CLOCK_SKEW:
        return scan
    return scan.model_copy(update={"at": scan.received_at, "offset": CLAMPED})


def _parcel(facts: ShipmentFacts, scans: dict[str, ScanFacts], stated_at: datetime | None) -> Parcel:
    times: dict[ParcelState, datetime] = {}
    for scan in sorted(scans.values(), key=lambda s: s.at, reverse=True):
        if scan.state is not None:
            times[scan.state] = scan.at  # the earliest of each state is kept
    return Parcel(
        facts=facts,
        state=_state(facts, scans, stated_at),
        substate=facts.substate or "",
        label_at=facts.label_at or times.get(ParcelState.INFO_RECEIVED),
        first_scan_at=_first_scan(facts, scans, stated_at),
        out_for_delivery_at=times.get(ParcelState.OUT_FOR_DELIVERY),
        delivered_at=times.get(ParcelState.DELIVERED) or (stated_at if facts.state is ParcelState.DELIVERED else None),
        last_event_at=max((scan.at for scan in scans.values()), default=None),
        scans=scans,
    )


def _first_scan(facts: ShipmentFacts, scans: dict[str, ScanFacts], stated_at: datetime | None) -> datetime | None:
    """The first scan that shows it on its way. Where only the parcel has a state, its first scan of any kind.

    A tracking that ends ("expired") or finds trouble without a single scan does not show that anybody has the parcel.
    """
    moves = [scan.at for scan in scans.values() if scan.state not in _BEFORE_FIRST_SCAN]
    if moves or facts.state in _BEFORE_FIRST_SCAN:
        return min(moves, default=None)
    if scans and all(scan.state is None for scan in scans.values()):
        return min(scan.at for scan in scans.values())
    return None if facts.state in _NO_MOVE else stated_at


def _state(facts: ShipmentFacts, scans: dict[str, ScanFacts], stated_at: datetime | None) -> ParcelState:
    """The newest word counts: a scan, or the state that the shop gives with its own time.

    A label that is told after a scan does not take it back. Nor is a parcel that has arrived or turned back on its way
    to the customer because a hub scans it: only that it is taken out, has a problem or is sent back says so.
    """
    words = [(scan.at, scan.state) for scan in scans.values() if scan.state is not None]
    turned = max((at for at, state in words if state in _TURNS), default=None)
    words = [(at, state) for at, state in words if turned is None or at <= turned or state not in _UNDO_NOTHING]
    if any(state not in _LABELS for _, state in words):
        words = [(at, state) for at, state in words if state not in _LABELS]
    if facts.state is not None and stated_at is not None:
        words.append((stated_at, facts.state))
    if not words:
        return ParcelState.INFO_RECEIVED if facts.label_at or facts.tracking_number else ParcelState.PENDING
    newest = max(at for at, _ in words)
    return furthest([state for at, state in words if at == newest])
