"""Running numbers that people can say aloud (ticket 1042)."""

from tortoise import fields
from tortoise.models import Model

from core.sql import fetch
from core.transactions import transaction


class Sequence(Model):
    """The last number given out under a name."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=64, unique=True)
    value = fields.BigIntField(default=0)

    class Meta:
        app = "wismo"
        table = "sequence"


_NEXT = (
    "INSERT INTO sequence (name, value) VALUES ({name}, {start})"
    " ON CONFLICT (name) DO UPDATE SET value = sequence.value + 1 RETURNING value"
)


async def next_number(name: str, *, start: int = 1) -> int:
    """The next number of `name`; the row's lock keeps two transactions from getting the same.

    Without gaps: a transaction that rolls back gives its number back.
    """
    async with transaction():
        return int((await fetch(_NEXT, name=name, start=start))[0]["value"])
