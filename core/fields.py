"""Model fields with our rules built in."""

from datetime import UTC, datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from core.clock import utc


class UtcDatetimeField(fields.DatetimeField[datetime]):
    """A datetime that is UTC in the store and in memory.

    SQLite compares datetimes as text, so one row or filter with another offset would sort wrongly without an error.
    """

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
