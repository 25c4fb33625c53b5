"""What a simulated shop knows about one of its orders, and how to get that back from what it has told us."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from core.shops import Shop
from orders.facts import (
    Address,
    HeaderFacts,
    HoldFacts,
    Kind,
    LineFacts,
    PaymentFacts,
    RefundFacts,
    ScanFacts,
    ShipmentFacts,
)
from orders.merging import Known
from orders.statuses import ParcelState


@dataclass
class SimLine:
    """A line; `price` in minor units."""

    id: str
    title: str
    variant: str
    sku: str
    quantity: int
    price: int
    backorder_eta: datetime | None = None


@dataclass
class SimScan:
    """One scan; `code` is the carrier's own word for it."""

    at: datetime
    code: str
    state: ParcelState
    text: str
    location: str


@dataclass
class SimParcel:
    """One parcel with its scans, oldest first."""

    id: str
    carrier: str
    number: str
    url: str
    lines: list[tuple[str, int]]
    label_at: datetime
    eta: datetime | None = None
    scans: list[SimScan] = field(default_factory=list)
    pickup_point: str = ""
    pickup_code: str = ""
    pickup_until: datetime | None = None
    signed_by: str = ""


@dataclass
class SimRefund:
    """Money back; `amount` in minor units."""

    id: str
    amount: int
    state: str
    at: datetime
    lines: list[tuple[str, int]] = field(default_factory=list)
    cancelled: bool = False

    @property
    def reference(self) -> str:
        """Under which the shop has asked its payment service for it."""
        return f"re_{self.id}"


@dataclass
class SimAttempt:
    """An attempt to pay the whole order. `known`: the shop has heard of it; else only the payment service has."""

    id: str
    state: str  # paid · failed
    at: datetime
    method: str  # card · paypal · alipay · wechat
    known: bool = True

    @property
    def reference(self) -> str:
        """The payment service's own name for it."""
        return {
            "card": f"pi_{self.id}",
            "alipay": f"2088{int(self.id):024d}",
            "wechat": f"4200{int(self.id):024d}",
        }.get(self.method, f"PAYID-{self.id}")


@dataclass
class SimOrder:
    """The order as the shop has it."""

    shop: Shop
    id: str
    number: int
    placed_at: datetime
    name: str
    email: str
    phone: str
    address: Address
    lines: list[SimLine]
    method: str
    shipping: int = 0
    payment: str = "pending"  # pending · paid
    stock_checked: bool = False
    holds: list[str] = field(default_factory=list)
    pay_by: datetime | None = None
    ship_by: datetime | None = None
    promised_from: datetime | None = None
    promised_to: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    completed_at: datetime | None = None
    parcels: list[SimParcel] = field(default_factory=list)
    refunds: list[SimRefund] = field(default_factory=list)
    attempts: list[SimAttempt] = field(default_factory=list)
    tracker: str = ""  # the service that tells of scans instead of the shop

    @property
    def goods(self) -> int:
        return sum(line.price * line.quantity for line in self.lines)

    @property
    def total(self) -> int:
        return self.goods + self.shipping

    @property
    def known_attempts(self) -> list[SimAttempt]:
        """Those that the shop knows of."""
        return [attempt for attempt in self.attempts if attempt.known]

    @property
    def scans_by_shop(self) -> bool:
        """Does the shop itself tell where its parcels are?"""
        return not self.tracker

    @property
    def chinese(self) -> bool:
        return self.shop.language == "zh"

    def unshipped(self) -> list[tuple[str, int]]:
        """Lines and units that have not left and were not taken off."""
        gone = {line for parcel in self.parcels for line, _ in parcel.lines}
        off = Counter[str]()
        for refund in self.refunds:
            off.update(dict(refund.lines) if refund.cancelled and not refund.amount else {})
        left = [(line.id, line.quantity - off[line.id]) for line in self.lines if line.id not in gone]
        return [(line, units) for line, units in left if units > 0]

    def unshipped_in_stock(self) -> bool:
        """Is there anything that could leave now?"""
        waiting = {line.id for line in self.lines if line.backorder_eta}
        return any(line not in waiting for line, _ in self.unshipped())

    def next_id(self, kind: int) -> str:
        """The platform's id of a further part of this order (kind 1 parcels, 2 refunds, 3 payments)."""
        taken = {1: len(self.parcels), 2: len(self.refunds), 3: len(self.attempts)}[kind]
        return str(int(self.id) + kind * 100 + taken)


def remembered(shop: Shop, order_id: str, known: Known) -> SimOrder:
    """The shop's own order again, from all that it has told us: a simulated shop has no other memory."""
    header = known.views(Kind.HEADER, HeaderFacts)[""]
    lines = sorted(known.views(Kind.LINE, LineFacts).items(), key=lambda item: item[1].position or 0)
    holds = known.views(Kind.HOLD, HoldFacts).values()
    payments = known.views(Kind.PAYMENT, PaymentFacts)
    assert header.placed_at is not None
    return SimOrder(
        shop=shop,
        id=order_id,
        number=int((header.number or "0").lstrip("#")),
        placed_at=header.placed_at,
        name=header.customer_name or "",
        email=header.email or "",
        phone=header.phone or "",
        address=header.ship_to or Address(),
        lines=[_line(line_id, facts) for line_id, facts in lines],
        method=next((facts.tender for facts in payments.values() if facts.tender), "card"),
        shipping=header.shipping or 0,
        payment="paid" if header.payment == "paid" or header.refund in {"partial", "full"} else "pending",
        stock_checked=not header.stock_open,
        holds=[hold.value for facts in holds for hold in facts.holds],
        pay_by=header.pay_by,
        ship_by=header.promised_ship_by,
        promised_from=header.promised_from,
        promised_to=header.promised_to,
        cancelled_at=header.cancelled_at,
        cancel_reason=header.cancel_reason or "",
        completed_at=header.completed_at,
        parcels=_parcels(known, header.placed_at),
        refunds=[_refund(refund_id, facts) for refund_id, facts in known.views(Kind.REFUND, RefundFacts).items()],
        attempts=[
            SimAttempt(key, facts.state or "paid", facts.at, facts.tender or "card")
            for key, facts in payments.items()
            if facts.at
        ],
    )


def _line(line_id: str, facts: LineFacts) -> SimLine:
    return SimLine(
        id=line_id,
        title=facts.title or "",
        variant=facts.variant or "",
        sku=facts.sku or "",
        quantity=facts.quantity or 0,
        price=facts.unit_price or 0,
        backorder_eta=facts.backorder_eta if facts.backordered else None,
    )


def _parcels(known: Known, placed_at: datetime) -> list[SimParcel]:
    scans = sorted(known.views(Kind.SCAN, ScanFacts).values(), key=lambda scan: scan.at)
    return [
        SimParcel(
            id=parcel_id,
            carrier=facts.carrier or "",
            number=facts.tracking_number or "",
            url=facts.tracking_url or "",
            lines=list(facts.lines or ()),
            label_at=facts.label_at or placed_at,
            eta=facts.eta_to,
            scans=[
                SimScan(s.at, s.code, s.state or ParcelState.IN_TRANSIT, s.text, s.location)
                for s in scans
                if s.shipment == parcel_id
            ],
            pickup_point=facts.pickup_point or "",
            pickup_code=facts.pickup_code or "",
            pickup_until=facts.pickup_until,
            signed_by=facts.signed_by or "",
        )
        for parcel_id, facts in known.views(Kind.SHIPMENT, ShipmentFacts).items()
    ]


def _refund(refund_id: str, facts: RefundFacts) -> SimRefund:
    assert facts.at is not None
    lines = [(part.line, part.quantity) for part in facts.lines]
    cancelled = any(part.cancelled for part in facts.lines)
    return SimRefund(refund_id, facts.amount or 0, facts.state or "pending", facts.at, lines, cancelled)
