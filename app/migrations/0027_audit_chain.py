"""The chain of the audit; triggers that note each new entry as waiting and refuse to change or remove what is written.

What is there already waits for the first run. Tortoise does not know triggers, so they are no part of the models.
"""

from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField

_BEGIN = (
    f"INSERT INTO audit_head (id, place, digest) VALUES (1, 0, '{'0' * 64}')",  # noqa: S608 (a constant)
    "INSERT INTO audit_waiting (entry_id) SELECT id FROM audit_entry",
)
_KEPT = ("audit_entry", "audit_seal")
_CREATE = {
    "sqlite": (
        "CREATE TRIGGER audit_entry_waits AFTER INSERT ON audit_entry"
        " BEGIN INSERT INTO audit_waiting (entry_id) VALUES (new.id); END",
        *(
            f"CREATE TRIGGER {table}_{word} BEFORE {act} ON {table}"
            " BEGIN SELECT RAISE(ABORT, 'the audit is append only'); END"
            for table in _KEPT
            for word, act in (("never_changes", "UPDATE"), ("never_goes", "DELETE"))
        ),
    ),
    "postgres": (
        "CREATE FUNCTION audit_entry_waits() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO audit_waiting (entry_id) VALUES (new.id); RETURN NULL; END $$",
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the audit is append only'; END $$",
        "CREATE TRIGGER audit_entry_waits AFTER INSERT ON audit_entry"
        " FOR EACH ROW EXECUTE FUNCTION audit_entry_waits()",
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
            for table in _KEPT
        ),
        "CREATE INDEX idx_audit_entry_orders ON audit_entry USING gin ((detail -> 'orders') jsonb_path_ops)"
        " WHERE action IN ('orders.found', 'orders.listed')",
    ),
}
_DROP = {
    "sqlite": (
        "DROP TRIGGER audit_entry_waits",
        *(f"DROP TRIGGER {table}_{word}" for table in _KEPT for word in ("never_changes", "never_goes")),
    ),
    "postgres": (
        "DROP INDEX idx_audit_entry_orders",
        "DROP TRIGGER audit_entry_waits ON audit_entry",
        *(f"DROP TRIGGER {table}_append_only ON {table}" for table in _KEPT),
        "DROP FUNCTION audit_entry_waits()",
        "DROP FUNCTION audit_append_only()",
    ),
}


async def begin(_apps: Any, schema_editor: Any) -> None:
    for statement in (*_BEGIN, *_CREATE[schema_editor.client.capabilities.dialect]):
        await schema_editor.client.execute_query(statement)


async def drop(_apps: Any, schema_editor: Any) -> None:
    for statement in _DROP[schema_editor.client.capabilities.dialect]:
        await schema_editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("wismo", "0026_promises")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AuditHead",
            fields=[
                ("id", fields.BigIntField(primary_key=True, generated=False, unique=True, db_index=True)),
                ("place", fields.BigIntField()),
                ("digest", fields.CharField(max_length=64)),
            ],
            options={"table": "audit_head", "app": "wismo", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AuditSeal",
            fields=[
                ("place", fields.BigIntField(primary_key=True, generated=False, unique=True, db_index=True)),
                ("entry_id", fields.BigIntField(unique=True)),
                ("sealed_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("digest", fields.CharField(max_length=64)),
            ],
            options={"table": "audit_seal", "app": "wismo", "pk_attr": "place"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AuditWaiting",
            fields=[
                ("entry_id", fields.BigIntField(primary_key=True, generated=False, unique=True, db_index=True)),
            ],
            options={"table": "audit_waiting", "app": "wismo", "pk_attr": "entry_id"},
            bases=["Model"],
        ),
        ops.AddIndex(
            model_name="AuditEntry",
            index=Index(fields=["action", "id"]),
        ),
        ops.AddIndex(
            model_name="AuditEntry",
            index=Index(fields=["actor_id", "id"]),
        ),
        ops.RunPython(begin, drop),
    ]
