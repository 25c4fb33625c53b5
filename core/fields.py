"""Model fields with our rules built in."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from tortoise import fields
from tortoise.models import Model

from core.clock import utc

Moment = TypeVar("Moment", datetime, datetime | None)
M = TypeVar("M", bound=Model)


class UtcDatetimeField(fields.DatetimeField[Moment]):
    """A datetime that is UTC in the store and in memory.

    SQLite compares datetimes as text, so one row or filter with another offset would sort wrongly without an error.
    """

    if TYPE_CHECKING:  # a nullable column may be None: the checker has to know

        @overload
        def __init__(self: "UtcDatetimeField[datetime]", *, null: Literal[False] = False, **kwargs: Any) -> None: ...

        @overload
        def __init__(self: "UtcDatetimeField[datetime | None]", *, null: Literal[True], **kwargs: Any) -> None: ...

        def __init__(self, **kwargs: Any) -> None: ...

    def to_db_value(self, value: Any, instance: "type[Model] | Model") -> Any:
        return super().to_db_value(utc(value) if isinstance(value, datetime) else value, instance)

    def to_python_value(self, value: Any) -> Any:
        value = super().to_python_value(value)
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return value


def code_field(**kwargs: Any) -> Any:
    """A short machine word: a status, a kind, a platform. Room to spare, so that a new value needs no migration."""
    return fields.CharField(max_length=64, **kwargs)


def public_id_field() -> Any:
    """The identifier the outside world sees (`tkt_…`)."""
    return fields.CharField(max_length=40, unique=True)


def stored(model: type[M], values: dict[str, Any]) -> M:
    """The row that a statement has just written with these values of all its columns, without reading it again.

    Tortoise's own ways to make a model convert and check each value, which takes longer than writing the row.
    """
    row = model.__new__(model)
    row.__dict__.update(_partial=False, _saved_in_db=True, _custom_generated_pk=False, _await_when_save={})
    row.__dict__.update(values)
    return row
