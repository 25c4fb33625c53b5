"""What can happen to orders. Recorded inside the transaction that changed them; ids are database ids."""

from dataclasses import dataclass

from core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEventReceived(Event):
    """A verified delivery of a platform was stored. Recorded once per delivery key."""

    source_event_id: int
    shop_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCreated(Event):
    """An order became known to this desk."""

    order_id: int
    shop_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged(Event):
    """The order has a new version. `before` and `after` are headlines; `before` is "" for a new order."""

    order_id: int
    shop_id: int
    version: int
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderConfirmed(Event):
    """The last gate closed: the shop has accepted the order."""

    order_id: int
    shop_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelMoved(Event):
    """A parcel has a new tracking state (`orders.statuses.ParcelState`)."""

    order_id: int
    shop_id: int
    shipment_id: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundChanged(Event):
    """A refund is new or has a new state (requested, pending, succeeded, failed)."""

    order_id: int
    shop_id: int
    refund_id: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformCaseTold(Event):
    """The platform says something new of an after-sales case that it keeps: `name` in `Order.platform_cases`."""

    order_id: int
    shop_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundIntentChanged(Event):
    """Money that this desk sends back is new or has a new state (`orders.refunds.states.IntentState`).

    `case_id` is the public id of what it is for: a ticket or an after-sales case.
    """

    intent_id: int
    order_id: int
    shop_id: int
    case_id: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeChanged(Event):
    """A chargeback is new or has a new state (`orders.statuses.DisputeState`). For the desk alone."""

    order_id: int
    shop_id: int
    dispute_id: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StockShort(Event):
    """Stock reaches fewer units of an order's open lines than before; `units` of them are short now."""

    order_id: int
    shop_id: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StockCovered(Event):
    """Stock reaches `units` more of an order's open lines, or they are wanted no more; `still_short` are left."""

    order_id: int
    shop_id: int
    units: int
    still_short: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(Event):
    """The order was cancelled."""

    order_id: int
    shop_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimChanged(Event):
    """A claim on units of an order (`orders.claims.models.Claim`) is new or has a new state.

    `contradicted` is told of one that was done before the order said otherwise. `at_once`: settled when it was made,
    so that whoever asked has the answer already.
    """

    claim_id: int
    order_id: int
    shop_id: int
    case_id: str
    what: str
    state: str
    at_once: bool
