"""Bills of 支付宝 and 微信支付: the refunds in them, however they are packed and whatever columns they gain."""

import gzip
import io
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from orders.refunds.bill_files import READERS, read_alipay, read_wechat
from orders.refunds.gateway import Answer

DATA = Path(__file__).resolve().parents[1] / "data" / "refunds"
ALIPAY, WECHAT = (DATA / "alipay_bill.csv").read_bytes(), (DATA / "wechatpay_bill.csv").read_bytes()
KEY = "rfp_01k9q3v6m2n4p5q6r7s8t9v0wx"


def test_refunds_of_alipay_with_our_numbers_and_others() -> None:
    ours, others = read_alipay(ALIPAY)
    assert (ours.key, ours.reference, ours.amount, ours.currency) == (KEY, KEY, 9934, "CNY")
    assert (ours.at, ours.state) == (datetime(2026, 3, 3, 10, 15, 23, tzinfo=UTC), Answer.SUCCEEDED)
    assert (others.key, others.reference, others.amount) == ("", "RF20260303000004", 2000)


def test_refunds_of_wechat_with_their_states() -> None:
    rows = read_wechat(WECHAT)
    assert [(row.reference, row.amount, row.state.value) for row in rows] == [
        (KEY, 9934, "succeeded"),
        ("RF1", 2000, "accepted"),  # with its voucher, as it was asked for
        ("RF2", 500, "accepted"),
        ("RF3", 600, "failed"),
    ]
    assert (rows[0].key, rows[1].key) == (KEY, "")
    assert rows[0].at == datetime(2026, 3, 3, 10, 15, 23, tzinfo=UTC)


def packed(content: bytes, *names: str) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content if "汇总" not in name else b"#")
    return whole.getvalue()


def test_the_packing_does_not_matter() -> None:
    in_gbk = ALIPAY.decode().encode("gb18030")
    for bill in (in_gbk, packed(in_gbk, "1_业务明细(汇总).csv", "1_业务明细.csv"), packed(ALIPAY, "bill.csv")):
        assert read_alipay(bill) == read_alipay(ALIPAY)
    assert read_wechat(gzip.compress(WECHAT)) == read_wechat(WECHAT)
    assert read_wechat(WECHAT.decode("utf-8-sig").encode("gb18030")) == read_wechat(WECHAT)


def test_new_columns_and_old_names_are_no_trouble() -> None:
    wider = "\n".join(f"{line},x" if "," in line else line for line in ALIPAY.decode().split("\n"))
    assert read_alipay(wider.encode()) == read_alipay(ALIPAY)
    older = WECHAT.decode().replace(",申请退款金额,", ",没有,")
    assert [row.amount for row in read_wechat(older.encode())] == [9934, 1800, 500, 600]


@pytest.mark.parametrize("gateway", READERS)
def test_a_day_without_a_bill_has_no_refunds_and_rubbish_is_refused(gateway: str) -> None:
    assert READERS[gateway](b"") == []
    for rubbish in (b"PK\x03\x04", b"\x1f\x8b\x08", b"hello", b"<html>", packed(b"x", "a.txt"), b"\xff\xfe\x00"):
        with pytest.raises(Invalid) as refused:
            READERS[gateway](rubbish)
        assert refused.value.code == "bad_statement"


def test_a_refund_without_a_sensible_amount_or_time_is_refused() -> None:
    for wrong in (ALIPAY.replace(b"-99.34", b"viel"), ALIPAY.replace(b"2026-03-03 18:15:23", b"gestern")):
        with pytest.raises(Invalid) as refused:
            read_alipay(wrong)
        assert refused.value.code == "bad_statement"


@given(st.binary(max_size=200), st.sampled_from(sorted(READERS)))
def test_no_bytes_break_a_reader(bill: bytes, gateway: str) -> None:
    with suppress(Invalid):  # and nothing else
        READERS[gateway](bill)
