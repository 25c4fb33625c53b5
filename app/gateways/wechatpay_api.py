"""微信支付 API v3: requests signed with the merchant's key, answers that are believed only with WeChat Pay's signature.

pay.weixin.qq.com/doc/v3/merchant/4012365342 (signing) and 4013053249 (verifying).
"""

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from app.gateways.payment_http import Reply, Unanswered, ask, base_of, credential
from core.clock import now
from core.errors import Invalid, Unauthenticated
from orders.refunds.gateway import Account
from orders.sources.rsa import signed
from orders.sources.wechatpay import SCHEME, verify

ADDRESS: Final = "https://api.mch.weixin.qq.com"
_AGAIN = timedelta(minutes=15)
_PUBLIC_KEY = "PUB_KEY_ID_"


async def call(account: Account, method: str, path: str, document: Mapping[str, Any] | None = None) -> Reply:
    """One request, `path` with its query. The answer is verified if it is a success (2xx) or a refusal that counts
    (4xx with a signature). Raises Unanswered.
    """
    body = b"" if document is None else json.dumps(document, ensure_ascii=False).encode()
    reply = await ask(
        method,
        base_of(account.address, ADDRESS) + path,
        headers=request_headers(account, method, path, body),
        content=body,
    )
    if reply.status // 100 == 2 or is_signed(reply):
        _check(account, reply)
    return reply


def is_signed(reply: Reply) -> bool:
    """Whether an answer that `call` returned is WeChat Pay's own word, and not that of a proxy in between."""
    return "wechatpay-signature" in reply.headers


def request_headers(account: Account, method: str, path: str, body: bytes = b"") -> dict[str, str]:
    """The headers of a signed request. Raises Unanswered (credentials_missing, bad_key)."""
    given = account.credentials
    sent, nonce = str(int(now().timestamp())), secrets.token_hex(16)
    content = f"{method}\n{path}\n{sent}\n{nonce}\n".encode() + body + b"\n"
    try:
        signature = signed(credential(given, "private_key"), content)
    except Invalid as error:
        raise Unanswered("bad_key", "the account's private key cannot be read", _AGAIN) from error
    fields = {
        "mchid": credential(given, "mchid"),
        "nonce_str": nonce,
        "signature": signature,
        "timestamp": sent,
        "serial_no": credential(given, "serial_no"),
    }
    headers = {"authorization": SCHEME + " " + ",".join(f'{name}="{value}"' for name, value in fields.items())}
    wished = next((serial for serial in _keys(account) if serial.startswith(_PUBLIC_KEY)), "")
    if wished:
        headers["wechatpay-serial"] = wished  # answer with the public key instead of a platform certificate
    return {**headers, "content-type": "application/json"}


def _check(account: Account, reply: Reply) -> None:
    """Raises Unanswered(bad_signature): a stranger's answer says nothing about money."""
    headers = {name.lower(): value for name, value in reply.headers.items()}
    try:
        verify([json.dumps({"keys": _keys(account)})], headers, reply.body, now())
    except Unauthenticated as error:
        raise Unanswered("bad_signature", "an answer that WeChat Pay has not signed") from error


def _keys(account: Account) -> Mapping[str, str]:
    found = account.credentials.get("keys")
    if not isinstance(found, dict) or not found:
        raise Unanswered("credentials_missing", "the account has no keys of WeChat Pay", _AGAIN)
    return found
