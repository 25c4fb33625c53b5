"""微信支付 API v3: signed requests and answers, refunds that are only accepted at first, and the daily bill."""

import base64
import hashlib
import json
import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.gateways.simulators.keys import WECHAT_SERIAL, sign_rsa
from core.money import plain_amount
from orders.sources.rsa import fits
from tests.fakes.http import Asked, Reply
from tests.fakes.payments import MERCHANT_PUBLIC, Back, Ledger, json_of

MERCHANT, SERIAL = "1900000100", "3775B6A45ACD588826D15E583A95F5DD00000000"
TRANSACTION = "4200000000202603011234567890"
PATH = "/v3/refund/domestic/refunds"
_ZONE = ZoneInfo("Asia/Shanghai")
_PART = re.compile(r'(\w+)="([^"]*)"')
_ERRORS = {"NOT_ENOUGH": 403, "FREQUENCY_LIMITED": 429, "SYSTEM_ERROR": 500, "RESOURCE_NOT_EXISTS": 404}
HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,退款申请时间,退款成功时间,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)


class FakeWechatPay(Ledger):
    """One payment. `then` is what becomes of a refund once it is looked up."""

    currency = "CNY"
    state = "PROCESSING"
    dead = frozenset({"CLOSED"})
    then = "SUCCESS"
    late = timedelta()  # by how much the clock of the answers is wrong

    def moves_money(self, asked: Asked) -> bool:
        return asked.method == "POST"

    def reply(self, asked: Asked) -> Reply:
        if not self._is_ours(asked):
            return self._said(401, {"code": "SIGN_ERROR", "message": "签名错误"})
        if asked.method == "POST":
            return self._refund(json_of(asked))
        if asked.path == "/v3/bill/tradebill":
            return self._announced(asked.params["bill_date"])
        if asked.path == "/v3/billdownload/file":
            return Reply(raw=self._bill())
        back = self.of(asked.path.removeprefix(PATH + "/"))
        if back is None:
            return self._no("RESOURCE_NOT_EXISTS", "退款单不存在")
        back.state = self.then if back.state == "PROCESSING" else back.state
        return self._said(200, self._object(back))

    def _is_ours(self, asked: Asked) -> bool:
        scheme, _, rest = asked.headers.get("authorization", "").partition(" ")
        given = dict(_PART.findall(rest))
        content = f"{asked.method}\n{asked.target}\n{given.get('timestamp')}\n{given.get('nonce_str')}\n".encode()
        return (
            scheme == "WECHATPAY2-SHA256-RSA2048"
            and (given.get("mchid"), given.get("serial_no")) == (MERCHANT, SERIAL)
            and fits(MERCHANT_PUBLIC, given.get("signature", ""), content + asked.body + b"\n")
        )

    def _refund(self, document: dict[str, Any]) -> Reply:
        key, amount = document["out_refund_no"], document["amount"]["refund"]
        if self.refuse:
            return self._no(self.refuse, "不行")
        if document.get("transaction_id") != TRANSACTION:
            return self._no("RESOURCE_NOT_EXISTS", "订单不存在")
        if document["amount"]["total"] != self.captured or not re.fullmatch(r"[0-9A-Za-z_\-|*@]{1,64}", key):
            return self._no("PARAM_ERROR", "参数错误")
        if (known := self.of(key)) is not None:
            same = known.amount == amount
            return self._said(200, self._object(known)) if same else self._no("INVALID_REQUEST", "与原请求不一致")
        self.calls += 1
        if self.paid + amount > self.captured:
            return self._no("INVALID_REQUEST", "申请退款金额超过订单可退金额")
        return self._said(200, self._object(self.enter(key, amount)))

    def _object(self, back: Back) -> dict[str, Any]:
        amount = {"total": self.captured, "refund": back.amount + self.wrong, "payer_refund": back.amount}
        found: dict[str, Any] = {"refund_id": f"5030{back.number:024}", "out_refund_no": back.key}
        found |= {"transaction_id": TRANSACTION, "out_trade_no": "SO1", "channel": "ORIGINAL", "status": back.state}
        return {**found, "amount": {**amount, "currency": "CNY"}, "funds_account": "UNSETTLED"}

    def _announced(self, day: str) -> Reply:
        if day != str(self.booked().astimezone(_ZONE).date()):
            return self._no("NO_STATEMENT_EXIST", "账单文件不存在")
        url = f"{self.address}/v3/billdownload/file?token=secret"
        digest = hashlib.sha1(self._bill() + (b"?" if self.wrong else b"")).hexdigest()
        return self._said(200, {"hash_type": "SHA1", "hash_value": digest, "download_url": url})

    def _bill(self) -> bytes:
        at = (self.booked().astimezone(_ZONE) - timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S")
        lines = [HEADER, *(_line(at, back) for back in self.backs)]
        lines += ["总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"]
        lines += ["`1,`0.00,`0.00,`0.00,`0.00000,`0.00,`0.00"]
        return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()

    def _no(self, code: str, said: str) -> Reply:
        status = 404 if code == "RESOURCE_NOT_EXISTS" else _ERRORS.get(code, 400)
        return self._said(status, {"code": code, "message": said})

    def _said(self, status: int, document: dict[str, Any]) -> Reply:
        body = json.dumps(document, ensure_ascii=False).encode()
        sent, nonce = str(int((self.clock() - self.late).timestamp())), base64.b64encode(b"nonce").decode()
        content = f"{sent}\n{nonce}\n".encode() + body + (b"" if self.unsigned else b"\n")
        headers = {"Wechatpay-Timestamp": sent, "Wechatpay-Nonce": nonce, "Wechatpay-Serial": WECHAT_SERIAL}
        headers |= {"Wechatpay-Signature": sign_rsa(content), "Request-ID": "08F8"}
        return Reply(status, raw=body, headers=headers)


def _line(at: str, back: Back) -> str:
    amount = plain_amount(back.amount, "CNY")
    state = {"SUCCESS": "SUCCESS", "CLOSED": "FAIL", "ABNORMAL": "CHANGE"}.get(back.state, "PROCESSING")
    cells = [at, "wx8888", MERCHANT, "0", "", TRANSACTION, "SO1", "oUpF8", "JSAPI", "REFUND", "CMB", "CNY", "0.00"]
    cells += ["0.00", at, at if state == "SUCCESS" else "", f"5030{back.number:024}", back.key, amount, "0.00"]
    cells += ["ORIGINAL", state, "Lamp", "", "0.00000", "0.60%", "0.00", amount, ""]
    return ",".join(f"`{cell}" for cell in cells)
