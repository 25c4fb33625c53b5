"""The tables of stock: what sources call a thing, how much of it lies where, and which open lines it does not reach."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field
from core.shops import Shop
from orders.models import Order, OrderLine


class StockItem(Model):
    """One thing as one source names it, with everything that source has said of it (`orders.stock.facts`).

    It may have no SKU yet: a figure that comes before its item is known waits here.
    """

    id = fields.BigIntField(primary_key=True)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="stock_items")
    shop_id: int
    source = code_field()
    ref = fields.CharField(max_length=120)  # Shopify's inventory item, WooCommerce's product; else the SKU itself
    parent = fields.CharField(max_length=120, default="")  # the product whose list of variants says whether it is sold
    sku = fields.CharField(max_length=120, default="")
    gone = fields.BooleanField(default=False)  # by this source's word, its product's included
    facts: Any = fields.JSONField(default=dict)
    updated_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "stock_item"
        unique_together = (("shop_id", "source", "ref"),)
        indexes = (Index(fields=("shop_id", "sku")), Index(fields=("shop_id", "source", "parent")))


class StockLevel(Model):
    """How much of an item lies at one place. `available` is what is left after open orders, `on_hand` includes them."""

    id = fields.BigIntField(primary_key=True)
    item: fields.ForeignKeyRelation[StockItem] = fields.ForeignKeyField("wismo.StockItem", related_name="levels")
    item_id: int
    location = fields.CharField(max_length=120, default="")
    quantity = fields.IntField()  # below zero: sold more than there was
    counts = code_field()  # on_hand · available
    source_updated_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "stock_level"
        unique_together = (("item_id", "location"),)


class StockPosition(Model):
    """One SKU of a shop: what there is, what open orders want, and how far it reaches. Derived; recomputed by a job."""

    id = fields.BigIntField(primary_key=True)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="stock_positions")
    shop_id: int
    sku = fields.CharField(max_length=120)
    sku_key = fields.CharField(max_length=120, default="")  # core.text.reference(sku)
    title = fields.CharField(max_length=500, default="")
    on_hand = fields.IntField(null=True)  # sums over the places that count; None: nobody has told
    available = fields.IntField(null=True)
    backorderable = fields.BooleanField(default=False)
    gone = fields.BooleanField(default=False)  # for good
    restock_eta = UtcDatetimeField(null=True)
    demand = fields.IntField(default=0)  # open units
    short = fields.IntField(default=0)  # of them, those that stock does not reach
    orders_short = fields.IntField(default=0)
    first_short_at = UtcDatetimeField(null=True)  # None: everything is covered
    as_of = UtcDatetimeField(null=True)  # the newest figure's own time
    computed_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "stock_position"
        unique_together = (("shop_id", "sku"),)
        indexes = (Index(fields=("shop_id", "first_short_at", "id")), Index(fields=("shop_id", "sku_key")))


class Shortage(Model):
    """Units of one open line that stock does not reach. Written by `orders.stock.intake` alone; no row: covered."""

    id = fields.BigIntField(primary_key=True)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="shortages")
    shop_id: int
    sku = fields.CharField(max_length=120)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="shortages")
    order_id: int
    line: fields.OneToOneRelation[OrderLine] = fields.OneToOneField("wismo.OrderLine", related_name="shortage")
    line_id: int
    units = fields.IntField()
    backorderable = fields.BooleanField(default=False)  # the shop sells beyond its stock on purpose
    gone = fields.BooleanField(default=False)
    restock_eta = UtcDatetimeField(null=True)
    since = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "stock_shortage"
        indexes = (Index(fields=("shop_id", "sku")), Index(fields=("order_id",)))
