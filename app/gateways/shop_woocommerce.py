"""Holding, cancelling and readdressing at WooCommerce: an order is stopped by the status `on-hold`.

WooCommerce cannot change an order "only if it is still so": it is read first and written then, with our key in its meta
data. What its warehouse does in between shows in the order, which is followed.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import httpx2

from app.gateways.payment_http import Reply, Unanswered, ask, base_of, credential, sentence
from app.gateways.shop_changes import address_for, told
from orders.claims.rules import Why
from orders.claims.shop_actions import Action, Outcome, Said, Stands
from orders.sources.reading import identifier, mapping, objects, text

KEY, BEFORE = "wismo_claim", "wismo_claim_before"
_OVER: Final = frozenset({"cancelled", "refunded", "trash", "failed"})
_SENT: Final = frozenset({"completed"})  # WooCommerce: fulfilled, nothing more to do
_HELD = "on-hold"
_ADDRESS: Final = {
    "first_name": "first_name",
    "last_name": "last_name",
    "line": "address_1",
    "more_lines": "address_2",
    "city": "city",
    "postcode": "postcode",
    "country": "country",
    "region": "state",
    "phone": "phone",
}

Json = Mapping[str, Any]


class WooCommerceActions:
    """See ShopActions. Credentials: consumer_key and consumer_secret of a key that may write."""

    @told
    async def hold(self, action: Action) -> Outcome:
        order = await _order(action)
        if (no := _refusal(order)) is not None:
            return no
        if not _is_ours(order, action):
            await _write(action, {"status": _HELD, "meta_data": _meta({KEY: action.key, BEFORE: _status(order)})})
        return Outcome(said=Said.DONE, reference=action.key)

    @told
    async def release(self, action: Action) -> Outcome:
        order = await _order(action)
        if _status(order) in _OVER:
            return Outcome(said=Said.REFUSED, why=Why.CANCELLED_AT_SHOP)
        if _is_ours(order, action):
            await _write(action, _free(order))
        return Outcome(said=Said.DONE)

    @told
    async def cancel(self, action: Action) -> Outcome:
        order = await _order(action)
        if _status(order) in _OVER:
            return Outcome(said=Said.DONE)
        if (no := _refusal(order)) is not None:
            return no
        written = await _write(action, {"status": "cancelled", "meta_data": _meta({KEY: action.key})})
        done = _status(written) in _OVER
        return Outcome(said=Said.DONE if done else Said.UNKNOWN)

    @told
    async def change_address(self, action: Action) -> Outcome:
        order = await _order(action)
        if (no := _refusal(order)) is not None:
            return no
        free = _free(order) if _is_ours(order, action) else {}
        await _write(action, {**free, "shipping": address_for(action, _ADDRESS)})
        return Outcome(said=Said.DONE)

    async def look_up(self, action: Action) -> Stands:
        try:
            order = await _order(action)
        except Unanswered:
            return Stands.UNKNOWN
        if _status(order) in _OVER:
            return Stands.CANCELLED
        if _status(order) in _SENT:
            return Stands.SHIPPED
        shown = mapping(order.get("shipping"))
        if action.address_to and all(
            text(shown.get(name)) == value for name, value in address_for(action, _ADDRESS).items()
        ):
            return Stands.CHANGED
        return Stands.HELD if _is_ours(order, action) else Stands.OPEN


def _refusal(order: Json) -> Outcome | None:
    if _status(order) in _OVER:
        return Outcome(said=Said.REFUSED, why=Why.CANCELLED_AT_SHOP)
    return Outcome(said=Said.REFUSED, why=Why.HANDED_OVER) if _status(order) in _SENT else None


def _status(order: Json) -> str:
    return text(order.get("status"))


def _is_ours(order: Json, action: Action) -> bool:
    return _status(order) == _HELD and _noted(order, KEY) == action.key


def _noted(order: Json, name: str) -> str:
    found = [text(item.get("value")) for item in objects(order.get("meta_data")) if text(item.get("key")) == name]
    return found[-1] if found else ""


def _free(order: Json) -> dict[str, Any]:
    return {"status": _noted(order, BEFORE) or "processing", "meta_data": _meta({KEY: ""})}


def _meta(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": value} for name, value in values.items()]


async def _order(action: Action) -> Json:
    return _read(await _ask("GET", action))


async def _write(action: Action, document: Json) -> Json:
    return _read(await _ask("PUT", action, document))


def _read(reply: Reply) -> Json:
    """Raises Unanswered for everything but the order."""
    if reply.status != httpx2.codes.OK:
        raise Unanswered(f"http_{reply.status}", sentence(reply.refusal().get("message")))
    return reply.document()


async def _ask(method: str, action: Action, document: Json | None = None) -> Reply:
    return await ask(
        method,
        f"{base_of(action.base, '')}/wp-json/wc/v3/orders/{identifier(action.order_source_id)}",
        headers={"content-type": "application/json"},
        content=json.dumps(document).encode() if document is not None else b"",
        auth=(credential(action.credentials, "consumer_key"), credential(action.credentials, "consumer_secret")),
    )
