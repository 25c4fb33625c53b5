"""微信支付 API v3's notifications (pay.weixin.qq.com/doc/v3): signature, decryption, duplicate key. Pure.

RSA-SHA256 over time, nonce and body with the platform certificate or public key named by `Wechatpay-Serial`; what
happened is encrypted with the APIv3 key (AES-256-GCM). The secret is JSON: `apiv3_key`, `keys` (serial → PEM), `mchid`.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import Invalid, Malformed, Unauthenticated
from orders.sources.reading import Delivery, Reading, load, mapping, text, when
from orders.sources.rsa import fits
from orders.sources.wechatpay_resources import read_combined, read_refund, read_transaction

NAME = "wechatpay"
SECRETS = "wechatpay"
TOLERANCE = timedelta(minutes=5)
SCHEME = "WECHATPAY2-SHA256-RSA2048"
_OPEN = ("out_trade_no", "combine_out_trade_no", "transaction_id")
_MERCHANTS = ("mchid", "sp_mchid", "combine_mchid")


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Check the signature with the key of that serial number. Raises Unauthenticated(bad_signature), also when the
    timestamp is more than five minutes off. WeChat's own probes (`WECHATPAY/SIGNTEST/…`) must fail, and do.
    """
    sent, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
    serial, given = headers.get("wechatpay-serial", ""), headers.get("wechatpay-signature", "")
    content = f"{sent}\n{nonce}\n".encode() + body + b"\n"
    keys = [text(mapping(_config(secret).get("keys")).get(serial)) for secret in secrets[:4]]
    is_good = any(fits(key, given, content) for key in keys if key)
    if not is_good or headers.get("wechatpay-signature-type", SCHEME) != SCHEME or not _is_fresh(sent, now):
        raise Unauthenticated("the signature does not fit the body", code="bad_signature")


def topic(_headers: Mapping[str, str]) -> str:
    return "notify"


def delivery_key(_headers: Mapping[str, str], body: bytes) -> str:
    """The notification's id, which is the same in every try."""
    try:
        name = text(load(body).get("id"))
    except Malformed:
        name = ""
    return name if 0 < len(name) <= 190 else hashlib.sha256(body).hexdigest()


def order_reference(_topic: str, _body: bytes) -> str | None:
    """What a notification is about is encrypted."""
    return None


def read(delivery: Delivery) -> Reading:
    """Read a notification. Raises Malformed or Invalid, also when no APIv3 key of the shop opens it."""
    event = load(delivery.body)
    kind, resource = text(event.get("event_type")), mapping(event.get("resource"))
    if not kind.startswith(("TRANSACTION.", "REFUND.")):
        return Reading(ignored=f"{kind[:60] or 'a notification'} is not about an order's money")
    config, found = _opened(delivery.secrets, resource)
    merchants = {text(found.get(name)) for name in _MERCHANTS} - {""}
    if text(config.get("mchid")) and merchants and text(config["mchid"]) not in merchants:
        raise Invalid("another merchant's money", code="not_ours")
    created = when(event.get("create_time"), "Asia/Shanghai") or delivery.received_at
    if kind.startswith("REFUND."):
        return Reading(orders=read_refund(delivery, found, kind, created))
    if "sub_orders" in found:
        return Reading(orders=read_combined(delivery, found, created))
    return Reading(orders=read_transaction(delivery, found, created))


def _opened(secrets: Sequence[str], resource: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Decrypt with the first key that fits; a query's answer is open already. Raises Invalid(cannot_decrypt)."""
    if "ciphertext" not in resource and any(text(resource.get(name)) for name in _OPEN):
        return {}, resource
    if text(resource.get("algorithm")) != "AEAD_AES_256_GCM":
        raise Invalid("an algorithm that WeChat Pay does not use", code="cannot_decrypt")
    try:
        sealed = base64.b64decode(text(resource.get("ciphertext")), validate=True)
    except ValueError as error:
        raise Malformed("the ciphertext is not base64", code="bad_json") from error
    nonce, extra = text(resource.get("nonce")).encode(), text(resource.get("associated_data")).encode()
    for config in map(_config, secrets):
        try:
            plain = AESGCM(text(config.get("apiv3_key")).encode()).decrypt(nonce, sealed, extra)
        except (InvalidTag, ValueError):
            continue
        return config, load(plain)
    raise Invalid("no APIv3 key of this shop opens it", code="cannot_decrypt")


def _config(secret: str) -> dict[str, Any]:
    try:
        return mapping(json.loads(secret))
    except ValueError:
        return {}


def _is_fresh(sent: str, now: datetime) -> bool:
    digits = sent.isascii() and sent.isdigit() and len(sent) <= 12
    return digits and abs(now.timestamp() - int(sent)) <= TOLERANCE.total_seconds()
