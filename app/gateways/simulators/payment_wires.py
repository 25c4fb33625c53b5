"""What Stripe, 支付宝 and 微信支付 tell of a charge or of a refund of it, in their own forms."""

import base64
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.gateways.simulators.charges import Back, Charge
from app.gateways.simulators.keys import ALIPAY_APP, ALIPAY_SELLER, WECHAT_APIV3_KEY, WECHAT_MERCHANT
from app.gateways.simulators.wire import BEIJING, Letter, beijing, json_bytes, major, name_of

_STRIPE_TYPES = {"pending": "refund.created", "succeeded": "refund.updated", "failed": "refund.failed"}


def stripe_event(shop: str, charge: Charge, back: Back | None) -> Letter:
    """An event about the payment intent, or about a refund of it."""
    if back is None:
        kind = "payment_intent.succeeded" if charge.state == "paid" else "payment_intent.payment_failed"
        found, at = _intent(charge), charge.at
    else:
        kind, at = _STRIPE_TYPES[back.state], back.settled_at or back.at
        found = {
            "object": "refund",
            "id": back.name,
            "amount": back.amount,
            "currency": charge.currency.lower(),
            "status": back.state,
            "payment_intent": charge.reference,
            "created": int(back.at.timestamp()),
        }
    name = f"evt_{name_of(shop, kind, found['id'])[:24]}"
    event = {"id": name, "object": "event", "type": kind, "created": int(at.timestamp()), "data": {"object": found}}
    return Letter("stripe", shop, json_bytes(event))


def _intent(charge: Charge) -> dict[str, Any]:
    paid = charge.state == "paid"
    return {
        "object": "payment_intent",
        "id": charge.reference,
        "amount": charge.amount,
        "amount_received": charge.amount if paid else 0,
        "amount_capturable": 0,
        "currency": charge.currency.lower(),
        "created": int(charge.at.timestamp()),
        "status": "succeeded" if paid else "requires_payment_method",
        "last_payment_error": None if paid else {"code": "card_declined"},
        "latest_charge": f"ch_{charge.reference.removeprefix('pi_')}",
        "payment_method_types": ["card"],
        "metadata": {"order_number": charge.order},
    }


def alipay_notice(shop: str, charge: Charge, back: Back | None) -> Letter | None:
    """The notification of a trade; one of a refund says how much has gone back by now. Failures are not notified."""
    if charge.state != "paid" or (back is not None and back.state != "succeeded"):
        return None
    at = charge.at if back is None else back.settled_at or back.at
    all_back = charge.given_back >= charge.amount
    fields = {
        "app_id": ALIPAY_APP,
        "seller_id": ALIPAY_SELLER,
        "charset": "utf-8",
        "version": "1.0",
        "notify_type": "trade_status_sync",
        "notify_id": name_of(shop, charge.reference, back.name if back else ""),
        "notify_time": beijing(at),
        "trade_no": charge.reference,
        "out_trade_no": charge.order,
        "trade_status": "TRADE_CLOSED" if all_back else "TRADE_SUCCESS",
        "total_amount": major(charge.amount),
        "gmt_create": beijing(charge.at),
        "gmt_payment": beijing(charge.at),
    }
    if back is not None:
        fields |= {"refund_fee": major(charge.given_back), "gmt_refund": beijing(at), "out_biz_no": back.name}
    return Letter("alipay", shop, urlencode(fields).encode())


def wechat_notice(shop: str, charge: Charge, back: Back | None) -> Letter | None:
    """The notification of a payment or a refund, sealed with the APIv3 key. Only what is final is notified."""
    if charge.state != "paid" or (back is not None and back.state == "pending"):
        return None
    at = charge.at if back is None else back.settled_at or back.at
    found: dict[str, Any] = {
        "mchid": WECHAT_MERCHANT,
        "out_trade_no": charge.order,
        "transaction_id": charge.reference,
        "success_time": _rfc3339(at),
    }
    if back is None:
        kind = "TRANSACTION.SUCCESS"
        found |= {"trade_state": "SUCCESS", "amount": {"total": charge.amount, "currency": charge.currency}}
    else:
        status = "SUCCESS" if back.state == "succeeded" else "ABNORMAL"
        kind = f"REFUND.{status}"
        found |= {"refund_id": f"5030{back.name}", "out_refund_no": back.name, "refund_status": status}
        found |= {"amount": {"total": charge.amount, "refund": back.amount}}
    name = name_of(shop, kind, charge.reference, back.name if back else "")
    notice = {
        "id": name,
        "create_time": _rfc3339(at),
        "event_type": kind,
        "resource_type": "encrypt-resource",
        "resource": _hidden(json_bytes(found), name[:12]),
    }
    return Letter("wechatpay", shop, json_bytes(notice))


def _hidden(content: bytes, nonce: str) -> dict[str, str]:
    sealed = AESGCM(WECHAT_APIV3_KEY.encode()).encrypt(nonce.encode(), content, b"resource")
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "nonce": nonce,
        "associated_data": "resource",
    }


def _rfc3339(at: datetime) -> str:
    return at.astimezone(BEIJING).isoformat(timespec="seconds")
