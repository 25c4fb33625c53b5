"""Signing as each platform does; every try is signed anew, for some signatures hold its time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from app.gateways.simulators.keys import WECHAT_SERIAL, sign_rsa
from app.gateways.simulators.wire import GENERIC_PATH, Letter, Wire, name_of
from orders.sources import (
    SOURCES,
    aftership,
    alipay,
    easypost,
    generic,
    kuaidi100,
    seventeen_track,
    shopify,
    stripe,
    woocommerce,
)

_GUESS = "a stranger's guess"
_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_JSON = {"Content-Type": "application/json"}


def sealed(letter: Letter, secrets: Mapping[str, Sequence[str]], sent: datetime, *, forged: bool = False) -> Wire:
    """The request of a try at `sent`, signed with the newest of the shop's secrets; `forged`: by a stranger.

    Raises LookupError when the shop has no secret of this kind.
    """
    secret = _GUESS if forged else secrets[SOURCES[letter.source].SECRETS][0]
    return _SIGNERS[letter.source](letter, secret, int(sent.timestamp()))


def _door(letter: Letter) -> str:
    return f"/webhooks/{letter.source}/{letter.shop}"


def _with_header(name: str, sign: Callable[[str, bytes], str]) -> Callable[[Letter, str, int], Wire]:
    """Platforms whose signature is a header made of the raw body."""

    def signed(letter: Letter, secret: str, _sent: int) -> Wire:
        headers = {**_JSON, **letter.headers, name: sign(secret, letter.body)}
        return Wire(_door(letter), headers, letter.body)

    return signed


def _generic(letter: Letter, secret: str, sent: int) -> Wire:
    name = name_of(letter.source, letter.shop, letter.body)
    headers = {
        **_JSON,
        "X-Wismo-Shop": letter.shop,
        "webhook-id": f"msg_{name}",
        "webhook-timestamp": str(sent),
        "webhook-signature": generic.sign(secret, f"msg_{name}", sent, letter.body),
    }
    return Wire(GENERIC_PATH, headers, letter.body)


def _stripe(letter: Letter, secret: str, sent: int) -> Wire:
    signature = stripe.sign(secret, sent, letter.body)
    return Wire(_door(letter), {**_JSON, "Stripe-Signature": signature}, letter.body)


def _kuaidi100(letter: Letter, salt: str, _sent: int) -> Wire:
    fields = {"sign": kuaidi100.sign(salt, letter.body.decode()), "param": letter.body.decode()}
    return Wire(_door(letter), dict(_FORM), urlencode(fields).encode())


def _alipay(letter: Letter, secret: str, _sent: int) -> Wire:
    fields = dict(parse_qsl(letter.body.decode(), keep_blank_values=True))
    content = alipay.signed_content(fields) + (_GUESS if secret == _GUESS else "")
    body = urlencode({**fields, "sign": sign_rsa(content.encode()), "sign_type": "RSA2"}).encode()
    return Wire(_door(letter), dict(_FORM), body)


def _wechatpay(letter: Letter, secret: str, sent: int) -> Wire:
    nonce = name_of(letter.body, sent)
    content = f"{sent}\n{nonce}\n".encode() + letter.body + b"\n" + (_GUESS.encode() if secret == _GUESS else b"")
    headers = {
        **_JSON,
        "Wechatpay-Timestamp": str(sent),
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": WECHAT_SERIAL,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Wechatpay-Signature": sign_rsa(content),
    }
    return Wire(_door(letter), headers, letter.body)


_SIGNERS: Mapping[str, Callable[[Letter, str, int], Wire]] = {
    "shopify": _with_header("X-Shopify-Hmac-SHA256", shopify.sign),
    "woocommerce": _with_header("X-WC-Webhook-Signature", woocommerce.sign),
    "generic": _generic,
    "stripe": _stripe,
    "alipay": _alipay,
    "wechatpay": _wechatpay,
    "aftership": _with_header("aftership-hmac-sha256", aftership.sign),
    "17track": _with_header("sign", seventeen_track.sign),
    "easypost": _with_header("X-Hmac-Signature", easypost.sign),
    "kuaidi100": _kuaidi100,
}
