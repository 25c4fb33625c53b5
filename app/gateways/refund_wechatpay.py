"""Refunds at 微信支付 (API v3, /v3/refund/domestic/refunds), their query, and the daily bill.

Our key is `out_refund_no`: the same number is refunded once. An answer to the request only says that it was accepted;
what became of it the query and the notification say.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx2

from app.gateways.bills import bill_days, fetched_bill, file_address
from app.gateways.payment_http import Reply, Unanswered, answered, code_of, passing, said_in
from app.gateways.wechatpay_api import call, is_signed, request_headers
from orders.refunds.bill_files import read_wechat
from orders.refunds.gateway import Account, Answer, Instruction, Outcome, StatementRow
from orders.sources.reading import count, mapping, text

CURRENCY: Final = "CNY"
STATES: Final = {
    "PROCESSING": Answer.ACCEPTED,
    "SUCCESS": Answer.SUCCEEDED,
    "CLOSED": Answer.FAILED,
    "ABNORMAL": Answer.ACCEPTED,  # the money has left us and not arrived: a person has to finish it at WeChat Pay
}
_PATH = "/v3/refund/domestic/refunds"
_BEIJING = ZoneInfo("Asia/Shanghai")
_HOST = "mch.weixin.qq.com"
_TRANSACTION = re.compile(r"\d{28}", re.ASCII)  # WeChat Pay's own number; merchants' numbers are theirs
_LOOK_AFTER = timedelta(minutes=1)  # as the document asks
_BUSY = timedelta(minutes=1)
# Refusals after which nothing was accepted (error codes of the API): wrong parameters, a rule of business, no money.
_NOT_DONE: Final = frozenset(
    {"PARAM_ERROR", "INVALID_REQUEST", "NOT_ENOUGH", "USER_ACCOUNT_ABNORMAL", "MCH_NOT_EXISTS", "REQUEST_BLOCKED"}
)
_HINTS: Final = {
    "ABNORMAL": "The card or account is dead. Finish this refund in the merchant platform: 交易中心 → 退款管理.",
    "NOT_ENOUGH": "The merchant's balance is too low.",
}


class WechatPayRefunds:
    """Credentials: mchid, serial_no and private_key of the merchant's certificate, keys (serial number → public key or
    certificate of WeChat Pay). `notify_url` may be given, too."""

    @answered
    async def refund(self, instruction: Instruction) -> Outcome:
        if instruction.currency != CURRENCY:
            return Outcome(state=Answer.FAILED, code="other_currency", text="WeChat Pay is asked for yuan only")
        amount = {"refund": instruction.amount, "total": instruction.captured, "currency": CURRENCY}
        document: dict[str, Any] = {
            **_payment(instruction),
            "out_refund_no": instruction.key,
            "amount": amount,
        }
        if notify_url := text(instruction.account.credentials.get("notify_url")):
            document["notify_url"] = notify_url
        reply = await call(instruction.account, "POST", _PATH, document)
        if reply.status != httpx2.codes.OK:
            return _refused(reply)
        outcome = _outcome(reply)
        if outcome.state in {Answer.SUCCEEDED, Answer.FAILED}:  # of a request that was repeated: the query has the word
            return Outcome(state=Answer.ACCEPTED, reference=outcome.reference, code=outcome.code)
        return outcome

    @answered
    async def look_up(self, instruction: Instruction) -> Outcome:
        reply = await call(instruction.account, "GET", f"{_PATH}/{quote(instruction.key, safe='')}")
        if reply.status == httpx2.codes.OK:
            return _outcome(reply)
        if reply.status == httpx2.codes.NOT_FOUND and code_of(reply) == "RESOURCE_NOT_EXISTS" and is_signed(reply):
            return Outcome(state=Answer.ABSENT)
        return _passing(reply)

    async def statement(self, account: Account, since: datetime, until: datetime) -> Sequence[StatementRow]:
        """See StatementGateway: the bills of the days, which are there from ten the next morning. Raises Unanswered,
        Invalid (bad_statement)."""
        rows = list[StatementRow]()
        for day in bill_days(since, until, _BEIJING):
            rows += read_wechat(await _bill(account, day))
        return [row for row in rows if since <= row.at <= until]


async def _bill(account: Account, day: str) -> bytes:
    reply = await call(account, "GET", f"/v3/bill/tradebill?bill_date={day}&bill_type=REFUND")
    if reply.status == httpx2.codes.BAD_REQUEST and code_of(reply) == "NO_STATEMENT_EXIST" and is_signed(reply):
        return b""  # a day without refunds
    if reply.status != httpx2.codes.OK:
        trouble = _passing(reply)
        raise Unanswered(trouble.code, trouble.text, trouble.retry_after)
    told = reply.document()
    url = file_address(account, text(told.get("download_url")), _HOST)
    path = httpx2.URL(url).raw_path.decode("ascii")
    bill = await fetched_bill(account, url, _HOST, request_headers(account, "GET", path))
    digest = hashlib.sha1(bill, usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(digest.encode(), text(told.get("hash_value")).lower().encode()):
        raise Unanswered("bad_signature", "the bill is not the one that was announced")
    return bill


def _payment(instruction: Instruction) -> dict[str, str]:
    """WeChat Pay's number of the payment if we have it, else the merchant's."""
    name = "transaction_id" if _TRANSACTION.fullmatch(instruction.payment_ref) else "out_trade_no"
    return {name: instruction.payment_ref}


def _outcome(reply: Reply) -> Outcome:
    found = reply.document()
    status, amount = text(found.get("status")), mapping(found.get("amount"))
    if not text(found.get("refund_id")) or not status:
        raise Unanswered("unreadable", "an answer that is no refund")
    state = STATES.get(status, Answer.ACCEPTED)
    return Outcome(
        state=state,
        reference=text(found.get("refund_id")),
        amount=count(amount.get("refund")),
        currency=text(amount.get("currency")) or CURRENCY,
        code="" if status in {"PROCESSING", "SUCCESS"} else status,
        text=_HINTS.get(status, ""),
        retry_after=_LOOK_AFTER if status == "PROCESSING" else None,
    )


def _refused(reply: Reply) -> Outcome:
    """RESOURCE_NOT_EXISTS is not among the certain ones: WeChat Pay says it now and then of orders that it has."""
    code = code_of(reply)
    if reply.status // 100 == 4 and code in _NOT_DONE and is_signed(reply):
        return Outcome(state=Answer.FAILED, code=code, text=_HINTS.get(code, "") or said_in(reply))
    return _passing(reply)


def _passing(reply: Reply) -> Outcome:
    code, trouble = code_of(reply), passing(reply, said_in(reply))
    wait = trouble.retry_after if trouble else None
    if code == "FREQUENCY_LIMITED":
        wait = wait or _BUSY
    return Outcome(state=Answer.UNKNOWN, code=code or f"http_{reply.status}", text=said_in(reply), retry_after=wait)
