"""One file per platform: bytes in, facts out. Pure: no database, no clock, no network."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from orders.sources import (
    aftership,
    alipay,
    easypost,
    generic,
    jd,
    kuaidi100,
    magento,
    saleor,
    seventeen_track,
    shopify,
    stock_feed,
    stripe,
    taobao,
    wechatpay,
    woocommerce,
)
from orders.sources.reading import Delivery, Reading


class Source(Protocol):
    """What a platform's module offers."""

    NAME: str
    SECRETS: str  # the name of its secrets in Shop.secrets

    def verify(self, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, _now: datetime, /) -> None: ...
    def topic(self, headers: Mapping[str, str], /) -> str: ...
    def delivery_key(self, headers: Mapping[str, str], body: bytes, /) -> str: ...
    def order_reference(self, topic: str, body: bytes, /) -> str | None: ...
    def read(self, delivery: Delivery, /) -> Reading: ...


PLATFORMS = ("shopify", "woocommerce", "magento", "saleor", "taobao", "jd", "generic")  # where orders are placed
SOURCES: dict[str, Source] = {
    "shopify": shopify,
    "woocommerce": woocommerce,
    "magento": magento,
    "saleor": saleor,
    "taobao": taobao,
    "jd": jd,
    "generic": generic,
    "stock": stock_feed,  # what lies where, not what was ordered
    # these know a payment or a parcel, not the order: see orders/handles.py
    "stripe": stripe,
    "alipay": alipay,
    "wechatpay": wechatpay,
    "aftership": aftership,
    "17track": seventeen_track,
    "kuaidi100": kuaidi100,
    "easypost": easypost,
}
