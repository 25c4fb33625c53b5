"""Holding, cancelling and readdressing at Shopify: holds on fulfilment orders that carry our key as their handle.

An app may set several holds on a fulfilment order, told apart by their handle; `orderCancel` runs in a job of the
shop's, so the order is asked whether it has happened (shopify.dev: fulfillmentOrderHold, orderCancel, orderUpdate).
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from app.gateways.payment_http import Unanswered, sentence
from app.gateways.shop_changes import address_for, told
from app.gateways.shopify_mutation import execute
from orders.claims.rules import Why
from orders.claims.shop_actions import Action, Outcome, Said, Stands
from orders.refunds.gateway import Account
from orders.sources.reading import identifier, mapping, objects, text

ASKED_AGAIN: Final = (0.3, 0.7, 1.5)  # seconds between looks at an order that is being cancelled
_STATE: Final = """query state($id: ID!) { order(id: $id) {
  id cancelledAt shippingAddress { address1 city countryCodeV2 }
  fulfillmentOrders(first: 20) { nodes {
    id status fulfillmentHolds { id handle }
    lineItems(first: 50) { nodes { remainingQuantity lineItem { id } } }
  } }
} }"""
_HOLD: Final = """mutation hold($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { fulfillmentHold { id } userErrors { field message } }
}"""
_RELEASE: Final = """mutation release($id: ID!, $holds: [ID!]) {
  fulfillmentOrderReleaseHold(id: $id, holdIds: $holds) { fulfillmentOrder { id } userErrors { field message } }
}"""
_CANCEL: Final = """mutation cancel($id: ID!, $note: String!, $reason: OrderCancelReason!, $restock: Boolean!,
  $refund: OrderCancelRefundMethodInput!, $notify: Boolean!) {
  orderCancel(orderId: $id, reason: $reason, refundMethod: $refund, restock: $restock, notifyCustomer: $notify,
    staffNote: $note) { job { id } orderCancelUserErrors { field message } }
}"""
_MOVE: Final = """mutation move($input: OrderInput!) {
  orderUpdate(input: $input) { order { id } userErrors { field message } }
}"""
_HERE = frozenset({"OPEN", "SCHEDULED", "ON_HOLD"})  # IN_PROGRESS: a fulfilment service has it in hand

_ADDRESS: Final = {
    "first_name": "firstName",
    "last_name": "lastName",
    "line": "address1",
    "more_lines": "address2",
    "city": "city",
    "postcode": "zip",
    "country": "countryCode",
    "region": "provinceCode",
    "phone": "phone",
}

Json = Mapping[str, Any]


class ShopifyActions:
    """See ShopActions. Scopes: write_orders, write_merchant_managed_fulfillment_orders (and _third_party_ ones)."""

    @told
    async def hold(self, action: Action) -> Outcome:
        order = await _order(action)
        if (no := _refusal(order, action)) is not None:
            return no
        for part in _ours(order, action):
            if _our_hold(part, action):
                continue
            hold = {"reason": "OTHER", "reasonNotes": "The customer wants a change.", "handle": action.key}
            answer = await execute(_account(action), _HOLD, {"id": text(part.get("id")), "hold": hold})
            if (said := _errors(mapping(answer.get("fulfillmentOrderHold")))) and not await _is_held(action):
                return Outcome(said=Said.REFUSED, why=Why.REFUSED_BY_SHOP, text=said)
        return Outcome(said=Said.DONE, reference=action.key)

    @told
    async def release(self, action: Action) -> Outcome:
        order = await _order(action)
        if order.get("cancelledAt"):
            return Outcome(said=Said.REFUSED, why=Why.CANCELLED_AT_SHOP)
        await _let_go(order, action)
        return Outcome(said=Said.DONE)

    @told
    async def cancel(self, action: Action) -> Outcome:
        order = await _order(action)
        if order.get("cancelledAt"):
            return Outcome(said=Said.DONE)
        if (no := _refusal(order, action)) is not None:
            return no
        asked = {
            "id": _gid(action),
            "note": f"Wismo {action.key}",
            "reason": "CUSTOMER",
            "restock": True,
            "refund": {"originalPaymentMethodsRefund": False},  # money goes back through the desk, once
            "notify": False,
        }
        answer = mapping((await execute(_account(action), _CANCEL, asked)).get("orderCancel"))
        said = _errors(answer, "orderCancelUserErrors")
        for pause in ASKED_AGAIN:
            if (await _order(action)).get("cancelledAt"):
                return Outcome(said=Said.DONE)
            if said:
                return Outcome(said=Said.REFUSED, why=Why.REFUSED_BY_SHOP, text=said)
            await asyncio.sleep(pause)
        return Outcome(said=Said.UNKNOWN, text="the shop is still cancelling")

    @told
    async def change_address(self, action: Action) -> Outcome:
        order = await _order(action)
        if (no := _refusal(order, action)) is not None:
            return no
        given = {"id": _gid(action), "shippingAddress": address_for(action, _ADDRESS)}
        answer = mapping((await execute(_account(action), _MOVE, {"input": given})).get("orderUpdate"))
        if said := _errors(answer):
            return Outcome(said=Said.REFUSED, why=Why.REFUSED_BY_SHOP, text=said)
        await _let_go(order, action)
        return Outcome(said=Said.DONE)

    async def look_up(self, action: Action) -> Stands:
        try:
            order = await _order(action)
        except Unanswered:
            return Stands.UNKNOWN
        if order.get("cancelledAt"):
            return Stands.CANCELLED
        if _has_left(order, action):
            return Stands.SHIPPED
        if action.address_to and _goes_there(order, action):
            return Stands.CHANGED
        return Stands.HELD if any(_our_hold(part, action) for part in _ours(order, action)) else Stands.OPEN


async def _order(action: Action) -> Json:
    """Raises Unanswered, also when the shop does not know the order: nothing is certain then."""
    found = mapping((await execute(_account(action), _STATE, {"id": _gid(action)})).get("order"))
    if not found:
        raise Unanswered("order_not_found", "the shop does not know the order")
    return found


def _refusal(order: Json, action: Action) -> Outcome | None:
    if order.get("cancelledAt"):
        return Outcome(said=Said.REFUSED, why=Why.CANCELLED_AT_SHOP)
    if _has_left(order, action):
        return Outcome(said=Said.REFUSED, why=Why.HANDED_OVER)
    busy = [part for part in _with_our_lines(order, action) if text(part.get("status")) == "IN_PROGRESS"]
    return Outcome(said=Said.REFUSED, why=Why.REFUSED_BY_WAREHOUSE) if busy else None


def _has_left(order: Json, action: Action) -> bool:
    """Fewer units are left to be sent than the claim is about."""
    left: dict[str, int] = {}
    for part in _with_our_lines(order, action):
        for line in objects(mapping(part.get("lineItems")).get("nodes")):
            name = text(mapping(line.get("lineItem")).get("id")).rpartition("/")[2]
            left[name] = left.get(name, 0) + int(line.get("remainingQuantity") or 0)
    return any(left.get(line, 0) < units for line, units in action.units if line)


def _with_our_lines(order: Json, action: Action) -> list[dict[str, Any]]:
    wanted = {line for line, _ in action.units}
    parts = objects(mapping(order.get("fulfillmentOrders")).get("nodes"))
    return [
        part
        for part in parts
        if text(part.get("status")) in _HERE | {"IN_PROGRESS"}
        and wanted
        & {
            text(mapping(line.get("lineItem")).get("id")).rpartition("/")[2]
            for line in objects(mapping(part.get("lineItems")).get("nodes"))
        }
    ]


def _ours(order: Json, action: Action) -> list[dict[str, Any]]:
    return [part for part in _with_our_lines(order, action) if text(part.get("status")) in _HERE]


def _our_hold(part: Json, action: Action) -> str:
    """The shop's id of our hold; "" without one."""
    holds = objects(part.get("fulfillmentHolds"))
    return next((text(hold.get("id")) for hold in holds if text(hold.get("handle")) == action.key), "")


async def _is_held(action: Action) -> bool:
    parts = _ours(await _order(action), action)
    return bool(parts) and all(_our_hold(part, action) for part in parts)


async def _let_go(order: Json, action: Action) -> None:
    for part in objects(mapping(order.get("fulfillmentOrders")).get("nodes")):
        if hold := _our_hold(part, action):
            await execute(_account(action), _RELEASE, {"id": text(part.get("id")), "holds": [hold]})


def _errors(answer: Json, name: str = "userErrors") -> str:
    errors = objects(answer.get(name))
    return sentence(errors[0].get("message")) if errors else ""


def _goes_there(order: Json, action: Action) -> bool:
    shown, wanted = mapping(order.get("shippingAddress")), address_for(action, _ADDRESS)
    here = [text(shown.get(name)) for name in ("address1", "city", "countryCodeV2")]
    return here == [wanted.get(name, "") for name in ("address1", "city", "countryCode")]


def _account(action: Action) -> Account:
    return Account(gateway="shopify", address=action.base, credentials=action.credentials)


def _gid(action: Action) -> str:
    return f"gid://shopify/Order/{identifier(action.order_source_id)}"
