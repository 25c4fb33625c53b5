"""Who did or read what: append only."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.clock import now
from core.fields import UtcDatetimeField, code_field
from core.people import Actor


class AuditEntry(Model):
    """One act worth remembering. Rows are never changed."""

    id = fields.BigIntField(primary_key=True)
    at = UtcDatetimeField()
    actor_kind = code_field()
    actor_id = fields.BigIntField(null=True)
    action = code_field()
    subject = fields.CharField(max_length=64)  # a public id
    detail: Any = fields.JSONField(default=dict)

    class Meta:
        app = "wismo"
        table = "audit_entry"
        indexes = (Index(fields=("subject", "id")), Index(fields=("at",)))


async def note(actor: Actor, action: str, subject: str, **detail: Any) -> None:
    """Append an entry. `detail` must hold no secrets and no message texts."""
    await AuditEntry.create(
        at=now(), actor_kind=actor.kind, actor_id=actor.id, action=action, subject=subject, detail=detail
    )
