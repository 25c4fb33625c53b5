"""May units of an order still be cancelled, kept back or sent elsewhere? Pure: what is known in, a verdict out."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from orders.statuses import Axes, Closure, Confirmation, Fulfilment, Hold, RefundState, Returns


class What(StrEnum):
    """What units of an order are claimed for."""

    CANCEL = "cancel"
    ADDRESS = "address"  # the parcel is to go elsewhere
    KEEP = "keep"  # an open case locks them for shipping


class Step(StrEnum):
    """What a verdict asks for."""

    HOLD = "hold"  # nobody has touched the goods: stop them at the shop, then do it
    ASK = "ask"  # packed: stop them at the shop, then ask the warehouse
    REFUSE = "refuse"
    SAME = "same"  # it is so already


class Why(StrEnum):
    """The reason of a verdict, and of a claim's end."""

    FREE = "free"
    PACKED = "packed"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    ALREADY_CANCELLED = "already_cancelled"
    ALREADY_REFUNDED = "already_refunded"
    COMING_BACK = "coming_back"
    EXPIRED = "expired"
    PLATFORM_DECIDES = "platform_decides"  # a cancellation is under review there
    NOTHING_TO_DELIVER = "nothing_to_deliver"
    CANCELLED_AT_SHOP = "cancelled_at_shop"
    REFUSED_BY_SHOP = "refused_by_shop"
    REFUSED_BY_WAREHOUSE = "refused_by_warehouse"
    NO_ANSWER = "no_answer"  # in time: then the order stays as it was
    GIVEN_UP = "given_up"  # whoever claimed them let go
    DONE = "done"


# What the customer can do instead, by reason.
OFFERS: dict[Why, tuple[str, ...]] = {
    Why.HANDED_OVER: ("intercept", "return"),
    Why.REFUSED_BY_SHOP: ("intercept", "return"),
    Why.REFUSED_BY_WAREHOUSE: ("intercept", "return"),
    Why.NO_ANSWER: ("return",),
    Why.DELIVERED: ("return",),
}

Units = tuple[tuple[str, int], ...]  # line's source id, units


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStand:
    """Where the units of a line are. `packed`: of those that have not left, in a parcel with a label."""

    line: str
    quantity: int
    cancelled: int = 0
    shipped: int = 0
    delivered: int = 0
    packed: int = 0
    ships: bool = True  # a carrier brings it

    @property
    def here(self) -> int:
        return max(self.quantity - self.cancelled - self.shipped, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`units` may be had; `gone` cannot any more, though they were asked for."""

    step: Step
    why: Why
    units: Units = ()
    gone: Units = ()

    @property
    def offers(self) -> tuple[str, ...]:
        return OFFERS.get(self.why, ()) or (OFFERS[Why.HANDED_OVER] if self.gone else ())


def judge(what: What, axes: Axes, lines: Sequence[LineStand], wanted: Units | None = None) -> Verdict:
    """Decide about `wanted` units (None: everything that is left). Rules: a cancel before the hand-over; after it an
    intercept or a return, never a cancellation; once a label is printed, the warehouse is asked first.

    An address belongs to a parcel as a whole: it is not changed for a part of what is packed together.
    """
    if (over := _over(what, axes)) is not None:
        return over
    asked = dict(wanted) if wanted is not None else {line.line: line.quantity - line.cancelled for line in lines}
    stands = [line for line in lines if asked.get(line.line, 0) > 0]
    units = tuple((line.line, min(line.here, asked[line.line])) for line in stands if line.here)
    gone = tuple(
        (line.line, missing)
        for line in stands
        if (missing := min(asked[line.line], line.quantity - line.cancelled) - min(line.here, asked[line.line])) > 0
    )
    if not units or (what is What.ADDRESS and gone):
        return _nothing_left(what, stands, gone)
    if what is What.ADDRESS and not any(line.ships for line in stands):
        return Verdict(step=Step.REFUSE, why=Why.NOTHING_TO_DELIVER)
    if any(line.packed for line in stands if line.here):
        return Verdict(step=Step.ASK, why=Why.PACKED, units=units, gone=gone)
    return Verdict(step=Step.HOLD, why=Why.FREE, units=units, gone=gone)


def _over(what: What, axes: Axes) -> Verdict | None:
    """What the order as a whole says, whatever its lines are."""
    if axes.closure is Closure.CANCELLED or axes.confirmation is Confirmation.REJECTED:
        return Verdict(step=_same_or_no(what), why=Why.ALREADY_CANCELLED)
    if axes.closure is Closure.EXPIRED or axes.confirmation is Confirmation.EXPIRED:
        return Verdict(step=_same_or_no(what), why=Why.EXPIRED)
    if axes.refund is RefundState.FULL:
        return Verdict(step=Step.REFUSE, why=Why.ALREADY_REFUNDED)
    if axes.returns is not Returns.NONE:
        return Verdict(step=Step.REFUSE, why=Why.COMING_BACK)
    if axes.fulfilment is Fulfilment.DELIVERED or axes.closure is Closure.COMPLETED:
        return Verdict(step=Step.REFUSE, why=Why.DELIVERED)
    if Hold.PLATFORM_LOCK in axes.holds:
        return Verdict(step=Step.REFUSE, why=Why.PLATFORM_DECIDES)
    return None


def _nothing_left(what: What, stands: Sequence[LineStand], gone: Units) -> Verdict:
    if not gone:
        return Verdict(step=_same_or_no(what), why=Why.ALREADY_CANCELLED)
    arrived = all(line.delivered >= line.quantity - line.cancelled for line in stands if line.shipped)
    return Verdict(step=Step.REFUSE, why=Why.DELIVERED if arrived else Why.HANDED_OVER, gone=gone)


def _same_or_no(what: What) -> Step:
    """To what is cancelled: cancelling is done already, anything else is impossible."""
    return Step.SAME if what is What.CANCEL else Step.REFUSE
