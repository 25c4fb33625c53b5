"""Orders that are meant without a number: the other one, the second, the lamp, the one from last Friday."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bots.days import days_mentioned
from bots.goods import orders_with
from bots.turns import Turn
from orders.snapshots import OrderSnapshot

_ORDERING = re.compile(
    r"\b(?:order(?:ed)?|bought|purchased?|placed|from)\b|下的?单|买的?|拍的?|那单|订单", re.IGNORECASE
)


def newest_first(orders: Sequence[OrderSnapshot]) -> list[OrderSnapshot]:
    """By the time they were placed."""
    return sorted(orders, key=lambda order: (order.placed_at, order.number), reverse=True)


def by_place(turn: Turn) -> OrderSnapshot | None:
    """ "My latest order", "the second": a place in the list, newest first."""
    newest = newest_first(turn.orders)
    for rule, place in (("pick_latest", 0), ("pick_first", 0), ("pick_second", 1), ("pick_third", 2)):
        if turn.mentions(rule) and place < len(newest):
            return newest[place]
    return None


def by_description(turn: Turn) -> list[OrderSnapshot]:
    """Those of several proved orders that fit what was in them or when they were placed; empty: that tells nothing."""
    if len(turn.orders) < 2:
        return []
    holding = orders_with(turn.question.text, turn.orders)
    placed = _placed_when_said(turn)
    both = [order for order in holding if order in placed]
    return newest_first(both or holding or placed)


def _placed_when_said(turn: Turn) -> list[OrderSnapshot]:
    text = turn.question.text
    if not _ORDERING.search(text):
        return []
    found = [
        order
        for order in turn.orders
        for days in days_mentioned(text, _day(turn.now, order))
        if days.first <= _day(order.placed_at, order) <= days.last
    ]
    return found if len(found) < len(turn.orders) else []


def _day(moment: datetime, order: OrderSnapshot) -> date:
    """The day it was then, where the shop is."""
    try:
        return moment.astimezone(ZoneInfo(order.timezone)).date()
    except (ZoneInfoNotFoundError, ValueError):
        return moment.astimezone(UTC).date()
