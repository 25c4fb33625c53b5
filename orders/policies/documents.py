"""Policies, wishes and decisions as plain data: what is kept in rows and cases, and read again years later."""

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from core.errors import Invalid
from orders.policies.deciding import Decision, Row, Wish
from orders.policies.timers import Timer

T = TypeVar("T")

_WISH, _ROWS, _TIMERS = TypeAdapter(Wish), TypeAdapter(tuple[Row, ...]), TypeAdapter(tuple[Timer, ...])


def wish_data(wish: Wish) -> dict[str, Any]:
    """A wish as JSON holds it; `read_wish` makes the same wish of it."""
    data: dict[str, Any] = _WISH.dump_python(wish, mode="json", exclude_defaults=True)
    return data


def read_wish(data: Any) -> Wish:
    """The wish that was kept. Raises Invalid (bad_wish)."""
    return _read(_WISH, data, "bad_wish")


def decision_data(decision: Decision) -> dict[str, Any]:
    """A decision as JSON holds it: the rows by policy, version and id, which never change once they are published."""
    terms = decision.terms
    return {
        "outcome": decision.outcome.value,
        "policy": decision.policy,
        "version": decision.version,
        "row": decision.row.id,
        "source": decision.row.source,
        "open_until": decision.open_until.isoformat() if decision.open_until else None,
        "added": [{"policy": one.policy, "version": one.version, "row": one.row.id} for one in decision.added],
        "counts_as": decision.row.counts_as.value if decision.row.counts_as else None,
        "goods_back": terms.goods_back,
        "way_back_by": terms.way_back_by,
        "send_back_within": terms.send_back_within,
        "refund_within": terms.refund_within,
        "refund_from": terms.refund_from,
    }


def rows_data(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows as JSON holds them: only what differs from the default, sets in order."""
    return [_ordered(each) for each in _ROWS.dump_python(tuple(rows), mode="json", exclude_defaults=True)]


def read_rows(data: Any) -> tuple[Row, ...]:
    """The rows that were kept. Raises Invalid (bad_policy)."""
    return _read(_ROWS, data, "bad_policy")


def timers_data(timers: Iterable[Timer]) -> list[dict[str, Any]]:
    """Timers as JSON holds them; lengths as ISO 8601 durations."""
    data: list[dict[str, Any]] = _TIMERS.dump_python(tuple(timers), mode="json", exclude_defaults=True)
    return data


def read_timers(data: Any) -> tuple[Timer, ...]:
    """The timers that were kept. Raises Invalid (bad_policy)."""
    return _read(_TIMERS, data, "bad_policy")


def _read(adapter: TypeAdapter[T], data: Any, code: str) -> T:
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{where}: {first['msg']}", code=code, reason=f"{where}: {first['msg']}") from None


def _ordered(row: dict[str, Any]) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, list) else value for name, value in row.items()}
