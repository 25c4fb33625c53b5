"""The lives that simulated orders can have: what happened how many hours ago, and the headline it leads to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from orders.statuses import Headline

Life = tuple[tuple[float, str], ...]

_CONFIRMED: Life = ((76.0, "submit:paid"), (72.0, "confirm"))
_LABELLED: Life = (*_CONFIRMED, (50.0, "ship"), (49.0, "scan:label"))
_ON_THE_ROAD: Life = (*_LABELLED, (44.0, "scan:collect"), (30.0, "scan:depart"), (11.0, "scan:arrive"))
_AT_THE_DOOR: Life = (*_ON_THE_ROAD, (6.0, "scan:local"), (3.0, "scan:out"))
_ARRIVED: Life = (*_AT_THE_DOOR, (1.2, "scan:delivered"))


@dataclass(frozen=True, slots=True)
class Plot:
    """A life and how it ends. `weight`: how common it is; `twice`: the customer orders the same again at once."""

    headline: Headline
    life: Life
    weight: int = 1
    twice: bool = False
    by_service: bool = False  # only the payment service tells of what matters
    woocommerce: bool = False  # WooCommerce has words for it, too


PLOTS: Mapping[str, Plot] = {
    # before it leaves
    "awaiting_confirmation": Plot(Headline.AWAITING_CONFIRMATION, ((1.5, "submit:paid"),)),
    "awaiting_payment": Plot(Headline.AWAITING_PAYMENT, ((3, "submit:unpaid"),), woocommerce=True),
    "payment_failed": Plot(
        Headline.PAYMENT_FAILED, ((5, "submit:unpaid"), (4.8, "pay_fails")), weight=2, woocommerce=True
    ),
    "address_hold": Plot(Headline.ON_HOLD, ((22, "submit:paid"), (20, "confirm"), (10, "hold:address"))),
    "being_checked": Plot(Headline.ON_HOLD, ((6, "submit:paid"), (5.7, "hold:fraud"))),
    "customs_hold": Plot(Headline.ON_HOLD, (*_ON_THE_ROAD, (9, "hold:customs"))),
    "processing": Plot(Headline.PROCESSING, ((18, "submit:paid"), (15, "confirm")), weight=6, woocommerce=True),
    "backordered": Plot(Headline.BACKORDERED, ((52, "submit:backordered"), (49, "confirm"))),
    # on its way
    "partially_shipped": Plot(
        Headline.PARTIALLY_SHIPPED,
        (
            (60, "submit:paid"),
            (57, "confirm"),
            (30, "ship:first"),
            (26, "scan:collect"),
            (12, "scan:depart"),
        ),
        weight=2,
    ),
    "label_only": Plot(
        Headline.SHIPPED, ((70, "submit:paid"), (66, "confirm"), (31, "ship"), (30, "scan:label")), woocommerce=True
    ),
    "in_transit": Plot(Headline.SHIPPED, _ON_THE_ROAD, weight=12, woocommerce=True),
    "late": Plot(
        Headline.SHIPPED,
        (
            (170, "submit:paid"),
            (166, "confirm"),
            (122, "ship:late"),
            (116, "scan:collect"),
            (100, "scan:depart"),
        ),
        weight=3,
        woocommerce=True,
    ),
    "out_for_delivery": Plot(Headline.SHIPPED, _AT_THE_DOOR, weight=8, woocommerce=True),
    "pickup": Plot(Headline.SHIPPED, (*_AT_THE_DOOR, (1, "scan:ready")), weight=2, woocommerce=True),
    "failed_attempt": Plot(Headline.SHIPPED, (*_AT_THE_DOOR, (0.8, "scan:attempt")), weight=2, woocommerce=True),
    # arrived
    "delivered": Plot(Headline.DELIVERED, _ARRIVED, weight=20, woocommerce=True),
    "completed": Plot(Headline.COMPLETED, (*_ARRIVED, (0.1, "complete")), weight=6),
    # money back
    "cancelled_unpaid": Plot(
        Headline.CANCELLED, ((30, "submit:unpaid"), (6, "cancel:customer")), weight=2, woocommerce=True
    ),
    "refund_pending": Plot(Headline.CANCELLED, ((40, "submit:paid"), (37, "confirm"), (8, "cancel:customer"))),
    "cancelled_refunded": Plot(
        Headline.CANCELLED,
        ((90, "submit:paid"), (86, "confirm"), (70, "cancel:inventory"), (20, "refund_arrives")),
    ),
    "refunded": Plot(Headline.REFUNDED, (*_ARRIVED, (0.9, "refund"), (0.3, "refund_arrives")), woocommerce=True),
    "partial_refund": Plot(
        Headline.DELIVERED, (*_ARRIVED, (0.9, "refund:part"), (0.3, "refund_arrives")), weight=2, woocommerce=True
    ),
    # what makes a bad day
    "paid_but_unconfirmed": Plot(
        Headline.AWAITING_CONFIRMATION, ((7, "submit:unpaid"), (6.8, "pay:unheard")), by_service=True
    ),
    "double_charge": Plot(
        Headline.PROCESSING,
        ((9, "submit:paid"), (8.9, "pay_again"), (5, "confirm")),
        by_service=True,
        woocommerce=True,
    ),
    "double_order": Plot(Headline.PROCESSING, ((8, "submit:paid"), (7, "confirm")), twice=True, woocommerce=True),
    "out_of_stock": Plot(Headline.BACKORDERED, ((60, "submit:paid"), (57, "confirm"), (20, "run_out"))),
    "no_scans": Plot(
        Headline.SHIPPED, ((150, "submit:paid"), (146, "confirm"), (120, "ship"), (119, "scan:label")), woocommerce=True
    ),
    "split_shipment": Plot(
        Headline.PARTIALLY_DELIVERED,
        (
            (98, "submit:paid"),
            (94, "confirm"),
            (80, "ship:first"),
            (75, "scan:collect"),
            (60, "ship"),
            (55, "scan:collect"),
            (30, "scan1:out"),
            (26, "scan1:delivered"),
            (20, "scan:depart"),
        ),
    ),
    "damaged_parcel": Plot(Headline.SHIPPED, (*_ON_THE_ROAD, (5, "scan:damage")), woocommerce=True),
    "lost_parcel": Plot(
        Headline.SHIPPED,
        (
            (200, "submit:paid"),
            (196, "confirm"),
            (170, "ship:late"),
            (168, "scan:collect"),
            (150, "scan:depart"),
            (24, "scan:lost"),
        ),
        woocommerce=True,
    ),
    "return_to_sender": Plot(Headline.RETURNING, (*_AT_THE_DOOR, (2, "scan:back")), woocommerce=True),
    "cancel_race": Plot(Headline.ON_HOLD, (*_LABELLED, (44, "scan:collect"), (40, "cancel:customer"))),
}
FAULTY = (
    "paid_but_unconfirmed",
    "double_charge",
    "double_order",
    "out_of_stock",
    "no_scans",
    "split_shipment",
    "damaged_parcel",
    "lost_parcel",
    "return_to_sender",
    "cancel_race",
)


def possible(platform: str, *, tracker: str = "", service: str = "") -> Collection[str]:
    """The plots that a shop of `platform` can tell with these services; "" stands for none."""
    if platform == "woocommerce" and not tracker:
        return [name for name in possible(platform, tracker="any", service=service) if not _is_scanned(PLOTS[name])]
    return [
        name
        for name, plot in PLOTS.items()
        if (plot.woocommerce or platform != "woocommerce")
        and (service or not plot.by_service)
        and not (tracker == "easypost" and name == "failed_attempt")  # EasyPost has no word for it
    ]


def _is_scanned(plot: Plot) -> bool:
    return any(step.startswith("scan") for _, step in plot.life)
