"""Keys of the simulators. Everybody who has the program knows them: only simulated shops may trust them."""

import base64
import json
from functools import cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ALIPAY_APP, ALIPAY_SELLER = "2026000000000001", "2088000000000001"
WECHAT_MERCHANT, WECHAT_SERIAL = "1900000100", "PUB_KEY_ID_SIMULATED"
WECHAT_APIV3_KEY = "simulated-apiv3-key-of-32-bytes!"
# The two primes of an RSA key of 2048 bits, made for this file.
_P = int(
    "e017ca1944934a0f2ccc935df413d40dc88725bfbb546c4abe3783969fa3e7b695c35755f0016ae41656ec2acb664065"
    "d5d91bf59e6d8168c81bd1fb9f1a0df77fd481b78d0e3444a2225bb90ee87f49907745f1faf40766a90ffa6ac8118f53"
    "cc67bfe37fef40673561093a5337f7c7efee9df563fd4d298bf90616b8b732b1",
    16,
)
_Q = int(
    "d93d68d4e856e67965deee88c70489d7563bf7b945f42d39f17c957986caeee2d90d2be9750f71c4ad083ec40e65ecdb"
    "d00fda0c017730417fa55192e0190b38d43b4e1cd73d436dc3820efa780ebff315d3d2fe909f7fb7880cdabcbf0d92c1"
    "69b7e8b32e7a773679b6869eb1c98675959f3d7f6fa4148fe2e9e3c23fcded2f",
    16,
)
_EXPONENT = 65537


@cache
def demo_secrets(shop_key: str) -> dict[str, list[str]]:
    """What a simulated shop has in `Shop.secrets`: one of each kind that a simulator signs with."""
    plain = ("shopify", "woocommerce", "stripe", "aftership", "17track", "kuaidi100", "easypost")
    secrets = {kind: [f"demo-{kind}-secret"] for kind in plain}
    secrets["api"] = ["whsec_" + base64.b64encode(f"demo-secret-of-{shop_key}".encode()).decode()]
    secrets["alipay"] = [json.dumps({"app_id": ALIPAY_APP, "seller_id": ALIPAY_SELLER, "public_key": _public_key()})]
    wechat = {"mchid": WECHAT_MERCHANT, "apiv3_key": WECHAT_APIV3_KEY, "keys": {WECHAT_SERIAL: _public_key()}}
    secrets["wechatpay"] = [json.dumps(wechat)]
    return secrets


def sign_rsa(content: bytes) -> str:
    """RSA-SHA256 (PKCS #1 v1.5) in base64, as Alipay and WeChat Pay sign; the same content, the same signature."""
    return base64.b64encode(_private_key().sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


@cache
def _private_key() -> rsa.RSAPrivateKey:
    private = pow(_EXPONENT, -1, (_P - 1) * (_Q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=_P,
        q=_Q,
        d=private,
        dmp1=rsa.rsa_crt_dmp1(private, _P),
        dmq1=rsa.rsa_crt_dmq1(private, _Q),
        iqmp=rsa.rsa_crt_iqmp(_P, _Q),
        public_numbers=rsa.RSAPublicNumbers(_EXPONENT, _P * _Q),
    )
    return numbers.private_key()


def _public_key() -> str:
    """As Alipay's console shows it: bare base64."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(_private_key().public_key().public_bytes(serialization.Encoding.DER, form)).decode()
