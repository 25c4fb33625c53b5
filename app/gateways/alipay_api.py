"""支付宝's open platform: requests signed with RSA2, and answers that are believed only with Alipay's signature.

The signature of an answer is over the very characters of its `…_response` object (opendocs.alipay.com, 自行实现验签).
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx2

from app.gateways.payment_http import Reply, Unanswered, ask, base_of, credential, passing
from core.clock import now
from core.errors import Invalid
from orders.refunds.gateway import Account
from orders.sources.reading import mapping, text
from orders.sources.rsa import fits, signed

ADDRESS: Final = "https://openapi.alipay.com"
BEIJING: Final = ZoneInfo("Asia/Shanghai")
DONE: Final = "10000"
_CERTIFICATES = ("app_cert_sn", "alipay_root_cert_sn")  # for apps that use certificates instead of bare keys
_AGAIN = timedelta(minutes=15)
_FORM = "application/x-www-form-urlencoded; charset=utf-8"


async def call(account: Account, method: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The `…_response` of an API method, whatever its code. Raises Unanswered, also when nobody has signed it."""
    fields = _signed(account, method, content)
    reply = await ask(
        "POST",
        base_of(account.address, ADDRESS) + "/gateway.do",
        params=(("charset", "utf-8"),),
        headers={"content-type": _FORM},
        content=urlencode(fields).encode(),
    )
    if reply.status != httpx2.codes.OK:
        trouble = passing(reply)
        raise Unanswered(f"http_{reply.status}", f"status {reply.status}", trouble.retry_after if trouble else None)
    name = f"{method.replace('.', '_')}_response"
    answer = _verified(reply, name, credential(account.credentials, "public_key"))
    if text(answer.get("code")) == "40002" and "sign" in text(answer.get("sub_code")):
        raise Unanswered("credentials_refused", text(answer.get("sub_code")), _AGAIN)
    return answer


def signed_request(fields: Mapping[str, str], private_key: str) -> dict[str, str]:
    """The fields with their signature. Other than in notifications `sign_type` is signed, and empty ones are left out.

    Raises Invalid(bad_key).
    """
    sent = {name: value for name, value in fields.items() if value}
    content = "&".join(f"{name}={sent[name]}" for name in sorted(sent))
    return {**sent, "sign": signed(private_key, content.encode())}


def _signed(account: Account, method: str, content: Mapping[str, Any]) -> dict[str, str]:
    given = account.credentials
    fields = {
        "app_id": credential(given, "app_id"),
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": now().astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
        "version": "1.0",
        "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        **{name: text(given.get(name)) for name in _CERTIFICATES},
    }
    try:
        return signed_request(fields, credential(given, "private_key"))
    except Invalid as error:
        raise Unanswered("bad_key", "the account's private key cannot be read", _AGAIN) from error


def _verified(reply: Reply, name: str, public_key: str) -> dict[str, Any]:
    """The answer's inner object, if Alipay has signed it as it stands there. Raises Unanswered."""
    whole = reply.document()
    if name not in whole:  # the gateway could not even tell which app asks: such answers are not signed
        refused = mapping(whole.get("error_response"))
        raise Unanswered("refused", text(refused.get("sub_code")) or "an answer to something else", _AGAIN)
    source = _as_it_stands(reply.body.decode("utf-8", "replace"), name)
    if not source or not fits(public_key, text(whole.get("sign")), source.encode()):
        raise Unanswered("bad_signature", "an answer that Alipay has not signed")
    return mapping(whole[name])


def _as_it_stands(body: str, name: str) -> str:
    """The characters of the object called `name` in `body`; "" when it is not there once."""
    label = f'"{name}":'
    if body.count(label) != 1:
        return ""
    start = body.index(label) + len(label)
    while body[start : start + 1].isspace():
        start += 1
    try:
        _, end = json.JSONDecoder().raw_decode(body, start)
    except (ValueError, RecursionError):
        return ""
    return body[start:end]
