"""Finding orders: by what people have at hand, in any script, page by page, and only in one's own shops."""

import importlib
from datetime import timedelta
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from core.audit import AuditEntry
from core.clock import FrozenClock
from core.errors import Invalid
from core.shops import Shop
from core.sql import fetch
from orders.access import Viewer
from orders.finding import MOST_FOUND, cursor, find_orders, why_found
from orders.models import FactSheet, Order
from orders.search_index import text_of
from tests.heard import counted
from tests.orders.conftest import Desk
from tests.orders.deliveries import NOON, upsert

pytestmark = pytest.mark.usefixtures("both_databases")


@pytest.fixture(autouse=True)
def at_noon(clock: FrozenClock) -> None:
    clock.advance(NOON - clock.now())


def bought(number: str, name: str, *goods: tuple[str, str], minutes: int = 0, **more: Any) -> dict[str, Any]:
    """A document of an order with lines (SKU, title)."""
    return {
        "id": f"id-{number}",
        "updated_at": NOON.isoformat(),
        "number": number,
        "currency": "CNY",
        "placed_at": (NOON - timedelta(minutes=minutes)).isoformat(),
        "customer": {"name": name},
        "lines": [
            {"id": str(place), "sku": sku, "title": title, "quantity": 1} for place, (sku, title) in enumerate(goods)
        ],
    } | more


@pytest.fixture
async def orders(desk: Desk, chaye: Shop) -> None:
    for document in (
        bought("1001", "林晚舟", ("TEA-LJ-250", "明前西湖龙井茶叶 250克"), minutes=1),
        bought("1002", "José Álvarez", ("LO-ALD", "Alder table lamp"), ("LO-BUL", "Filament bulb"), minutes=2),
        bought("1003", "Анна Петрова", ("K7/55.B", "Teekanne „Große Stube“"), minutes=3),
        bought("1004", "山田さくら", ("X1", "急須セット"), minutes=4),
        bought("1005", "김민지", ("X2", "녹차"), minutes=5),
        bought("1006", "محمد علي", ("X3", "إبريق شاي"), ship_to={"country": "AE", "name": "فاطمة"}, minutes=6),
    ):
        assert (await desk.hear(upsert(document, NOON))).state == "folded"


async def numbers(shop: Shop, text: str) -> list[str]:
    return [order.number for order in await find_orders(Viewer.agent(7, [shop.id], "Omar"), text)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("龙井", "1001"),
        ("西湖龙井", "1001"),
        ("林晚舟", "1001"),
        ("晚舟", "1001"),
        ("TEA-LJ-250", "1001"),
        ("tealj250", "1001"),
        ("jose alvarez", "1002"),
        ("ÁLVAREZ", "1002"),
        ("alva", "1002"),
        ("bulb", "1002"),
        ("lo-ald", "1002"),
        ("ＬＯ－ＡＬＤ", "1002"),
        ("lamp alder", "1002"),
        ("Петрова", "1003"),
        ("große stube", "1003"),
        ("k755b", "1003"),
        ("さくら", "1004"),
        ("急須", "1004"),
        ("민지", "1005"),
        ("محمد", "1006"),
        ("فاطمة", "1006"),
        ("#1003", "1003"),
    ],
)
async def test_an_order_is_found_by_goods_and_names_in_any_script(
    orders: None, chaye: Shop, text: str, number: str
) -> None:
    assert await numbers(chaye, text) == [number]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "湖西",
        "舟林",
        "lamp teapot",
        "ald'",
        '"',
        "*",
        "NEAR(a b)",
        "a OR b",
        "lamp:*",
        "'; DROP TABLE x",
        "\x00",
    ],
)
async def test_what_is_not_there_is_not_found_and_nothing_breaks(orders: None, chaye: Shop, text: str) -> None:
    found = await numbers(chaye, text)
    assert found == (["1002"] if text in {"ald'", "lamp:*"} else [])


RICH = bought(
    "LN-2001",
    "Zoë Smith",
    ("LO-HAL", "Halo floor lamp"),
    customer={"name": "Zoë Smith", "email": "zoe.smith@example.com", "phone": "+491701234567"},
    shipments=[{"id": "P", "carrier": "DHL", "tracking_number": "1Z-999 AA1 0123 4567 84"}],
    payments=[{"id": "1", "method": "card", "reference": "ch_3Pq8", "state": "paid", "captured": "10.00"}],
    refunds=[{"id": "1", "amount": "2.00", "state": "pending", "method": "card", "reference": "re_77Ax"}],
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("LN-2001", "number"),
        ("#ln 2001", "number"),
        ("no. LN-2001", "number"),
        ("订单号：ＬＮ２００１", "number"),
        ("1z999aa10123456784", "tracking"),
        ("1Z 999 AA1 0123 4567 84", "tracking"),
        ("单号1Z999AA10123456784", "tracking"),
        ("4567", "phone"),
        ("尾号4567", "phone"),
        ("４５６７", "phone"),
        ("+49 (0)170 / 123 45-67", "phone"),
        ("0049 170 1234567", "phone"),
        ("0170 1234567", "phone"),
        ("zoe.smith@example.com", "email"),
        ("Zoe.Smith@Example.com", "email"),
        ("zoe.smith@", "email"),
        ("zoe.s", "email"),
        ("ch_3Pq8", "payment"),
        ("re_77Ax", "refund"),
        ("LO-HAL", "sku"),
        ("lohal", "sku"),
        ("halo", "goods"),
        ("smith", "name"),
        ("zoe", "email"),
    ],
)
async def test_an_order_is_found_by_every_name_it_has_and_says_which(
    orders: None, desk: Desk, chaye: Shop, text: str, kind: str
) -> None:
    assert (await desk.hear(upsert(RICH, NOON))).state == "folded"
    viewer = Viewer.agent(7, [chaye.id], "Omar")
    found = await find_orders(viewer, text)
    assert [order.number for order in found] == ["LN-2001"]
    why = await why_found(viewer, found, text)
    assert [reason.kind for reason in why[found[0].id]] == [kind]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("smith lamp", ["name", "goods"]),
        ("smith 4567", ["name", "phone"]),
        ("LN-2001 zoë", ["number", "name"]),
        ("halo LO-HAL zoe.smith@example.com", ["goods", "sku", "email"]),
        ("ch_3Pq8 1Z999AA10123456784", ["payment", "tracking"]),
        ("smith teapot", None),
        ("smith 4568", None),
        ("LN-2001 álvarez", None),
        ("4567 龙井", None),
    ],
)
async def test_an_order_has_all_of_several_words(
    orders: None, desk: Desk, chaye: Shop, text: str, kinds: list[str] | None
) -> None:
    await desk.hear(upsert(RICH, NOON))
    viewer = Viewer.agent(7, [chaye.id])
    found = await find_orders(viewer, text)
    why = await why_found(viewer, found, text)
    assert [[reason.kind for reason in why[order.id]] for order in found] == ([kinds] if kinds else [])


async def test_wildcards_are_letters(orders: None, desk: Desk, chaye: Shop) -> None:
    await desk.hear(upsert(RICH, NOON))
    for text in ("z_e.s", "z%.smith@", "%4567", "____", "%%%%"):
        assert await numbers(chaye, text) == [], text


async def test_pages_of_a_phone_tail_follow_one_another(desk: Desk, chaye: Shop) -> None:
    for number in range(MOST_FOUND + 4):
        customer = {"name": "Bo", "phone": f"+4917012{number:02d}4567"}
        await desk.hear(upsert(bought(str(7000 + number), "Bo", minutes=number // 3, customer=customer), NOON))
    viewer, seen, after = Viewer.agent(7, [chaye.id]), list[str](), None
    while page := await find_orders(viewer, "4567", after):
        seen += [order.number for order in page]
        after = cursor(page[-1])
    assert len(seen) == len(set(seen)) == MOST_FOUND + 4


async def test_only_own_shops_are_searched(orders: None, desk: Desk, chaye: Shop, lumen: Shop) -> None:
    assert await numbers(lumen, "龙井") == []
    await desk.hear(upsert(RICH, NOON))
    for text in ("LN-2001", "1Z999AA10123456784", "4567", "zoe.smith@example.com", "ch_3Pq8", "re_77Ax", "smith 4567"):
        assert await numbers(lumen, text) == []
        assert await numbers(chaye, text) == ["LN-2001"]
    assert await find_orders(Viewer.agent(7, []), "龙井") == []
    assert await find_orders(Viewer.customer(chaye.id, ["lin@example.com"]), "龙井") == []


async def test_what_an_order_says_now_is_what_finds_it(orders: None, desk: Desk, chaye: Shop) -> None:
    changed = bought("1001", "林小舟", ("TEA-LJ-250", "明前碧螺春"), updated_at=(NOON + timedelta(hours=1)).isoformat())
    await desk.hear(upsert(changed, NOON))
    assert await numbers(chaye, "碧螺春") == await numbers(chaye, "林小舟") == ["1001"]
    assert await numbers(chaye, "龙井") == await numbers(chaye, "晚舟") == []
    await FactSheet.all().delete()
    await Order.filter(number="1001").delete()
    assert await numbers(chaye, "碧螺春") == []


async def test_pages_follow_one_another_without_gaps_and_doubles(desk: Desk, chaye: Shop) -> None:
    for number in range(2 * MOST_FOUND + 3):
        await desk.hear(upsert(bought(str(5000 + number), "周敏", ("T", "红茶"), minutes=number // 3), NOON))
    viewer, seen, after = Viewer.agent(7, [chaye.id]), list[str](), None
    while page := await find_orders(viewer, "红茶", after):
        assert len(page) <= MOST_FOUND
        seen += [order.number for order in page]
        after = cursor(page[-1])
    newest = await Order.all().order_by("-placed_at", "-id")
    assert seen == [order.number for order in newest]
    assert len(set(seen)) == 2 * MOST_FOUND + 3


@pytest.mark.parametrize("text", ["x", "MTIz", "!!!!", "fHw=", "MjAyNi0wMy0wMlQxMjowMDowMHwx"])
async def test_a_cursor_of_something_else_is_refused(chaye: Shop, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        await find_orders(Viewer.agent(7, [chaye.id]), "红茶", text)
    assert refused.value.code == "bad_cursor"


async def test_the_number_of_statements_does_not_depend_on_what_is_found(orders: None, desk: Desk, chaye: Shop) -> None:
    with counted() as one:
        assert await numbers(chaye, "龙井") == ["1001"]
    for number in range(12):
        await desk.hear(upsert(bought(str(6000 + number), "Bo", ("T", "龙井")), NOON))
    with counted() as many:
        assert len(await numbers(chaye, "龙井")) == 13
    assert len(one) == len(many) <= 5
    entry = await AuditEntry.filter(action="orders.found").order_by("-id").first()
    assert entry is not None
    assert "龙井" not in str(entry.detail)


async def test_the_migration_fills_the_index_for_orders_that_are_there(
    orders: None, chaye: Shop, database: TortoiseContext
) -> None:
    migration = importlib.import_module("app.migrations.0004_order_search")

    class Editor:
        client = database.db()

    before = await fetch("SELECT COUNT(*) AS n FROM order_search")
    await migration.drop(None, Editor)
    await migration.create(None, Editor)
    assert await fetch("SELECT COUNT(*) AS n FROM order_search") == before
    for text, number in (("龙井", "1001"), ("lo-bul", "1002"), ("فاطمة", "1006")):
        assert await numbers(chaye, text) == [number]


def test_the_text_of_an_order_is_bounded() -> None:
    assert len(text_of(["n" * 100], ["明" * 500] * 500, ["S-1"] * 500)) < 50_000
    assert text_of(["Bo"], [], ["A-1"]) == "bo a 1 a1"
