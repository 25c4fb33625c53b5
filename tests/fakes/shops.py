"""Every shop that can be asked for its orders: its twin, how to connect to it, and an order as it has it at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.gateways.generic_feed import GenericFeed
from app.gateways.magento_feed import MagentoFeed
from app.gateways.woocommerce_feed import WooCommerceFeed
from tests.fakes import generic, magento, woocommerce
from tests.fakes.generic import FakeGeneric
from tests.fakes.magento import FakeMagento
from tests.fakes.woocommerce import FakeWooCommerce

Body = dict[str, Any]
Feed = WooCommerceFeed | MagentoFeed | GenericFeed
Fake = FakeWooCommerce | FakeMagento | FakeGeneric

PLATFORMS = ("woocommerce", "magento", "generic")
STATES = ("placed", "paid", "shipped", "refunded")  # an order's life in steps that every platform can tell


@dataclass(frozen=True, slots=True)
class Twin:
    """A shop's twin with its feed."""

    fake: Fake
    path: str
    credentials: Mapping[str, str]

    def feed(self, page: int = 3) -> Feed:
        address = self.fake.address + self.path
        if isinstance(self.fake, FakeWooCommerce):
            return WooCommerceFeed(address, self.credentials, page=page)
        if isinstance(self.fake, FakeMagento):
            return MagentoFeed(address, self.credentials, page=page)
        return GenericFeed(address, self.credentials, page=page)


def a_twin(platform: str) -> Twin:
    if platform == "woocommerce":
        return Twin(FakeWooCommerce(), "", {"consumer_key": woocommerce.KEY, "consumer_secret": woocommerce.SECRET})
    if platform == "magento":
        return Twin(FakeMagento(), "", {"access_token": magento.TOKEN})
    return Twin(FakeGeneric(), "/wismo/orders", {"token": generic.TOKEN})


def an_order(platform: str, number: int, at: datetime, state: str = "placed", placed: datetime | None = None) -> Body:
    """The whole order `number` as the shop has it in `state`, changed at `at`."""
    return {"woocommerce": _woocommerce, "magento": _magento, "generic": _generic}[platform](
        number, at, STATES.index(state), placed or at
    )


def changed(platform: str, order: Body, at: datetime) -> Body:
    """The same order, saved again at `at`."""
    field = {"woocommerce": "date_modified_gmt", "magento": "updated_at", "generic": "updated_at"}[platform]
    return order | {field: _time(platform, at)}


def _time(platform: str, at: datetime) -> str:
    return at.strftime({"woocommerce": "%Y-%m-%dT%H:%M:%S", "magento": "%Y-%m-%d %H:%M:%S"}.get(platform, "%FT%TZ"))


def _woocommerce(number: int, at: datetime, step: int, placed: datetime) -> Body:
    paid = _time("woocommerce", placed) if step else None
    parcel = {"tracking_id": f"t{number}", "tracking_number": f"1Z{number}", "tracking_provider": "UPS"}
    return {
        "id": number,
        "number": str(number),
        "status": ("pending", "processing", "completed", "refunded")[step],
        "currency": "EUR",
        "date_created_gmt": _time("woocommerce", placed),
        "date_modified_gmt": _time("woocommerce", at),
        "date_paid_gmt": paid,
        "date_completed_gmt": _time("woocommerce", at) if step > 1 else None,
        "total": "29.35",
        "payment_method": "stripe",
        "transaction_id": f"pi_{number}" if step else "",
        "billing": {"first_name": "Ines", "last_name": "Marlow", "email": f"c{number}@shop.example"},
        "line_items": [{"id": number * 10, "name": "Lamp", "quantity": 2, "subtotal": "20.00", "total": "18.00"}],
        "meta_data": [{"key": "_wc_shipment_tracking_items", "value": [parcel]}] if step > 1 else [],
        "refunds": [{"id": number * 10 + 1, "reason": "", "total": "-29.35"}] if step > 2 else [],
    }


def _magento(number: int, at: datetime, step: int, placed: datetime) -> Body:
    track = {"entity_id": number, "title": "UPS", "track_number": f"1Z{number}"}
    shipment = {
        "entity_id": number + 5000,
        "order_id": number,
        "created_at": _time("magento", at),
        "updated_at": _time("magento", at),
        "items": [{"order_item_id": number * 10, "qty": 2}],
        "tracks": [track],
    }
    item = {"item_id": number * 10, "name": "Lamp", "sku": "L", "qty_ordered": 2, "price": 14.675}
    return {
        "entity_id": number,
        "increment_id": f"{number:09d}",
        "state": ("pending_payment", "processing", "complete", "closed")[step],
        "status": ("pending_payment", "processing", "complete", "closed")[step],
        "order_currency_code": "EUR",
        "created_at": _time("magento", placed),
        "updated_at": _time("magento", at),
        "customer_email": f"c{number}@shop.example",
        "grand_total": 29.35,
        "total_paid": 29.35 if step else 0,
        "total_refunded": 29.35 if step > 2 else None,
        "payment": {"method": "braintree", "last_trans_id": f"t{number}" if step else None},
        "items": [item | {"qty_shipped": 2 if step > 1 else 0, "qty_refunded": 2 if step > 2 else 0}],
        **({"extension_attributes": {"shipments": [shipment]}} if step > 1 else {}),
    }


def _generic(number: int, at: datetime, step: int, placed: datetime) -> Body:
    parcel = {"id": f"p{number}", "carrier": "UPS", "tracking_number": f"1Z{number}", "shipped": True}
    return {
        "id": f"o{number}",
        "number": str(number),
        "updated_at": _time("generic", at),
        "placed_at": _time("generic", placed),
        "currency": "EUR",
        "confirmation": "confirmed" if step else "awaiting",
        "payment": "paid" if step else "pending",
        "paid_at": _time("generic", placed) if step else None,
        "confirmed_at": _time("generic", placed) if step else None,
        "customer": {"name": "Ines Marlow", "email": f"c{number}@shop.example"},
        "totals": {"total": "29.35"},
        "lines": [{"id": f"l{number}", "title": "Lamp", "quantity": 2, "unit_price": "14.00"}],
        "shipments": [parcel | {"lines": [{"line": f"l{number}", "quantity": 2}]}] if step > 1 else [],
        "refunds": [{"id": f"r{number}", "amount": "29.35", "state": "succeeded"}] if step > 2 else [],
    }
