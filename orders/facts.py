"""What a source says about one order: partial statements, each with a version that tells which of two is newer.

A field that was never set is not stated; a field set to None is stated to be empty.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from core.clock import utc
from core.text import clean
from orders.statuses import (
    Confirmation,
    DisputeState,
    Fulfilment,
    Hold,
    ParcelState,
    PaymentState,
    RefundState,
    Returns,
)

NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # stands for a time that nobody has told


def stamp(at: datetime) -> str:
    """One form for a time, which sorts as text."""
    return utc(at).isoformat(timespec="microseconds")


def _cut(limit: int) -> Callable[[str], str]:
    return partial(clean, limit=limit)


Instant = Annotated[AwareDatetime, AfterValidator(utc), PlainSerializer(stamp, when_used="json")]
Word = Annotated[str, AfterValidator(_cut(64))]
Short = Annotated[str, AfterValidator(_cut(120))]
Reference = Annotated[str, AfterValidator(_cut(190))]
Name = Annotated[str, AfterValidator(_cut(200))]
Phrase = Annotated[str, AfterValidator(_cut(300))]
Title = Annotated[str, AfterValidator(_cut(500))]
Link = Annotated[str, AfterValidator(_cut(1000))]
Text = Annotated[str, AfterValidator(_cut(2000))]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Units = Annotated[int, Field(ge=0, le=1_000_000)]
Minor = Annotated[int, Field(ge=0, le=10**15)]  # an amount in minor units; negative sums are refused


class Facts(BaseModel):
    """Base of all statements."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Address(Facts):
    """Where an order goes. `country` is an ISO 3166 code."""

    name: Name = ""
    lines: tuple[Phrase, ...] = ()
    city: Name = ""
    region: Name = ""
    postcode: Word = ""
    country: Word = ""


class HeaderFacts(Facts):
    """The order itself. Amounts are minor units of `currency`."""

    number: Short | None = None
    currency: Currency | None = None
    placed_at: Instant | None = None
    language: Word | None = None
    customer_name: Name | None = None
    email: Annotated[str, AfterValidator(_cut(254))] | None = None
    phone: Annotated[str, AfterValidator(_cut(32))] | None = None
    ship_to: Address | None = None
    tags: tuple[Short, ...] = ()
    total: Minor | None = None
    goods: Minor | None = None
    discount: Minor | None = None
    shipping: Minor | None = None
    tax: Minor | None = None
    tax_included: bool | None = None  # prices and shipping contain their tax
    shipping_net: Minor | None = None  # paid for delivery after discounts; without its tax on top
    shipping_tax: Minor | None = None
    presented_currency: Currency | None = None  # the customer's, where the shop counts in another
    presented_total: Minor | None = None  # in it, what the order came to
    presented_worth: Minor | None = None  # the same in `currency`
    # the platform's own words for the axes, already in ours
    confirmation: Confirmation | None = None
    payment: PaymentState | None = None
    fulfilment: Fulfilment | None = None
    returns: Returns | None = None
    refund: RefundState | None = None
    pay_on_delivery: bool | None = None
    stock_open: bool | None = None
    risk_open: bool | None = None
    risk_high: bool | None = None  # the platform advises against it: a hold until the shop sends it all the same
    acceptance_open: bool | None = None
    paid_at: Instant | None = None
    confirmed_at: Instant | None = None
    paid_seen_at: Instant | None = None  # the earliest statement that showed it paid
    confirmed_seen_at: Instant | None = None  # the earliest statement that showed it accepted
    cancelled_at: Instant | None = None
    cancel_reason: Word | None = None
    completed_at: Instant | None = None
    pay_by: Instant | None = None
    confirm_by: Instant | None = None
    promised_ship_by: Instant | None = None
    promised_from: Instant | None = None
    promised_to: Instant | None = None
    line_ids: tuple[Short, ...] | None = None  # all that the order has, where a source always sends it whole
    parcel_ids: tuple[Short, ...] | None = None
    refund_ids: tuple[Short, ...] | None = None
    unknown: dict[str, Short] = Field(default_factory=dict)  # field → raw value that no table of ours knows


class LineFacts(Facts):
    """One line. Quantities in units, `unit_price`, `discount` and `tax` in minor units."""

    position: int | None = None
    sku: Short | None = None
    title: Title | None = None
    variant: Phrase | None = None
    quantity: Units | None = None
    quantity_cancelled: Units | None = None
    quantity_shipped: Units | None = None
    quantity_delivered: Units | None = None
    unit_price: Minor | None = None
    discount: Minor | None = None
    tax: Minor | None = None
    net: Minor | None = None  # paid for all units after all discounts, where that is not price less `discount`
    allocated: Minor | None = None  # of `discount`, its share of discounts on the whole order
    requires_shipping: bool | None = None
    listed: bool | None = None  # it came as a part of the header's list
    backordered: bool | None = None
    backorder_eta: Instant | None = None


class PaymentFacts(Facts):
    """One payment or attempt. Amounts in minor units of `currency`."""

    tender: Word | None = None
    gateway: Short | None = None
    gateway_ref: Reference | None = None
    state: PaymentState | None = None
    authorised: Minor | None = None
    captured: Minor | None = None
    currency: Currency | None = None
    charged_in: Currency | None = None  # the customer's, where the amounts are told in the shop's
    units: Units | None = None  # points that it took
    at: Instant | None = None
    by_gateway: bool | None = None  # the gateway itself said so: its word on money outranks the platform's
    reviewed: bool | None = None  # somebody is to look at it before the goods leave
    unknown: dict[str, Short] = Field(default_factory=dict)


class ShipmentFacts(Facts):
    """One parcel. `shipped` is False while the shop has only announced it.

    A replacement goes to the customer as well, but is not what was ordered: it never counts as shipped or delivered.
    """

    direction: Annotated[str, Field(pattern="^(outbound|return|replacement)$")] | None = None
    carrier: Short | None = None
    tracking_number: Short | None = None
    tracking_url: Link | None = None
    lines: tuple[tuple[Short, Units], ...] | None = None
    shipped: bool | None = None
    cancelled: bool | None = None
    listed: bool | None = None  # it came as a part of the header's list
    label_at: Instant | None = None
    state: ParcelState | None = None
    substate: Short | None = None
    eta_from: Instant | None = None
    eta_to: Instant | None = None
    pickup_point: Phrase | None = None
    pickup_code: Word | None = None
    pickup_until: Instant | None = None
    signed_by: Name | None = None
    part_of: Short | None = None  # the parcel that lists the goods of both, when nobody says what is in which
    parts: tuple[Short, ...] | None = None  # the parcels that are part of this one; others that said so are no more
    unknown: dict[str, Short] = Field(default_factory=dict)


class ScanFacts(Facts):
    """One scan of one parcel; `state` is None when the carrier's word is unknown."""

    shipment: Short
    at: Instant
    received_at: Instant
    raw: Word = ""  # the time as it was written
    offset: Word = ""  # whose offset a time without one was given: trace (its neighbours'), shop, source; "": its own
    code: Short = ""
    state: ParcelState | None = None
    text: Text = ""
    location: Phrase = ""


class RefundLine(Facts):
    """Units of a line in a refund; `cancelled` when they had not been shipped and never will be."""

    line: Short
    quantity: Units
    cancelled: bool = False


class RefundFacts(Facts):
    """Money back: `state` is requested, pending, succeeded or failed."""

    amount: Minor | None = None
    currency: Currency | None = None
    state: Annotated[str, Field(pattern="^(requested|pending|succeeded|failed)$")] | None = None
    tender: Word | None = None
    reference: Reference | None = None
    key: Short | None = None  # of the part of a refund that this desk has sent (orders/refunds/keys.py)
    at: Instant | None = None
    seen_at: Instant | None = None  # the earliest statement that named it
    lines: tuple[RefundLine, ...] = ()
    payment: Reference | None = None  # the payment (entity) that it gives back
    withdrawn: bool | None = None  # it was refused or given up: no money ever moves
    listed: bool | None = None  # it came as a part of the header's list
    cumulative: Minor | None = None  # instead of `amount`: all that had gone back of that payment by then
    reversal: bool | None = None  # the bank took it back after a dispute: the shop has sent nothing
    # the after-sales case behind it, where the platform keeps one under the refund's own number
    case_word: Word | None = None  # the platform's own word for where the case stands
    case_line: Short | None = None
    case_goods: bool | None = None  # the goods come back
    case_reason: Phrase | None = None  # in the customer's words
    case_due_at: Instant | None = None  # the platform waits so long while the word is `case_due_word`
    case_due_word: Word | None = None
    unknown: dict[str, Short] = Field(default_factory=dict)


class DisputeFacts(Facts):
    """A customer has asked the bank for the money back. `inquiry`: the bank only asks, no money has moved."""

    state: DisputeState | None = None
    inquiry: bool | None = None
    amount: Minor | None = None
    currency: Currency | None = None
    reason: Short | None = None  # the platform's own word
    evidence_due_by: Instant | None = None
    opened_at: Instant | None = None
    closed_at: Instant | None = None
    payment: Reference | None = None
    by_gateway: bool | None = None
    unknown: dict[str, Short] = Field(default_factory=dict)


class HoldFacts(Facts):
    """The holds that one part of the source has set; an empty tuple releases them."""

    holds: tuple[Hold, ...] = ()
    unknown: dict[str, Short] = Field(default_factory=dict)


class AliasFacts(Facts):
    """What the statement's handle is called elsewhere: the entity id is the other handle (`str(Handle)`)."""

    same: bool = True


class Kind(StrEnum):
    """What a statement is about."""

    HEADER = "header"
    LINE = "line"
    PAYMENT = "payment"
    SHIPMENT = "shipment"
    SCAN = "scan"
    REFUND = "refund"
    DISPUTE = "dispute"
    HOLD = "hold"
    ALIAS = "alias"


MODELS: dict[Kind, type[Facts]] = {
    Kind.HEADER: HeaderFacts,
    Kind.LINE: LineFacts,
    Kind.PAYMENT: PaymentFacts,
    Kind.SHIPMENT: ShipmentFacts,
    Kind.SCAN: ScanFacts,
    Kind.REFUND: RefundFacts,
    Kind.DISPUTE: DisputeFacts,
    Kind.HOLD: HoldFacts,
    Kind.ALIAS: AliasFacts,
}


class HandleKind(StrEnum):
    """By what somebody who does not know the order's id speaks of it (see orders/handles.py)."""

    TRACKING = "tracking"
    PAYMENT = "payment"
    NUMBER = "number"
    FULFILMENT = "fulfilment"


@dataclass(frozen=True, slots=True, order=True)
class Handle:
    """A tracking number, a payment's reference, an order's number, a fulfilment order's id: in the form to compare."""

    kind: HandleKind
    value: str

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.value}"


class Version(NamedTuple):
    """Which of two statements is newer: the source's own time, its finer sequence, then the bytes as a tie-break."""

    at: datetime
    sequence: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """Facts about one entity of an order, as of a version."""

    kind: Kind
    entity_id: str
    facts: Facts
    version: Version


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """All that one delivery says about one order. `warnings` name values that our tables do not know.

    With a `handle` the facts are about whatever orders go by it, and `source_id` is the handle's value.
    """

    source_id: str
    statements: tuple[Statement, ...]
    warnings: tuple[str, ...] = ()
    handle: Handle | None = None
