"""The tables of the order record (see docs/orders.md for what each axis means)."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field, public_id_field
from core.people import Customer
from core.shops import Shop


class Order(Model):
    """One order: six independent axes, a set of holds and the headline derived from them."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # ord_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="orders")
    shop_id: int
    customer: fields.ForeignKeyNullableRelation[Customer] = fields.ForeignKeyField(
        "wismo.Customer", null=True, related_name="orders"
    )
    customer_id: int | None  # not used: orders and people are brought together by their contacts (decision 0012)
    source = code_field()  # shopify · generic · …
    source_id = fields.CharField(max_length=120)  # the platform's id, always text: some exceed 2**53
    number = fields.CharField(max_length=120)  # as the customer knows it ("#1001")
    number_key = fields.CharField(max_length=120)  # core.text.reference(number)
    # axes
    confirmation = code_field(default="awaiting")
    payment = code_field(default="none")
    fulfilment = code_field(default="unfulfilled")
    returns = code_field(default="none")
    refund = code_field(default="none")
    closure = code_field(default="open")
    holds: Any = fields.JSONField(default=list)
    gates: Any = fields.JSONField(default=list)  # open ones: payment · risk · stock · acceptance
    headline = code_field(default="awaiting_confirmation")
    # when, in UTC
    placed_at = UtcDatetimeField()
    confirmed_at = UtcDatetimeField(null=True)
    paid_at = UtcDatetimeField(null=True)
    cancelled_at = UtcDatetimeField(null=True)
    cancel_reason = code_field(null=True)
    pay_by = UtcDatetimeField(null=True)
    confirm_by = UtcDatetimeField(null=True)  # when confirmation is normally done
    promised_ship_by = UtcDatetimeField(null=True)
    promised_from = UtcDatetimeField(null=True)
    promised_to = UtcDatetimeField(null=True)
    # money, minor units
    currency = fields.CharField(max_length=3)
    total = fields.BigIntField(default=0)
    goods = fields.BigIntField(default=0)
    discount = fields.BigIntField(default=0)
    shipping = fields.BigIntField(default=0)
    tax = fields.BigIntField(default=0)
    # what refunds are computed from, where the source tells it
    tax_included = fields.BooleanField(null=True)  # prices and shipping contain their tax
    shipping_net = fields.BigIntField(null=True)  # paid for delivery after discounts; without its tax on top
    shipping_tax = fields.BigIntField(null=True)
    # who and where; never leaves without the facts gate
    customer_name = fields.CharField(max_length=200, default="")
    email = fields.CharField(max_length=254, null=True)  # lower case
    phone = fields.CharField(max_length=32, null=True)  # E.164 when it can be read
    language = fields.CharField(max_length=8, default="en")
    ship_to: Any = fields.JSONField(default=dict)  # country, region, city, postcode, address lines, name
    tags: Any = fields.JSONField(default=list)
    platform_cases: Any = fields.JSONField(null=True)  # the platform's after-sales cases: orders.platform_cases
    # which state of the record this is
    source_updated_at = UtcDatetimeField()
    folded_at = UtcDatetimeField()
    compared_at = UtcDatetimeField(null=True)  # with the shop itself, by reconciliation
    version = fields.BigIntField(default=1)

    class Meta:
        app = "wismo"
        table = "shop_order"
        unique_together = (("shop_id", "source", "source_id"),)
        indexes = (
            Index(fields=("shop_id", "number_key")),
            Index(fields=("shop_id", "email")),
            Index(fields=("shop_id", "phone")),
            Index(fields=("customer_id",)),
            Index(fields=("shop_id", "headline", "placed_at")),
            Index(fields=("shop_id", "placed_at")),
        )


class OrderChange(Model):
    """One version of an order: which headline it had before and after, and the delivery that made it so, if known."""

    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="changes")
    order_id: int
    version = fields.BigIntField()
    at = UtcDatetimeField()  # when this desk learnt it
    before = code_field(default="")  # "": the order is new
    after = code_field()
    cause: fields.ForeignKeyNullableRelation["SourceEvent"] = fields.ForeignKeyField(
        "wismo.SourceEvent", null=True, on_delete=fields.SET_NULL, related_name="changes"
    )
    cause_id: int | None

    class Meta:
        app = "wismo"
        table = "order_change"
        indexes = (Index(fields=("order_id", "version")), Index(fields=("cause_id",)))


class FactSheet(Model):
    """Everything the sources have said about one order, merged; the rows of the order are derived from it.

    It may exist before the order: a parcel that is reported first waits here until the order itself arrives.
    """

    id = fields.BigIntField(primary_key=True)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="fact_sheets")
    shop_id: int
    source = code_field()
    source_id = fields.CharField(max_length=120)
    facts: Any = fields.JSONField(default=dict)
    order: fields.ForeignKeyNullableRelation[Order] = fields.ForeignKeyField(
        "wismo.Order", null=True, related_name="fact_sheets"
    )
    order_id: int | None
    updated_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "fact_sheet"
        unique_together = (("shop_id", "source", "source_id"),)
        indexes = (Index(fields=("order_id",)),)


class OrderLine(Model):
    """One line of an order. Quantities count units, amounts are minor units of the order's currency."""

    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="lines")
    order_id: int
    source_id = fields.CharField(max_length=120)
    position = fields.IntField(default=0)
    sku = fields.CharField(max_length=120, default="")
    title = fields.CharField(max_length=500)
    variant = fields.CharField(max_length=300, default="")
    quantity = fields.IntField()
    quantity_cancelled = fields.IntField(default=0)
    quantity_shipped = fields.IntField(default=0)
    quantity_delivered = fields.IntField(default=0)
    quantity_refunded = fields.IntField(default=0)
    unit_price = fields.BigIntField(default=0)
    discount = fields.BigIntField(default=0)
    tax = fields.BigIntField(default=0)
    net = fields.BigIntField(null=True)  # paid for all units after all discounts, where the source tells it
    allocated = fields.BigIntField(null=True)  # of `discount`, its share of discounts on the whole order
    requires_shipping = fields.BooleanField(default=True)
    backordered = fields.BooleanField(default=False)
    backorder_eta = UtcDatetimeField(null=True)
    # what stock is asked for, kept here so that the open lines of a SKU are one range of one index
    shop_id = fields.BigIntField(null=True)  # the order's
    open_units = fields.IntField(default=0, db_default=0)  # not shipped and still wanted; 0 once the order is over

    class Meta:
        app = "wismo"
        table = "order_line"
        unique_together = (("order_id", "source_id"),)
        indexes = (Index(fields=("sku",)), Index(fields=("shop_id", "sku", "open_units")))


class Payment(Model):
    """Money that came in, or tried to."""

    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="payments")
    order_id: int
    source_id = fields.CharField(max_length=120)
    tender = code_field(default="card")
    gateway = fields.CharField(max_length=120, default="")
    gateway_ref = fields.CharField(max_length=190, default="")
    state = code_field()
    authorised = fields.BigIntField(default=0)
    captured = fields.BigIntField(default=0)
    currency = fields.CharField(max_length=3)
    charged_in = fields.CharField(max_length=3, null=True)  # the customer's money, if that is another
    units = fields.BigIntField(default=0, db_default=0)  # points that it took; `captured` is their value
    at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "payment"
        unique_together = (("order_id", "source_id"),)
        indexes = (Index(fields=("gateway_ref",)),)


class Shipment(Model):
    """One parcel; its tracking state stays apart from the shop's fulfilment status."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # par_…
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="shipments")
    order_id: int
    source_id = fields.CharField(max_length=120)
    direction = code_field(default="outbound")  # outbound · return · replacement
    carrier = fields.CharField(max_length=120, default="")
    tracking_number = fields.CharField(max_length=120, default="")
    tracking_key = fields.CharField(max_length=120, default="")  # core.text.reference(tracking_number)
    tracking_url = fields.CharField(max_length=1000, default="")
    lines: Any = fields.JSONField(default=list)  # [[line source id, units], …]
    state = code_field(default="pending")
    substate = fields.CharField(max_length=120, default="")
    cancelled = fields.BooleanField(default=False)
    label_at = UtcDatetimeField(null=True)
    first_scan_at = UtcDatetimeField(null=True)
    out_for_delivery_at = UtcDatetimeField(null=True)
    delivered_at = UtcDatetimeField(null=True)
    last_event_at = UtcDatetimeField(null=True)
    eta_from = UtcDatetimeField(null=True)
    eta_to = UtcDatetimeField(null=True)
    pickup: Any = fields.JSONField(default=dict)  # point, code, until
    signed_by = fields.CharField(max_length=200, default="")

    class Meta:
        app = "wismo"
        table = "shipment"
        unique_together = (("order_id", "source_id"),)
        indexes = (Index(fields=("tracking_key",)),)


class TrackingEvent(Model):
    """One scan. The digest makes the same scan over two ways one row."""

    id = fields.BigIntField(primary_key=True)
    shipment: fields.ForeignKeyRelation[Shipment] = fields.ForeignKeyField("wismo.Shipment", related_name="events")
    shipment_id: int
    at = UtcDatetimeField()
    received_at = UtcDatetimeField()
    code = fields.CharField(max_length=120, default="")
    state = code_field()  # "" when the carrier's word is unknown to us
    text = fields.TextField(default="")
    location = fields.CharField(max_length=300, default="")
    at_raw = fields.CharField(max_length=64, default="", db_default="")  # the time as it was written
    at_offset = fields.CharField(max_length=16, default="", db_default="")  # whose offset it was given; "": its own
    digest = fields.CharField(max_length=64)

    class Meta:
        app = "wismo"
        table = "tracking_event"
        unique_together = (("shipment_id", "digest"),)
        indexes = (Index(fields=("shipment_id", "at")),)


class Refund(Model):
    """Money back, as the shop or its gateway reports it."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # rfd_…
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="refunds")
    order_id: int
    source_id = fields.CharField(max_length=120)
    amount = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    state = code_field()  # requested · pending · succeeded · failed
    tender = code_field(default="card")
    reference = fields.CharField(max_length=190, default="")
    at = UtcDatetimeField()
    lines: Any = fields.JSONField(default=list)
    reversal = fields.BooleanField(default=False, db_default=False)  # taken back by the bank after a dispute
    key = fields.CharField(max_length=64, default="", db_default="")  # of our RefundPart; "": not sent by this desk
    of_payment = fields.CharField(max_length=190, null=True)  # the payment's source id, if the source tells it

    class Meta:
        app = "wismo"
        table = "refund"
        unique_together = (("order_id", "source_id"),)
        indexes = (Index(fields=("reference",)), Index(fields=("key",)))


class Dispute(Model):
    """A customer has asked the bank for the money back. Nothing of it is ever told to customers."""

    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="disputes")
    order_id: int
    source_id = fields.CharField(max_length=120)
    state = code_field()  # orders.statuses.DisputeState
    inquiry = fields.BooleanField(default=False)  # the bank only asks: no money has moved
    amount = fields.BigIntField(default=0)
    currency = fields.CharField(max_length=3)
    reason = fields.CharField(max_length=120, default="")
    evidence_due_by = UtcDatetimeField(null=True)
    opened_at = UtcDatetimeField(null=True)
    closed_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "dispute"
        unique_together = (("order_id", "source_id"),)
        indexes = (Index(fields=("state", "evidence_due_by")),)


class SourceEvent(Model):
    """What a platform sent us, byte for byte, and what became of it."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # evt_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="source_events")
    shop_id: int
    source = code_field()
    topic = fields.CharField(max_length=120)
    delivery_key = fields.CharField(max_length=190)
    order_ref = fields.CharField(max_length=120, null=True)  # what it is about: an order's id, a handle, stock:…
    headers: Any = fields.JSONField(default=dict)
    body = fields.BinaryField()
    received_at = UtcDatetimeField()
    source_updated_at = UtcDatetimeField(null=True)
    order: fields.ForeignKeyNullableRelation[Order] = fields.ForeignKeyField(
        "wismo.Order", null=True, related_name="source_events"
    )
    order_id: int | None
    state = code_field(default="received")  # received · folded · parked · stale · ignored · failed
    error = fields.TextField(null=True)
    processed_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "source_event"
        unique_together = (("shop_id", "source", "delivery_key"),)
        indexes = (
            Index(fields=("order_id", "id")),
            Index(fields=("shop_id", "source", "order_ref")),
            Index(fields=("state", "received_at")),
        )


class Connection(Model):
    """How a shop's orders are fetched: where, with which credentials, how far we have read, and how it went."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # con_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="connections")
    shop_id: int
    platform = code_field()
    address = fields.CharField(max_length=500)  # base URL: https, or loopback
    credentials: Any = fields.JSONField(default=dict)  # names: app/gateways/feeds.py; never shown, never logged
    enabled = fields.BooleanField(default=True)
    acts = fields.BooleanField(default=False, db_default=False)  # the credentials may change orders, and we are to
    polled_until = UtcDatetimeField(null=True)  # everything the shop changed before is recorded
    full_since = UtcDatetimeField(null=True)  # when the full comparison that is under way began
    full_until = UtcDatetimeField(null=True)  # how far it has read
    last_success_at = UtcDatetimeField(null=True)
    last_full_at = UtcDatetimeField(null=True)  # null: the past has not been brought in yet
    last_error = fields.CharField(max_length=500, null=True)
    last_error_at = UtcDatetimeField(null=True)
    failures = fields.IntField(default=0)  # in a row
    not_before = UtcDatetimeField(null=True)  # the shop asked for patience, or has failed again and again
    lease = fields.CharField(max_length=32, null=True)  # who is comparing now
    lease_until = UtcDatetimeField(null=True)
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "shop_connection"
        unique_together = (("shop_id", "platform"),)


class ReconciliationRun(Model):
    """One comparison with a shop: what was read, what was different, and what became of it."""

    id = fields.BigIntField(primary_key=True)
    connection: fields.ForeignKeyRelation[Connection] = fields.ForeignKeyField("wismo.Connection", related_name="runs")
    connection_id: int
    kind = code_field()  # window · nightly · manual · first
    since = UtcDatetimeField()
    until = UtcDatetimeField()
    started_at = UtcDatetimeField()
    finished_at = UtcDatetimeField(null=True)  # null: under way, or the process ended
    fetched = fields.IntField(default=0)
    missing = fields.IntField(default=0)
    drifted = fields.IntField(default=0)
    repaired = fields.IntField(default=0)
    vanished = fields.IntField(default=0)
    failed = fields.IntField(default=0)  # different, and it could not be repaired
    findings: Any = fields.JSONField(default=list)  # the first ones: {finding, order, number, fields}, no values
    error = fields.CharField(max_length=500, null=True)

    class Meta:
        app = "wismo"
        table = "reconciliation_run"
        indexes = (Index(fields=("connection_id", "id")), Index(fields=("started_at",)))
