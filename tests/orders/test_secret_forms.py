"""Secrets are checked for their form when they are stored, not when the first delivery is refused."""

import json

import pytest

from core.errors import Invalid
from orders.sources.secret_forms import check_secret
from tests.orders.deliveries import SAMPLES

WECHAT = json.loads((SAMPLES / "wechatpay" / "notify_vector_sdk.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("alipay", "MIIBIjANBg"),
        ("alipay", "[]"),
        ("alipay", '{"public_key": "x"}'),
        ("alipay", '{"app_id": "2021", "public_key": "x"}'),
        ("wechatpay", "{"),
        ("wechatpay", '{"apiv3_key": "short", "keys": {}}'),
        ("wechatpay", json.dumps({"apiv3_key": "x" * 32})),
        ("wechatpay", json.dumps({"apiv3_key": "x" * 32, "keys": {"7132": "no key"}})),
        ("saleor", '{"kty": "RSA"}'),
        ("api", "whsec_?"),
        ("shopify", ""),
    ],
)
def test_a_secret_that_can_never_fit_is_refused(kind: str, secret: str) -> None:
    with pytest.raises(Invalid):
        check_secret(kind, secret)


@pytest.mark.parametrize(("kind", "secret"), [("kuaidi100", ""), ("shopify", "x"), ("api", "own"), ("saleor", "old")])
def test_others_are_taken_as_they_are(kind: str, secret: str) -> None:
    check_secret(kind, secret)


def test_the_vendors_own_keys_are_taken() -> None:
    certificate = WECHAT["certificate_pem"]
    check_secret("wechatpay", json.dumps({"apiv3_key": "x" * 32, "keys": {"7132": certificate}}))
    check_secret("alipay", json.dumps({"app_id": "2021", "public_key": certificate}))
