"""快递100's pushes (api.kuaidi100.com/document, 快递信息推送服务). Pure.

A form: `param` is JSON text, `sign` the MD5 of that text and the salt of the subscription. Each push carries the whole
trace, newest first, in Beijing time; so scans are a set, and the newest of them says how fresh a push is.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.errors import Invalid, Malformed, Unauthenticated
from orders.facts import Version
from orders.handles import tracking
from orders.sources.forms import fields_of
from orders.sources.reading import Delivery, Reading, load, mapping, objects, offset_of, text, when
from orders.sources.tracing import Scan, parcel_facts, place, stated
from orders.statuses import ParcelState

NAME = "kuaidi100"
SECRETS = "kuaidi100"
ACCEPTED = {"result": True, "returnCode": "200", "message": "成功"}
_ZONE = "Asia/Shanghai"
_NO_DATA = "3天"  # the push ends because the carrier has known nothing for three days
_NOTHING_MOVED = "60天"  # the push ends because nothing has moved for 60 days

_BY_STATE: Mapping[ParcelState, str] = {
    ParcelState.INFO_RECEIVED: "101 102",
    ParcelState.IN_TRANSIT: "0 1 7 8 10 11 12 103 1001 1002 1003",
    ParcelState.OUT_FOR_DELIVERY: "5",
    ParcelState.AVAILABLE_FOR_PICKUP: "501",
    ParcelState.DELIVERED: "3 301 302 303 304",
    ParcelState.FAILED_ATTEMPT: "204 206",
    ParcelState.EXCEPTION: "2 13 14 201 202 203 205 207 208 209 210 401",
    ParcelState.RETURNING: "6",
    ParcelState.RETURNED: "4",
}
# The words of `status` in entries that have no code (a subscription without resultv2=4)
WORDS: Mapping[str, ParcelState] = {
    "下单": ParcelState.INFO_RECEIVED,
    "待揽收": ParcelState.INFO_RECEIVED,
    "揽收": ParcelState.IN_TRANSIT,
    "在途": ParcelState.IN_TRANSIT,
    "转投": ParcelState.IN_TRANSIT,
    "清关": ParcelState.IN_TRANSIT,
    "派件": ParcelState.OUT_FOR_DELIVERY,
    "签收": ParcelState.DELIVERED,
    "疑难": ParcelState.EXCEPTION,
    "拒签": ParcelState.EXCEPTION,
    "退回": ParcelState.RETURNING,
    "退签": ParcelState.RETURNED,
}
CODES: Mapping[str, ParcelState] = {code: state for state, codes in _BY_STATE.items() for code in codes.split()}


def verify(secrets: Sequence[str], _headers: Mapping[str, str], body: bytes, _now: datetime) -> None:
    """Check the digest of `param` with each salt; the case of the digest does not matter.

    A salt may be empty, but then anybody can sign. Raises Unauthenticated(bad_signature), also without a signature.
    """
    try:
        fields = fields_of(body)
    except Malformed:
        fields = {}
    given = fields.get("sign", "").strip().upper().encode()
    matches = [hmac.compare_digest(given, sign(salt, fields.get("param", "")).encode()) for salt in secrets[:4]]
    if not any(matches) or not given:
        raise Unauthenticated("the signature does not fit the body", code="bad_signature")


def sign(salt: str, param: str) -> str:
    """The value of the field `sign`."""
    return hashlib.md5((param + salt).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().upper()


def topic(_headers: Mapping[str, str]) -> str:
    return "trace"


def delivery_key(_headers: Mapping[str, str], body: bytes) -> str:
    """Pushes have no id: the same trace is the same push."""
    try:
        param = fields_of(body).get("param", "").encode("utf-8", "surrogatepass")
    except Malformed:
        param = body
    return hashlib.sha256(param).hexdigest()


def order_reference(_topic: str, body: bytes) -> str | None:
    """The parcel's handle: deliveries about it are folded one after the other."""
    try:
        handle = tracking(text(_result(_param(body)).get("nu")))
    except Malformed:
        return None
    return str(handle) if handle else None


def read(delivery: Delivery) -> Reading:
    """Read a push. Raises Malformed or Invalid when it can never be read."""
    param = _param(delivery.body)
    result = _result(param)
    if not text(result.get("nu")):
        return Reading(ignored=f"{text(param.get('status'))[:40] or 'a push'} without a parcel")
    warnings: list[str] = []
    entries = [*objects(result.get("data")), *objects(mapping(param.get("destResult")).get("data"))]
    scans = [scan for entry in entries if (scan := _scan(delivery, entry, warnings)) is not None]
    newest = max((scan.at for scan in scans), default=None)
    version = Version(newest or delivery.received_at, f"{len(scans):04}", delivery.digest())
    facts = {"carrier": text(param.get("comNew")) or text(result.get("com"))}
    if text(param.get("status")).lower() == "abort":
        version, facts = _ended(delivery, param, facts, version, warnings)
    elif scans:
        code = text(result.get("state"))
        facts |= stated(CODES.get(code), code, _substate(entries, code), warnings)
    facts |= _expected(result)
    return Reading(parcel_facts(delivery, text(result["nu"]), facts, scans, version, warnings=warnings))


def _param(body: bytes) -> dict[str, Any]:
    return load(fields_of(body).get("param", "").encode("utf-8", "surrogatepass"))


def _result(param: dict[str, Any]) -> dict[str, Any]:
    return mapping(param.get("lastResult"))


def _ended(
    delivery: Delivery, param: dict[str, Any], facts: dict[str, Any], version: Version, warnings: list[str]
) -> tuple[Version, dict[str, Any]]:
    """The push ends early. That nothing moved for 60 days is known since now, not since the last scan."""
    message, corrected = text(param.get("message")), text(param.get("comNew"))
    if _NOTHING_MOVED in message:
        facts = facts | {"state": ParcelState.EXPIRED, "substate": "abort", "unknown": {}}
        return Version(delivery.received_at, "", delivery.digest()), facts
    if corrected:
        warnings.append(f"carrier={corrected[:40]} instead of {text(_result(param).get('com'))[:40]}: subscribe again")
    elif _NO_DATA in message and not objects(_result(param).get("data")):
        facts = facts | {"state": ParcelState.PENDING, "substate": "abort", "unknown": {}}
    else:
        warnings.append(f"abort={message[:60]}")
    return version, facts


def _scan(delivery: Delivery, entry: dict[str, Any], warnings: list[str]) -> Scan | None:
    raw = text(entry.get("ftime")) or text(entry.get("time"))
    at = when(raw, _ZONE)
    if at is None:
        return None
    code = text(entry.get("statusCode"))
    if code and code not in CODES:
        warnings.append(f"statusCode={code[:40]}")
    return Scan(
        raw=raw,
        at=at,
        state=CODES.get(code) if code else WORDS.get(text(entry.get("status"))),
        code=code,
        text=text(entry.get("context")),
        offset=offset_of(raw, "source"),
        location=place(entry.get("areaName")) or text(entry.get("location")),
    )


def _substate(entries: list[dict[str, Any]], code: str) -> str:
    """The finer code of the newest scan (304: into a locker), if it belongs to the same state."""
    fine = text(entries[0].get("statusCode")) if entries else ""
    return fine if fine and CODES.get(fine) is CODES.get(code) else code


def _expected(result: dict[str, Any]) -> dict[str, Any]:
    """`arrivalTime` ("2026-03-06 18") is an hour; it is only a guess of the service, so rubbish in it is no mistake."""
    try:
        at = when(result.get("arrivalTime"), _ZONE)
    except Invalid:
        return {}
    return {"eta_from": at, "eta_to": at} if at else {}
