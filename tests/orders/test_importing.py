"""Files of orders: every encoding and habit, mistakes with their place, whole orders or none, as often as you like."""

import json
from typing import Any

import pytest

from core.errors import Invalid
from core.jobs import Job
from core.shops import Shop
from orders import applying
from orders.import_columns import ALIASES, COLUMNS
from orders.import_files import Draft, read_csv, read_jsonl
from orders.importing import Imported, Result, import_order
from orders.models import FactSheet, Order, OrderLine, Payment, Refund, Shipment, SourceEvent, TrackingEvent
from orders.sources.generic_model import OrderInput
from orders.sources.reading import load
from tests.heard import Heard
from tests.orders.deliveries import a_shop, told

HEAD = (
    "order_id,updated_at,number,currency,placed_at,customer_name,email,total,payment,"
    "line_id,sku,title,quantity,unit_price"
)
_A1 = "A1,2026-03-02T10:00:00+08:00,1001,CNY,2026-03-02 09:58,林晚舟,lin@example.com,568.00,paid"
ROWS = (
    f"{_A1},1,TEA-1,明前西湖龙井,1,368.00",
    f'{_A1},2,TEA-2,"茶杯, 白",2,100.00',
    "A2,2026/3/2 11:00,1002,CNY,2026/3/2 9:05,周敏,,20.00,pending,1,TEA-1,明前西湖龙井,1,20.00",
)
TABLE = "\r\n".join((HEAD, *ROWS)) + "\r\n"


def drafts(text: str | bytes, **options: Any) -> list[Draft]:
    return read_csv(text if isinstance(text, bytes) else text.encode(), "Asia/Shanghai", **options)


def document(draft: Draft) -> dict[str, Any]:
    assert not draft.mistakes
    return load(draft.body)


async def bring(shop: Shop, text: str | bytes, *, dry_run: bool = False) -> list[Imported]:
    return [await import_order(shop, draft, dry_run=dry_run) for draft in drafts(text)]


def results(imported: list[Imported]) -> list[str]:
    return [one.result.value for one in imported]


def mistakes(imported: list[Imported]) -> list[tuple[int, str, str, str]]:
    return [(m.row, m.order, m.field, m.code) for one in imported for m in one.mistakes]


async def rows_kept() -> list[int]:
    return [await model.all().count() for model in (SourceEvent, FactSheet, Order, OrderLine, Job)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_in_every_encoding_and_with_every_separator(encoding: str, delimiter: str) -> None:
    table = "\n".join(
        [HEAD.replace(",", delimiter), *(row.replace('"茶杯, 白"', "茶杯").replace(",", delimiter) for row in ROWS)]
    )
    first, second = map(document, drafts(table.encode(encoding)))
    assert first["customer"] == {"name": "林晚舟", "email": "lin@example.com"}
    assert [(line["id"], line["sku"], line["quantity"]) for line in first["lines"]] == [
        ("1", "TEA-1", 1),
        ("2", "TEA-2", 2),
    ]
    assert first["placed_at"] == "2026-03-02T01:58:00+00:00"
    assert second["placed_at"] == "2026-03-02T01:05:00+00:00"
    assert OrderInput.model_validate(first).number == "1001"


def test_a_table_with_the_heads_of_a_chinese_export() -> None:
    table = (
        "订单编号,下单时间,收货人姓名,联系手机,订单金额,商品标题,数量,物流单号,物流公司\n"
        "77,2026-03-02 09:58:00,林,13800138000,368.00,龙井,1,SF1,顺丰\n"
    )
    (draft,) = drafts(table.encode("gb18030"), as_of="2026-03-03T00:00:00+08:00")
    made = document(draft)
    assert (made["id"], made["number"], made["updated_at"]) == ("77", "77", "2026-03-03T00:00:00+08:00")
    assert made["shipments"][0]["tracking_number"] == "SF1"
    assert set(ALIASES.values()) <= COLUMNS


def test_parcels_scans_payments_and_refunds_have_columns() -> None:
    table = (
        "order_id,updated_at,currency,line_id,quantity,shipment_id,carrier,tracking_number,scan_at,scan_state,scan_text,"
        "payment_id,payment_method,payment_amount,refund_id,refund_amount,refund_state,holds,tags,stock_open\n"
        "A,2026-03-02T10:00:00Z,USD,1,2,P1,UPS,1Z1,2026-03-02T11:00:00Z,in_transit,Left,pay-1,card,10.00,r-1,4.00,pending,"
        'address fraud,"vip, gift",no\n'
        "A,2026-03-02T10:00:00Z,USD,2,1,P1,UPS,1Z1,2026-03-02T12:00:00Z,delivered,,,,,,,,,,\n"
    )
    made = document(drafts(table)[0])
    (parcel,) = made["shipments"]
    assert parcel["lines"] == [{"line": "1", "quantity": 2}, {"line": "2", "quantity": 1}]
    assert [scan["state"] for scan in parcel["scans"]] == ["in_transit", "delivered"]
    assert made["payments"] == [{"id": "pay-1", "method": "card", "captured": "10.00"}]
    assert made["refunds"] == [{"id": "r-1", "amount": "4.00", "state": "pending"}]
    assert (made["holds"], made["tags"], made["gates"]) == (["address", "fraud"], ["vip", "gift"], {"stock": False})
    assert len(OrderInput.model_validate(made).shipments) == 1


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("", "no_head"),
        (b"\x80\xff\xfe\xfa\xff", "bad_encoding"),
        ("order_id,updated_at,quantty\n", "unknown_column"),
        ("order_id,updated_at,sku,sku\n", "double_column"),
        ("sku,updated_at\n", "missing_column"),
        ("order_id,sku\n", "missing_column"),
        ('order_id,updated_at\nA,"2026\n', "bad_csv"),
    ],
)
def test_a_head_that_cannot_be_used_refuses_the_table(table: str | bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        drafts(table)
    assert refused.value.code == code


async def test_orders_are_taken_with_all_their_lines_and_nobody_is_told(chaye: Shop, heard: Heard) -> None:
    assert results(await bring(chaye, TABLE)) == ["taken", "taken"]
    first, second = await Order.all().order_by("number")
    assert (first.number, first.total, first.payment, first.customer_name) == ("1001", 56800, "paid", "林晚舟")
    lines = await OrderLine.filter(order=first).order_by("position")
    assert [line.title for line in lines] == ["明前西湖龙井", "茶杯, 白"]
    assert second.headline == "awaiting_payment"
    assert heard.everything == []
    assert await Job.all().count() == 0


async def test_the_same_file_again_changes_nothing(chaye: Shop) -> None:
    await bring(chaye, TABLE)
    kept, version = await rows_kept(), (await Order.get(number="1001")).version
    assert results(await bring(chaye, TABLE)) == ["known", "known"]
    assert await rows_kept() == kept
    assert (await Order.get(number="1001")).version == version


async def test_an_older_file_after_a_newer_one_takes_nothing_back(chaye: Shop) -> None:
    newer = TABLE.replace("2026-03-02T10:00:00+08:00", "2026-03-05T10:00:00+08:00").replace("568.00", "600.00")
    await bring(chaye, newer)
    await bring(chaye, TABLE)
    assert (await Order.get(number="1001")).total == 60000


async def test_a_dry_run_finds_mistakes_and_writes_nothing(chaye: Shop) -> None:
    before = await rows_kept()
    imported = await bring(chaye, TABLE.replace("20.00,pending", "20.00,maybe"), dry_run=True)
    assert results(imported) == ["readable", "refused"]
    assert mistakes(imported) == [(4, "A2", "payment", "unknown_value")]
    assert await rows_kept() == before


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (",100.00", ",1.005", (3, "A1", "unit_price", "bad_amount")),
        (",100.00", ",-4", (3, "A1", "unit_price", "bad_value")),
        (",100.00", ',"1,000.00"', (3, "A1", "unit_price", "bad_value")),
        (",2,100.00", ",two,100.00", (3, "A1", "quantity", "bad_quantity")),
        ("2026/3/2 9:05", "2/3/2026", (4, "A2", "placed_at", "bad_time")),
        ("周敏,,20.00", "周敏,,20.00000", (4, "A2", "total", "bad_value")),
        ("A2,2026/3/2 11:00", ",2026/3/2 11:00", (4, "", "order_id", "missing")),
        ("A2,2026/3/2 11:00", "A2,", (4, "A2", "updated_at", "missing")),
        ("1002,CNY", "1002,", (4, "A2", "", "currency_missing")),
        ("1002,CNY", "1002,yuan", (4, "A2", "currency", "bad_value")),
        (",20.00\r\n", ",20.00,surplus\r\n", (4, "A2", "", "too_many_cells")),
        ("paid,2", "pending,2", (3, "A1", "payment", "contradiction")),
    ],
)
async def test_a_mistake_is_named_by_row_and_field_and_its_order_left_out_whole(
    chaye: Shop, old: str, new: str, expected: tuple[int, str, str, str]
) -> None:
    assert old in TABLE
    imported = await bring(chaye, TABLE.replace(old, new))
    assert mistakes(imported) == [expected]
    assert sorted(results(imported)) == ["refused", "taken"]
    assert [order.number for order in await Order.all()] == (["1001"] if expected[0] == 4 else ["1002"])
    assert await SourceEvent.all().count() == 1


async def test_an_order_that_cannot_be_written_leaves_nothing(chaye: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(*args: Any, **kwargs: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(applying, "keep", power_cut)
    with pytest.raises(OSError, match="no space"):
        await bring(chaye, TABLE)
    assert await rows_kept() == [0, 0, 0, 0, 0]


async def test_documents_one_a_line(chaye: Shop) -> None:
    whole = {
        "id": "A-1",
        "updated_at": "2026-03-02T10:00:00+08:00",
        "number": "7",
        "currency": "CNY",
        "placed_at": "2026-03-02T09:00:00+08:00",
        "totals": {"total": "368.00"},
        "shipments": [{"id": "P", "scans": [{"at": "2026-03-02T10:00:00+08:00", "state": "in_transit"}]}],
        "payments": [{"id": "p", "captured": "368.00", "at": "2026-03-02T09:01:00+08:00"}],
        "refunds": [{"id": "r", "amount": "68.00", "state": "succeeded"}],
    }
    part = {"id": "A-2", "updated_at": "2026-03-02T10:00:00+08:00", "payment": "paid"}
    wrong = [{**whole, "id": "A-3", "totals": {"total": 368}}, {**part, "colour": "red"}, []]
    lines = [json.dumps(one) for one in (whole, part, *wrong)] + ["{", "", json.dumps(whole)]
    imported = [await import_order(chaye, draft) for draft in read_jsonl("\n".join(lines).encode())]
    assert results(imported) == ["taken", "waiting", "refused", "refused", "refused", "refused", "known"]
    assert mistakes(imported) == [
        (3, "A-3", "totals.total", "bad_value"),
        (4, "A-2", "colour", "unknown_field"),
        (5, "", "", "bad_json"),
        (6, "", "", "bad_json"),
    ]
    assert [await model.all().count() for model in (Order, Shipment, TrackingEvent, Payment, Refund)] == [1] * 5


async def test_another_platforms_objects_one_a_line(lumen: Shop) -> None:
    lines = [
        json.dumps(
            {"topic": wire.headers["X-Shopify-Topic"], "headers": dict(wire.headers), "body": wire.body.decode()}
        )
        for wire in told(a_shop("shopify"))
    ]
    for expected in ("taken", "known"):
        imported = [await import_order(lumen, draft, "shopify") for draft in read_jsonl("\n".join(lines).encode())]
        assert {one.result for one in imported} <= {Result(expected), Result.TAKEN, Result.KNOWN}
        assert not mistakes(imported)
    assert (await Order.get()).headline == "completed"
