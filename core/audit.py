"""Who did or read what: append only."""

from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.clock import now
from core.fields import UtcDatetimeField, code_field

if TYPE_CHECKING:  # people belong to shops, and shops note what happens to them
    from core.people import Actor


class AuditEntry(Model):
    """One act worth remembering. Rows are never changed: the database refuses it, and the chain would show it."""

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
        indexes = (
            Index(fields=("subject", "id")),
            Index(fields=("at",)),
            Index(fields=("action", "id")),
            Index(fields=("actor_id", "id")),
        )


class AuditWaiting(Model):
    """An entry that has no place in the chain yet. A trigger of the database adds these, whoever adds the entry."""

    entry_id = fields.BigIntField(primary_key=True, generated=False)

    class Meta:
        app = "wismo"
        table = "audit_waiting"


class AuditSeal(Model):
    """The place of an entry in the chain. Rows are never changed."""

    place = fields.BigIntField(primary_key=True, generated=False)  # 1, 2, 3 …
    entry_id = fields.BigIntField(unique=True)
    sealed_at = UtcDatetimeField()
    digest = fields.CharField(max_length=64)  # of this entry and all before it: SHA-256, hexadecimal

    class Meta:
        app = "wismo"
        table = "audit_seal"


class AuditHead(Model):
    """Where the chain ends: one row, which is also the turn of those who would add to it."""

    id = fields.BigIntField(primary_key=True, generated=False)  # always 1
    place = fields.BigIntField()
    digest = fields.CharField(max_length=64)

    class Meta:
        app = "wismo"
        table = "audit_head"


async def note(actor: "Actor | None", action: str, subject: str, **detail: Any) -> None:
    """Append an entry to the running change. No actor: the desk itself.

    `detail` is kept for ever: public ids, codes and numbers, never secrets, message texts, or names, addresses and
    other words about customers.
    """
    kind, actor_id = (actor.kind, actor.id) if actor else ("system", None)
    await AuditEntry.create(at=now(), actor_kind=kind, actor_id=actor_id, action=action, subject=subject, detail=detail)
