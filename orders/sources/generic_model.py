"""The document that `POST /api/v1/orders:upsert` takes. What a document leaves out stays as it was; null empties it."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from orders.statuses import Confirmation, Fulfilment, Hold, ParcelState, PaymentState, RefundState, Returns

Id = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
Amount = Annotated[str, Field(pattern=r"^\d{1,13}(\.\d{1,4})?$", description='major units as text, e.g. "199.00"')]
Code = Annotated[str, Field(max_length=64)]
Label = Annotated[str, Field(max_length=200)]
Quantity = Annotated[int, Field(ge=0, le=1_000_000)]
At = AwareDatetime


class Part(BaseModel):
    """Base: unknown fields are mistakes, numbers are not strings."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CustomerInput(Part):
    """Who bought. The contacts here are the ones that prove who asks."""

    name: Label | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    phone: Annotated[str, Field(max_length=32)] | None = None


class AddressInput(Part):
    """Where it goes. `country` is ISO 3166, two letters."""

    name: Label = ""
    lines: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=6)] = []
    city: Label = ""
    region: Label = ""
    postcode: Code = ""
    country: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")]


class TotalsInput(Part):
    """Amounts in major units."""

    total: Amount | None = None
    goods: Amount | None = None
    discount: Amount | None = None
    shipping: Amount | None = None
    tax: Amount | None = None
    shipping_tax: Amount | None = None
    tax_included: bool | None = None  # prices and shipping contain their tax


class PromisesInput(Part):
    """What the shop has promised."""

    ship_by: At | None = None
    deliver_from: At | None = None
    deliver_to: At | None = None


class GatesInput(Part):
    """Which checks are still open (true), closed (false)."""

    stock: bool | None = None
    risk: bool | None = None
    acceptance: bool | None = None


class LineInput(Part):
    """One line."""

    id: Id
    title: Annotated[str, Field(max_length=500)] | None = None
    variant: Annotated[str, Field(max_length=300)] | None = None
    sku: Annotated[str, Field(max_length=120)] | None = None
    quantity: Quantity | None = None
    quantity_cancelled: Quantity | None = None
    quantity_shipped: Quantity | None = None
    quantity_delivered: Quantity | None = None
    unit_price: Amount | None = None
    discount: Amount | None = None
    tax: Amount | None = None
    requires_shipping: bool | None = None
    backordered: bool | None = None
    backorder_eta: At | None = None


class PaymentInput(Part):
    """One payment or attempt."""

    id: Id
    method: Code | None = None
    gateway: Annotated[str, Field(max_length=120)] | None = None
    reference: Annotated[str, Field(max_length=190)] | None = None
    state: PaymentState | None = None
    authorised: Amount | None = None
    captured: Amount | None = None
    points: Quantity | None = None  # how many points it took; `captured` is their value
    at: At | None = None


class LineUnits(Part):
    """So many units of a line."""

    line: Id
    quantity: Quantity


class RefundUnits(LineUnits):
    """Units that are refunded; `cancelled` when they had not left and never will."""

    cancelled: bool = False


class ScanInput(Part):
    """One scan of the carrier. `state` may stay away when it says nothing new."""

    at: At
    code: Annotated[str, Field(max_length=120)] = ""
    state: ParcelState | None = None
    text: Annotated[str, Field(max_length=2000)] = ""
    location: Annotated[str, Field(max_length=300)] = ""


class PickupInput(Part):
    """Where a parcel waits to be fetched."""

    point: Annotated[str, Field(max_length=300)] | None = None
    code: Code | None = None
    until: At | None = None


class ShipmentInput(Part):
    """One parcel. `shipped` false announces it; its units count as shipped from the first scan on."""

    id: Id
    direction: Annotated[str, Field(pattern="^(outbound|return|replacement)$")] | None = None
    carrier: Annotated[str, Field(max_length=120)] | None = None
    tracking_number: Annotated[str, Field(max_length=120)] | None = None
    tracking_url: Annotated[str, Field(max_length=1000, pattern=r"^(https?://.*)?$")] | None = None
    lines: Annotated[list[LineUnits], Field(max_length=500)] | None = None
    shipped: bool | None = None
    cancelled: bool | None = None
    label_at: At | None = None
    state: ParcelState | None = None
    eta_from: At | None = None
    eta_to: At | None = None
    pickup: PickupInput | None = None
    signed_by: Label | None = None
    scans: Annotated[list[ScanInput], Field(max_length=200)] = []


class RefundInput(Part):
    """Money back. `state` is requested, pending, succeeded or failed."""

    id: Id
    amount: Amount | None = None
    state: Annotated[str, Field(pattern="^(requested|pending|succeeded|failed)$")] | None = None
    method: Code | None = None
    reference: Annotated[str, Field(max_length=190)] | None = None
    at: At | None = None
    lines: Annotated[list[RefundUnits], Field(max_length=500)] | None = None


class OrderInput(Part):
    """One order, whole or in part, as of `updated_at`."""

    id: Id
    updated_at: At
    number: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    placed_at: At | None = None
    language: Annotated[str, Field(pattern="^(en|zh)$")] | None = None
    customer: CustomerInput | None = None
    ship_to: AddressInput | None = None
    tags: Annotated[list[Annotated[str, Field(max_length=120)]], Field(max_length=50)] | None = None
    totals: TotalsInput | None = None
    confirmation: Confirmation | None = None
    gates: GatesInput | None = None
    confirmed_at: At | None = None
    confirm_by: At | None = None
    payment: PaymentState | None = None
    pay_on_delivery: bool | None = None
    paid_at: At | None = None
    pay_by: At | None = None
    fulfilment: Fulfilment | None = None
    returns: Returns | None = None
    refund: RefundState | None = None
    holds: Annotated[list[Hold], Field(max_length=8)] | None = None
    cancelled_at: At | None = None
    cancel_reason: Code | None = None
    completed_at: At | None = None
    promises: PromisesInput | None = None
    lines: Annotated[list[LineInput], Field(max_length=500)] = []
    payments: Annotated[list[PaymentInput], Field(max_length=100)] = []
    shipments: Annotated[list[ShipmentInput], Field(max_length=200)] = []
    refunds: Annotated[list[RefundInput], Field(max_length=100)] = []
