"""The forms of the secrets that platforms hand out, so that a mistake shows when one is stored. Pure."""

import base64
import json
from typing import Any

from core.errors import Invalid
from orders.sources import alipay, kuaidi100, wechatpay
from orders.sources.reading import mapping, text
from orders.sources.rsa import public_key

_APIV3_KEY_BYTES = 32
_IDENTITY_KEY_BYTES = 32


def check_secret(kind: str, secret: str) -> None:
    """Raises Invalid (bad_secret, bad_key) when `secret` can never fit what the platform `kind` sends."""
    if not secret and kind != kuaidi100.SECRETS:  # a salt may be empty, then anybody can sign
        raise Invalid("a secret may not be empty", code="bad_secret")
    if kind == alipay.SECRETS:
        _check_alipay(_document(secret))
    elif kind == wechatpay.SECRETS:
        _check_wechatpay(_document(secret))
    elif kind == "saleor" and secret.startswith("{") and not isinstance(_document(secret).get("keys"), list):
        raise Invalid("a JWKS has a list `keys`", code="bad_secret")
    elif kind == "api" and secret.startswith("whsec_"):
        _check_base64(secret.removeprefix("whsec_"))
    elif kind == "identity" and len(secret.encode()) < _IDENTITY_KEY_BYTES:
        raise Invalid("an identity key has 32 bytes or more (RFC 7518, 3.2)", code="bad_secret")


def _check_alipay(secret: dict[str, Any]) -> None:
    if not text(secret.get("app_id")):
        raise Invalid("`app_id` is missing", code="bad_secret")
    public_key(text(secret.get("public_key")))


def _check_wechatpay(secret: dict[str, Any]) -> None:
    if len(text(secret.get("apiv3_key")).encode()) != _APIV3_KEY_BYTES:
        raise Invalid("`apiv3_key` has 32 bytes", code="bad_secret")
    keys = mapping(secret.get("keys"))
    if not keys:
        raise Invalid("`keys` names each serial number with its public key or certificate", code="bad_secret")
    for key in keys.values():
        public_key(text(key))


def _document(secret: str) -> dict[str, Any]:
    try:
        found = json.loads(secret)
    except (ValueError, RecursionError) as error:
        raise Invalid("this secret is a JSON object", code="bad_secret") from error
    if not isinstance(found, dict):
        raise Invalid("this secret is a JSON object", code="bad_secret")
    return found


def _check_base64(key: str) -> None:
    try:
        base64.b64decode(key, validate=True)
    except ValueError as error:
        raise Invalid("after whsec_ comes base64", code="bad_secret") from error
