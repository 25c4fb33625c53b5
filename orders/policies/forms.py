"""A shop's policy as people write it, in files and in the console; docs/policies.md describes the fields."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    ValidationError,
)

from core.errors import Invalid
from core.text import clean
from orders.policies.deciding import Category, Outcome, Row, Stage
from orders.policies.timers import OnExpiry, Timer, TimerKind
from orders.refunds.case import Jurisdiction, Reason

MOST_ROWS, MOST_TIMERS = 60, 20
MOST_DAYS = 3650
T = TypeVar("T")

Days = Annotated[StrictInt, Field(ge=0, le=MOST_DAYS)]
RowId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
SOURCE_LIMIT = 300


def _cleaned(value: Any) -> Any:
    """Without what nobody sees and no database keeps."""
    return clean(value, limit=SOURCE_LIMIT + 1) if isinstance(value, str) else value


Source = Annotated[str, BeforeValidator(_cleaned), StringConstraints(min_length=1, max_length=SOURCE_LIMIT)]


class _Form(BaseModel):
    """Fields that nobody knows are refused: a misspelt limit must not be a row without a limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RowForm(_Form):
    """One row."""

    id: RowId
    outcome: Outcome
    source: Source
    jurisdictions: frozenset[Jurisdiction] = frozenset()
    stages: frozenset[Stage] = frozenset()
    reasons: frozenset[Reason] = frozenset()
    categories: frozenset[Category] = frozenset()
    informed: StrictBool | None = None
    within: Days | None = None
    uninformed_years: Annotated[StrictInt, Field(ge=0, le=10)] = 0
    to_working_day: StrictBool = False
    goods_back: StrictBool = False
    way_back_by: Literal["customer", "seller", "nobody"] = "nobody"
    send_back_within: Days | None = None
    refund_within: Days | None = None
    refund_from: Literal["notice", "goods_back"] = "notice"
    counts_as: Reason | None = None


class TimerForm(_Form):
    """One time: hours, days or working days, just one of them."""

    kind: TimerKind
    hours: Annotated[StrictInt, Field(ge=1, le=24 * MOST_DAYS)] | None = None
    days: Annotated[StrictInt, Field(ge=1, le=MOST_DAYS)] | None = None
    working_days: Annotated[StrictInt, Field(ge=1, le=MOST_DAYS)] | None = None
    on_expiry: OnExpiry
    source: Source = "policy"


class PolicyForm(_Form):
    """A whole policy."""

    rows: Annotated[tuple[RowForm, ...], Field(max_length=MOST_ROWS)] = ()
    timers: Annotated[tuple[TimerForm, ...], Field(max_length=MOST_TIMERS)] = ()


def read_form(document: Mapping[str, Any]) -> tuple[tuple[Row, ...], tuple[Timer, ...]]:
    """The rows and timers of a policy that somebody wrote. Raises Invalid (bad_policy; `reason` says where)."""
    form = _checked(lambda: PolicyForm.model_validate(document))
    rows, timers = tuple(map(_row, form.rows)), tuple(map(_timer, form.timers))
    _all_different("row", (row.id for row in rows))
    _all_different("timer", (timer.kind.value for timer in timers))
    return rows, timers


def read_row(document: Mapping[str, Any]) -> Row:
    """One row that somebody wrote. Raises Invalid (bad_policy)."""
    return _row(_checked(lambda: RowForm.model_validate(document)))


def read_timer(document: Mapping[str, Any]) -> Timer:
    """One timer that somebody wrote. Raises Invalid (bad_policy)."""
    return _timer(_checked(lambda: TimerForm.model_validate(document)))


def form_of(rows: Iterable[Row], timers: Iterable[Timer]) -> dict[str, Any]:
    """What `read_form` makes the same rows and timers of; only what is not the default."""
    return {"rows": [_row_form(row) for row in rows], "timers": [_timer_form(timer) for timer in timers]}


def _row(form: RowForm) -> Row:
    if form.goods_back == (form.way_back_by == "nobody"):
        raise _bad(f"{form.id}: goods come back when somebody pays for their way, and only then")
    if not form.goods_back and (form.send_back_within is not None or form.refund_from == "goods_back"):
        raise _bad(f"{form.id}: a time that has to do with the goods' return, but they do not come back")
    return Row(**form.model_dump())


def _timer(form: TimerForm) -> Timer:
    given = [each for each in (form.hours, form.days, form.working_days) if each is not None]
    if len(given) != 1:
        raise _bad(f"{form.kind.value}: either hours, or days, or working_days")
    return Timer(
        kind=form.kind,
        lasts=timedelta(hours=form.hours or 0, days=form.days or 0),
        working_days=form.working_days or 0,
        on_expiry=form.on_expiry,
        source=form.source,
    )


def _row_form(row: Row) -> dict[str, Any]:
    written = RowForm.model_construct(**{name: getattr(row, name) for name in RowForm.model_fields})
    data = written.model_dump(mode="json", exclude_defaults=True)
    return {name: sorted(value) if isinstance(value, list) else value for name, value in data.items()}


def _timer_form(timer: Timer) -> dict[str, Any]:
    hours, rest = divmod(int(timer.lasts.total_seconds()), 3600)
    length = {"working_days": timer.working_days} if timer.working_days else {"hours": hours}
    if hours and not hours % 24 and not rest:
        length = {"days": hours // 24}
    return {"kind": timer.kind.value} | length | {"on_expiry": timer.on_expiry.value, "source": timer.source}


def _checked(read: Callable[[], T]) -> T:
    try:
        return read()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _bad(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


def _all_different(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise _bad(f"{name}: more than one {what} of this name")
        seen.add(name)


def _bad(reason: str) -> Invalid:
    return Invalid(reason, code="bad_policy", reason=reason)
