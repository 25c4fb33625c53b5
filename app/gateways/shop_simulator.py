"""The demo shops do what they are told: their warehouse stops, cancels and readdresses what has not left."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from zlib import crc32

from app.gateways.simulators.backroom import Desk, at_shop
from app.gateways.simulators.lives import KEPT, Told
from app.gateways.simulators.order import SimOrder, SimRefund
from core.shops import Shop
from orders.claims.rules import Why
from orders.claims.shop_actions import Action, Outcome, Said, Stands
from orders.facts import Address
from orders.models import Order


class SimulatedShop:
    """See ShopActions. What was told under a key is not kept: the order itself says whether it happened."""

    async def hold(self, action: Action) -> Outcome:
        async with await _backroom(action) as desk:
            if (no := _refusal(desk.order, action)) is not None:
                return no
            if KEPT not in desk.order.holds:
                desk.order.holds.append(KEPT)
                await desk.tell([Told("orders/updated")], desk.at)
        return Outcome(said=Said.DONE, reference=f"hold_{action.order_source_id}")

    async def release(self, action: Action) -> Outcome:
        async with await _backroom(action) as desk:
            if desk.order.cancelled_at:
                return Outcome(said=Said.REFUSED, why=Why.CANCELLED_AT_SHOP)
            if KEPT in desk.order.holds:
                desk.order.holds.remove(KEPT)
                await desk.tell([Told("orders/updated")], desk.at)
        return Outcome(said=Said.DONE)

    async def cancel(self, action: Action) -> Outcome:
        async with await _backroom(action) as desk:
            order = desk.order
            if order.cancelled_at:
                return Outcome(said=Said.DONE)
            if (no := _refusal(order, action)) is not None:
                return no
            _let_go(order)
            if action.whole:
                order.cancelled_at, order.cancel_reason = desk.at, action.reason or "customer"
                await desk.tell([Told("orders/cancelled")], desk.at)
            else:
                await desk.tell(_take_off(order, action, desk.at), desk.at)
        return Outcome(said=Said.DONE)

    async def change_address(self, action: Action) -> Outcome:
        async with await _backroom(action) as desk:
            if desk.order.cancelled_at:
                return Outcome(said=Said.REFUSED, why=Why.ALREADY_CANCELLED)
            if (no := _refusal(desk.order, action)) is not None:
                return no
            _let_go(desk.order)
            desk.order.address = Address.model_validate(action.address_to)
            await desk.tell([Told("orders/updated")], desk.at)
        return Outcome(said=Said.DONE)

    async def look_up(self, action: Action) -> Stands:
        async with await _backroom(action) as desk:
            if desk.order.cancelled_at:
                return Stands.CANCELLED
            if _has_left(desk.order, action):
                return Stands.SHIPPED
            return Stands.HELD if KEPT in desk.order.holds else Stands.OPEN


async def _backroom(action: Action) -> AbstractAsyncContextManager[Desk]:
    """The order at its shop. The platform of the action is the simulator, whatever the shop speaks."""
    shop = await Shop.get(id=action.shop_id)
    order = await Order.get(shop_id=shop.id, source=shop.platform, source_id=action.order_source_id)
    return at_shop(shop, order.source, order.source_id)


def _refusal(order: SimOrder, action: Action) -> Outcome | None:
    if order.cancelled_at:
        return Outcome(said=Said.REFUSED, why=Why.CANCELLED_AT_SHOP)
    return Outcome(said=Said.REFUSED, why=Why.HANDED_OVER) if _has_left(order, action) else None


def _has_left(order: SimOrder, action: Action) -> bool:
    """A parcel of these units has left the warehouse, or lies there with a label and counts as sent."""
    wanted = {line for line, _ in action.units}
    return any(wanted & {line for line, _ in parcel.lines} for parcel in order.parcels)


def _take_off(order: SimOrder, action: Action, at: datetime) -> list[Told]:
    """Units come off the order, once for each key, and no money goes back with them."""
    name = f"{order.id}{crc32(action.key.encode()):010d}"
    told = [Told("orders/updated")]
    if all(refund.id != name for refund in order.refunds):
        taken_off = SimRefund(name, 0, "succeeded", at, list(action.units), cancelled=True)
        order.refunds.append(taken_off)
        told.append(Told("refunds/create", taken_off))
    return told


def _let_go(order: SimOrder) -> None:
    if KEPT in order.holds:
        order.holds.remove(KEPT)
