"""What a grant means for the goods and the money, and the better of two such terms. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """What is granted. Days; `refund_within` counts from `refund_from`, a time that is not said is no limit."""

    goods_back: bool
    way_back_by: str  # customer · seller · nobody
    send_back_within: int | None
    refund_within: int | None
    refund_from: str  # notice · goods_back


def better(one: Terms, other: Terms) -> Terms:
    """Of each term what is better for the customer."""
    if not (one.goods_back and other.goods_back):
        return Terms(False, "nobody", None, _sooner(one, other)[0], "notice")  # nobody waits for what is kept
    back = [days for days in (one.send_back_within, other.send_back_within) if days is not None]
    ways = {one.way_back_by, other.way_back_by}
    way = "seller" if "seller" in ways else "customer" if "customer" in ways else "nobody"
    return Terms(True, way, max(back) if len(back) == 2 else None, *_sooner(one, other))


def _sooner(one: Terms, other: Terms) -> tuple[int | None, str]:
    """Days from the notice come before days from the return of the goods; a time before none."""
    told = [each for each in (one, other) if each.refund_within is not None]
    first = min(told, key=lambda each: (each.refund_from != "notice", each.refund_within or 0), default=one)
    return first.refund_within, first.refund_from
