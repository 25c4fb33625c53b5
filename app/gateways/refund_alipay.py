"""Refunds at 支付宝: alipay.trade.refund, alipay.trade.fastpay.refund.query and the daily bill (opendocs.alipay.com).

Our key is `out_request_no`: repeating it moves nothing. Code 10000 says that the question was understood; only
`fund_change` Y says that money has moved, for anything else the query tells.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from app.gateways.alipay_api import BEIJING, DONE, call
from app.gateways.bills import bill_days, fetched_bill
from app.gateways.payment_http import Unanswered, answered, sentence
from core.money import plain_amount
from orders.refunds.bill_files import read_alipay
from orders.refunds.gateway import Account, Answer, Instruction, Outcome, StatementRow
from orders.sources.reading import minor, text

CURRENCY: Final = "CNY"
_QUERY_AFTER = timedelta(seconds=10)  # an earlier query may miss what is being done
_TRADE = re.compile(r"20\d{26}", re.ASCII)  # Alipay's own number; merchants' numbers are theirs
_MISSING = frozenset({"ACQ.TRADE_NOT_EXIST"})
# Business errors (code 40004) after which nothing has moved and nothing will, by the table of alipay.trade.refund.
_NOT_DONE: Final = frozenset(
    {
        "ACQ.INVALID_PARAMETER",
        "ACQ.SELLER_BALANCE_NOT_ENOUGH",
        "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
        "ACQ.REASON_TRADE_BEEN_FREEZEN",
        "ACQ.TRADE_NOT_EXIST",
        "ACQ.TRADE_HAS_FINISHED",
        "ACQ.TRADE_STATUS_ERROR",
        "ACQ.REASON_TRADE_REFUND_FEE_ERR",
        "ACQ.TRADE_NOT_ALLOW_REFUND",
        "ACQ.REFUND_FEE_ERROR",
        "ACQ.BUYER_ERROR",
        "ACQ.BUYER_NOT_EXIST",
        "ACQ.BUYER_ENABLE_STATUS_FORBID",
        "ACQ.NOT_ALLOW_PARTIAL_REFUND",
        "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND",
        "ACQ.ENTERPRISE_PAY_BIZ_ERROR",
    }
)


class AlipayRefunds:
    """Credentials: app_id, private_key (the app's), public_key (Alipay's), and for certificates their two numbers."""

    @answered
    async def refund(self, instruction: Instruction) -> Outcome:
        if instruction.currency != CURRENCY:
            return Outcome(state=Answer.FAILED, code="other_currency", text="Alipay is asked for yuan only")
        content = {
            **_trade(instruction),
            "refund_amount": plain_amount(instruction.amount, CURRENCY),
            "out_request_no": instruction.key,
        }
        answer = await call(instruction.account, "alipay.trade.refund", content)
        if text(answer.get("code")) != DONE:
            return _refused(answer)
        if text(answer.get("fund_change")) == "Y":  # the amount in it is all that has gone back of this trade by now
            return Outcome(state=Answer.SUCCEEDED, reference=instruction.key)
        return Outcome(state=Answer.ACCEPTED, code="fund_change_n", retry_after=_QUERY_AFTER)

    @answered
    async def look_up(self, instruction: Instruction) -> Outcome:
        content = {**_trade(instruction), "out_request_no": instruction.key}
        answer = await call(instruction.account, "alipay.trade.fastpay.refund.query", content)
        if text(answer.get("code")) != DONE:
            missing = text(answer.get("sub_code")) in _MISSING
            return Outcome(state=Answer.ABSENT) if missing else _passing(answer)
        status, amount = text(answer.get("refund_status")), text(answer.get("refund_amount"))
        if text(answer.get("out_request_no")) != instruction.key or not amount:
            return Outcome(state=Answer.ABSENT)  # not received, or nothing came of it
        if status not in {"", "REFUND_SUCCESS"}:
            return Outcome(state=Answer.ACCEPTED, code=status, retry_after=_QUERY_AFTER)
        paid = minor(amount, CURRENCY)
        return Outcome(state=Answer.SUCCEEDED, reference=instruction.key, amount=paid, currency=CURRENCY)

    async def statement(self, account: Account, since: datetime, until: datetime) -> Sequence[StatementRow]:
        """See StatementGateway: the bills of the days, which are there from ten the next morning. Raises Unanswered,
        Invalid (bad_statement)."""
        rows = list[StatementRow]()
        for day in bill_days(since, until, BEIJING):
            rows += read_alipay(await _bill(account, day))
        return [row for row in rows if since <= row.at <= until]


async def _bill(account: Account, day: str) -> bytes:
    asked = {"bill_type": "trade", "bill_date": day}
    answer = await call(account, "alipay.data.dataservice.bill.downloadurl.query", asked)
    if text(answer.get("code")) != DONE:
        if "bill_not_exist" in text(answer.get("sub_code")).lower():
            return b""  # a day without business
        refused = _passing(answer)
        raise Unanswered(refused.code, refused.text)
    return await fetched_bill(account, text(answer.get("bill_download_url")), "alipay.com")


def _trade(instruction: Instruction) -> dict[str, str]:
    """Alipay's number of the trade if we have it, else the merchant's."""
    name = "trade_no" if _TRADE.fullmatch(instruction.payment_ref) else "out_trade_no"
    return {name: instruction.payment_ref}


def _refused(answer: Mapping[str, Any]) -> Outcome:
    """ACQ.SYSTEM_ERROR and what we do not know: ask again with the same number."""
    code = text(answer.get("sub_code"))
    if text(answer.get("code")) == "40004" and code in _NOT_DONE:
        return Outcome(state=Answer.FAILED, code=code, text=sentence(answer.get("sub_msg")))
    return _passing(answer)


def _passing(answer: Mapping[str, Any]) -> Outcome:
    code = text(answer.get("sub_code")) or text(answer.get("code")) or "no_code"
    said = sentence(answer.get("sub_msg")) or sentence(answer.get("msg"))
    return Outcome(state=Answer.UNKNOWN, code=code[:64], text=said)
