"""A part with everything around it, held by the order's lock until the commit: every step of a part passes here."""

from dataclasses import dataclass

from core.bundles import Bundle
from core.errors import NotFound
from core.sql import dialect, fetch
from orders.refunds.models import PaymentAccount, RefundIntent, RefundPart

_ORDER = "id = (SELECT order_id FROM refund_part WHERE public_id = {key})"
_INTENT = "(SELECT intent_id FROM refund_part WHERE public_id = {key})"
_LOCK = f"SELECT id FROM shop_order WHERE {_ORDER} FOR UPDATE"  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """`parts` are all of the intent's, `part` among them."""

    part: RefundPart
    parts: list[RefundPart]
    intent: RefundIntent
    account: PaymentAccount | None
    order_source_id: str
    order_number: str


async def hold(key: str) -> Held:
    """The part with this key, ours until the commit. Raises NotFound."""
    if dialect() == "postgres":  # the one writer of SQLite has it all
        await fetch(_LOCK, key=key)
    return await read(key)


async def read(key: str) -> Held:
    """The same for looking alone: one statement. Raises NotFound."""
    bundle = Bundle()
    parts = bundle.rows(RefundPart, f"WHERE t.intent_id = {_INTENT} ORDER BY t.id", key=key)
    intents = bundle.rows(RefundIntent, f"WHERE t.id = {_INTENT}", key=key)
    orders = bundle.table("source_id number", f"SELECT source_id, number FROM shop_order WHERE {_ORDER}", key=key)  # noqa: S608
    accounts = bundle.rows(
        PaymentAccount, "WHERE t.id = (SELECT account_id FROM refund_part WHERE public_id = {key})", key=key
    )
    await bundle.read()
    if not parts or not orders:
        raise NotFound("no such refund")
    return Held(
        part=next(part for part in parts if part.public_id == key),
        parts=parts,
        intent=intents[0],
        account=accounts[0] if accounts else None,
        order_source_id=orders[0]["source_id"],
        order_number=orders[0]["number"],
    )
