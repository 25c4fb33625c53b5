"""The daily bills of 支付宝 and 微信支付 as rows of refunds: CSV as the services write it, packed or not. Pure.

Columns are found by their names, for bills gain columns over the years. All times are Beijing's.
"""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import takewhile
from typing import Final

from core.errors import Invalid
from orders.refunds.gateway import Answer, StatementRow
from orders.refunds.keys import own_key
from orders.sources.reading import minor, when

LARGEST: Final = 512 << 20  # bytes of an unpacked bill
_ZONE = "Asia/Shanghai"
_WECHAT_STATES: Final = {
    "SUCCESS": Answer.SUCCEEDED,
    "PROCESSING": Answer.ACCEPTED,
    "FAIL": Answer.FAILED,
    "CHANGE": Answer.ACCEPTED,  # 退款异常: a person has to pay it out
}
_DETAILS = "业务明细"  # in the name of the file that is wanted
_SUMMARY = "汇总"
_LINE_END = re.compile("\r\n|\r|\n")

Columns = Mapping[str, str]


def read_alipay(bill: bytes) -> list[StatementRow]:
    """The refunds in a 业务账单 (bill type `trade`), its ZIP or one CSV of it. Raises Invalid(bad_statement)."""
    if not bill:
        return []
    rows = _table(_text(_details(bill)), "支付宝交易号", stop=lambda first: first.startswith("#"))
    return [_alipay_row(row) for row in rows if row.get("业务类型") == "退款"]


def read_wechat(bill: bytes) -> list[StatementRow]:
    """The refunds in a 交易账单 (type ALL or REFUND), packed by gzip or not. Raises Invalid(bad_statement)."""
    if not bill:
        return []
    plain = _unpacked_gzip(bill) if bill.startswith(b"\x1f\x8b") else bill
    rows = _table(_text(plain), "交易时间", stop=lambda first: first.startswith("总"))
    return [_wechat_row(row) for row in rows if row.get("商户退款单号", "0") not in {"", "0"}]


READERS: Final[Mapping[str, Callable[[bytes], list[StatementRow]]]] = {"alipay": read_alipay, "wechatpay": read_wechat}


def _alipay_row(row: Columns) -> StatementRow:
    amount = next((row[name] for name in ("订单金额（元）", "订单金额(元)") if row.get(name)), "")
    request = row.get("退款批次号/请求号", "")
    return StatementRow(
        key=own_key(request),
        reference=request or row["支付宝交易号"],
        amount=abs(_amount(amount)),
        currency="CNY",
        at=_time(row.get("完成时间") or row.get("创建时间")),
        state=Answer.SUCCEEDED,  # nothing else gets into a bill
    )


def _wechat_row(row: Columns) -> StatementRow:
    """What was asked for (申请退款金额) includes vouchers; older bills have only what went back in cash."""
    return StatementRow(
        key=own_key(row["商户退款单号"]),
        reference=row["商户退款单号"],
        amount=abs(_amount(row.get("申请退款金额") or row.get("退款金额"))),
        currency=row.get("货币种类") or "CNY",
        at=_time(row.get("退款成功时间") or row.get("交易时间")),
        state=_WECHAT_STATES.get(row.get("退款状态", ""), Answer.ACCEPTED),
    )


def _table(text: str, first: str, *, stop: Callable[[str], bool]) -> list[Columns]:
    """The lines below the one whose first column is `first`, until `stop`; cells without the marks (` and tab) that
    keep spreadsheets from turning long numbers into something else. Raises Invalid(bad_statement).
    """
    try:
        lines = [line for line in csv.reader(_LINE_END.split(text)) if line]
    except csv.Error as error:
        raise Invalid("this is no CSV", code="bad_statement") from error
    begin = next((place for place, line in enumerate(lines) if _cell(line[0]) == first), None)
    if begin is None:
        raise Invalid(f"no column is called {first}: is this the right bill?", code="bad_statement")
    names = [_cell(cell) for cell in lines[begin]]
    rows = takewhile(lambda line: not stop(line[0].strip()), lines[begin + 1 :])
    return [dict(zip(names, map(_cell, row), strict=False)) for row in rows]


def _details(bill: bytes) -> bytes:
    """The detailed file in the ZIP; names in it are GBK, which the ZIP does not say."""
    if not bill.startswith(b"PK"):
        return bill
    try:
        with zipfile.ZipFile(io.BytesIO(bill), metadata_encoding="gb18030") as packed:
            files = [info for info in packed.infolist() if info.filename.endswith(".csv")]
            wanted = [info for info in files if _DETAILS in info.filename and _SUMMARY not in info.filename] or files
            if not wanted or wanted[0].file_size > LARGEST:
                raise Invalid("the ZIP holds no bill of a sensible size", code="bad_statement")
            return packed.read(wanted[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise Invalid("the ZIP cannot be unpacked", code="bad_statement") from error


def _unpacked_gzip(bill: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(bill)) as packed:
            plain = packed.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Invalid("the file cannot be unpacked", code="bad_statement") from error
    if len(plain) > LARGEST:
        raise Invalid("the bill is too large", code="bad_statement")
    return plain


def _text(bill: bytes) -> str:
    """Alipay writes GBK, WeChat Pay UTF-8 with a mark in front."""
    try:
        return bill.decode("utf-8-sig")
    except UnicodeDecodeError:
        return bill.decode("gb18030", "replace")


def _cell(cell: str) -> str:
    return cell.lstrip("\ufeff").strip().removeprefix("`").strip()


def _amount(text: str | None) -> int:
    try:
        return minor(text or None, "CNY")
    except Invalid as error:
        raise Invalid("an amount in the bill is none", code="bad_statement") from error


def _time(text: str | None) -> datetime:
    try:
        found = when(text, _ZONE)
    except Invalid:
        found = None
    if found is None:
        raise Invalid("a time in the bill is none", code="bad_statement")
    return found
