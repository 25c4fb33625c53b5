"""Running numbers that people can say aloud (ticket 1042)."""

from tortoise import fields
from tortoise.expressions import F
from tortoise.models import Model

from core.transactions import transaction


class Sequence(Model):
    """The last number given out under a name."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=64, unique=True)
    value = fields.BigIntField(default=0)

    class Meta:
        app = "wismo"
        table = "sequence"


async def next_number(name: str, *, start: int = 1) -> int:
    """The next number of `name`; the row lock keeps two transactions from getting the same."""
    async with transaction():
        if not await Sequence.filter(name=name).update(value=F("value") + 1):
            await Sequence.get_or_create(name=name, defaults={"value": start - 1})
            await Sequence.filter(name=name).update(value=F("value") + 1)
        return int((await Sequence.get(name=name)).value)
