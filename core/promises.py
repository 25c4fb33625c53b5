"""The promise ledger: everything said with a time is a record, kept or broken."""

from datetime import datetime

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.clock import now
from core.fields import UtcDatetimeField, code_field, public_id_field
from core.ids import new_id
from core.shops import Shop
from core.transactions import transaction

OPEN, KEPT, BROKEN, WITHDRAWN = "open", "kept", "broken", "withdrawn"
STATES = (OPEN, KEPT, BROKEN, WITHDRAWN)


class Promise(Model):
    """Somebody told somebody that something happens by a time."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # prm_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="promises")
    shop_id: int
    kind = code_field()  # first_reply · arrival · agent
    subject = fields.CharField(max_length=64)  # public id of the ticket, order or refund it is about
    text = fields.TextField(null=True)  # what an agent has promised, in their words
    actor_name = fields.CharField(max_length=200, null=True)  # who
    due_at = UtcDatetimeField()
    escalates_at = UtcDatetimeField(null=True)  # when it is to press: before its time, and then at it
    state = code_field(default=OPEN)
    settled_at = UtcDatetimeField(null=True)
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "promise"
        indexes = (
            Index(fields=("shop_id",)),
            Index(fields=("subject", "state")),
            Index(fields=("state", "due_at")),
            Index(fields=("state", "shop_id", "due_at", "id")),
            Index(fields=("escalates_at",)),
        )


async def promise(shop_id: int, kind: str, subject: str, due_at: datetime) -> Promise:
    """Write down what was promised."""
    return await Promise.create(
        public_id=new_id("prm"), shop_id=shop_id, kind=kind, subject=subject, due_at=due_at, created_at=now()
    )


async def settle(kind: str, subject: str, *, at: datetime | None = None) -> int:
    """What was promised about `subject` happened `at` (now): kept or broken by that. Returns how many settled."""
    return await _settle(kind, subject, at or now(), KEPT)


async def withdraw(kind: str, subject: str, *, at: datetime | None = None) -> int:
    """What was promised is not needed any more; what was overdue `at` (now) stays broken. Returns how many settled."""
    return await _settle(kind, subject, at or now(), WITHDRAWN)


async def _settle(kind: str, subject: str, moment: datetime, in_time: str) -> int:
    async with transaction():
        waiting = Promise.filter(kind=kind, subject=subject, state=OPEN)
        settled = await waiting.filter(due_at__gte=moment).update(state=in_time, settled_at=moment)
        return settled + await waiting.update(state=BROKEN, settled_at=moment)
