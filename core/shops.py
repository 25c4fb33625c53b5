"""A shop: whose orders, whose customers, which languages and hours, and the secrets it signs with."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field, public_id_field


class Shop(Model):
    """One online shop that this desk serves."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # shp_…
    key = fields.CharField(max_length=64, unique=True)  # public: names the shop in the script tag and in webhook addresses
    name = fields.CharField(max_length=200)
    platform = code_field(default="generic")
    language = fields.CharField(max_length=8, default="en")
    timezone = fields.CharField(max_length=64, default="UTC")
    country = fields.CharField(max_length=2, default="US")
    currency = fields.CharField(max_length=3, default="USD")
    mail_address = fields.CharField(max_length=254)
    page_url = fields.CharField(max_length=500)
    origins: Any = fields.JSONField(default=list)  # web origins that may embed the widget
    secrets: Any = fields.JSONField(default=dict)  # {"shopify": […], "api": […]}: newest first, old ones while rotating
    hours: Any = fields.JSONField(default=dict)  # {"mon": [["09:00", "18:00"]], …} in the shop's time zone; missing day = closed
    demo = fields.BooleanField(default=False)  # simulated: its orders move by themselves
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "shop"
