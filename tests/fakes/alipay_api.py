"""支付宝's gateway: RSA2 over requests and answers, `fund_change`, the query, and the daily bill as a ZIP in GBK."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.gateways.simulators.keys import sign_rsa
from core.money import parse_money, plain_amount
from orders.sources.rsa import fits
from tests.fakes.http import Asked, Reply
from tests.fakes.payments import MERCHANT_PUBLIC, Ledger, form_of

APP = "2026000000000001"
TRADE = "2026030122001400000000000001"
_ZONE = ZoneInfo("Asia/Shanghai")
HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)


class FakeAlipay(Ledger):
    """One trade. `silent`: money moves, and the answer has no fund_change."""

    currency = "CNY"
    state = "Y"
    dead = frozenset({"N"})
    silent = False

    def moves_money(self, asked: Asked) -> bool:
        return form_of(asked).get("method") == "alipay.trade.refund"

    def reply(self, asked: Asked) -> Reply:
        if asked.path == "/bill":
            return Reply(raw=self._bill(), headers={"Content-Type": "application/zip"})
        fields = form_of(asked)
        content = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "sign")
        if fields.get("app_id") != APP:
            refused = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-app-id"}
            return Reply(data={"error_response": refused})
        name = f"{fields['method'].replace('.', '_')}_response"
        if not fits(MERCHANT_PUBLIC, fields.get("sign", ""), content.encode()):
            return self._said(name, _no("40002", "isv.invalid-signature", "验签出错"))
        biz = json.loads(fields["biz_content"])
        methods = {
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._query,
            "alipay.data.dataservice.bill.downloadurl.query": self._address,
        }
        return self._said(name, methods[fields["method"]](biz))

    def _refund(self, biz: dict[str, Any]) -> dict[str, Any]:
        key, amount = biz["out_request_no"], parse_money(biz["refund_amount"], "CNY").amount
        if biz.get("trade_no") != TRADE:
            return _no("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在")
        if self.refuse:
            return _no("40004", self.refuse, "不行")
        if (known := self.of(key)) is not None:
            if known.amount != amount:
                return _no("40004", "ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致")
            return self._moved("N")
        self.calls += 1
        if self.paid + amount > self.captured:
            return _no("40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额超限")
        return self._moved(self.enter(key, amount).state)

    def _moved(self, change: str) -> dict[str, Any]:
        total = plain_amount(self.paid, "CNY")  # of the trade, not of this refund
        found = {"code": "10000", "msg": "Success", "trade_no": TRADE, "out_trade_no": "SO1", "refund_fee": total}
        return found if self.silent else {**found, "fund_change": change}

    def _query(self, biz: dict[str, Any]) -> dict[str, Any]:
        back = self.of(biz["out_request_no"])
        if back is None or back.state == "N":
            return {"code": "10000", "msg": "Success"}
        found = {"code": "10000", "msg": "Success", "trade_no": TRADE, "out_request_no": back.key}
        found |= {"refund_amount": plain_amount(back.amount + self.wrong, "CNY"), "total_amount": "100.00"}
        return {**found, "refund_status": "REFUND_SUCCESS"}

    def _address(self, biz: dict[str, Any]) -> dict[str, Any]:
        today = self.booked().astimezone(_ZONE).date()
        if biz["bill_date"] != str(today):
            return _no("40004", "isp.bill_not_exist", "账单不存在")
        return {"code": "10000", "msg": "Success", "bill_download_url": f"{self.address}/bill?token=secret"}

    def _bill(self) -> bytes:
        at = (self.booked().astimezone(_ZONE) - timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S")
        rows = [_line(TRADE, "SO1", "交易", at, self.captured, "")]
        rows += [_line(TRADE, "SO1", "退款", at, -back.amount, back.key) for back in self.backs if back.state != "N"]
        text = "\n".join(["#支付宝业务明细查询", "#账号：[20880000000000010156]", "#---业务明细列表---", HEADER, *rows])
        text += "\n#---业务明细列表结束---\n#交易合计：1笔"
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content in (("业务明细(汇总)", "#汇总"), ("业务明细", text)):
                archive.writestr(_GbkName(f"20880000000000010156_{name}.csv"), content.encode("gb18030"))
        return packed.getvalue()

    def _said(self, name: str, answer: dict[str, Any]) -> Reply:
        """Signed as it is written; the slashes and spaces are Alipay's own."""
        inner = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        sign = sign_rsa((inner + (" " if self.unsigned else "")).encode())
        return Reply(raw=f'{{"{name}":{inner},"sign":"{sign}"}}'.encode())


def _no(code: str, sub_code: str, said: str) -> dict[str, Any]:
    return {"code": code, "msg": "Business Failed", "sub_code": sub_code, "sub_msg": said}


def _line(trade: str, order: str, kind: str, at: str, amount: int, request: str) -> str:
    money = plain_amount(amount, "CNY")
    cells = [f"{trade}\t", f"{order}\t", kind, "Lamp", at, at, "\t", "\t", "\t", "\t", "a***@b.example\t", money, money]
    return ",".join([*cells, *["0.00"] * 5, "", "0.00\t", "0.00", f"{request}\t", "0.00", "0.00", ""])


class _GbkName(zipfile.ZipInfo):
    """Alipay's ZIPs do not say in which charset their names are."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gb18030"), 0
