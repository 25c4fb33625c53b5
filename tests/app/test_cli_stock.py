"""`wismo stock` as an operator calls it: bring figures in, look, and say that something is gone."""

import json
from pathlib import Path

import pytest

from tests.app.commands import Desk

ORDERS = (
    "order_id,updated_at,currency,placed_at,payment,sku,title,quantity\n"
    "A1,2026-03-02T10:00:00Z,EUR,2026-03-02T09:00:00Z,paid,LAMP,Lamp,1\n"
    "A2,2026-03-02T10:00:00Z,EUR,2026-03-02T09:30:00Z,paid,LAMP,Lamp,2\n"
)
STOCK = "sku;location;on_hand;restock_eta;updated_at\nLAMP;berlin;1;2026-04-01;2026-03-02T10:00:00Z\nBULB;;x;;\n"


@pytest.mark.slow
def test_an_operator_brings_in_looks_and_discontinues(tmp_path: Path, data_folder: Path) -> None:
    desk, orders, stock = Desk(data_folder, DEMO="0"), tmp_path / "orders.csv", tmp_path / "stock.csv"
    orders.write_text(ORDERS)
    stock.write_text(STOCK)
    page = "https://lamps.example"
    desk.call("shops", "add", "lamps", "--name", "Lamps", "--mail", "help@lamps.example", "--page", page)
    said = desk.call("stock", "import", str(stock), "--shop", "lamps", "--dry-run", status=1)
    assert "1 readable, 1 refused" in said
    assert "row 3: BULB: on_hand: bad_quantity" in said
    assert "1 taken, 0 known" in desk.call("stock", "import", str(stock), "--shop", "lamps", status=1)
    assert "0 taken, 1 known" in desk.call("stock", "import", str(stock), "--shop", "lamps", status=1)
    desk.call("orders", "import", str(orders), "--shop", "lamps")
    shown = json.loads(desk.call("stock", "show", "LAMP", "--json"))
    assert shown["levels"] == [{"source": "stock", "location": "berlin", "on_hand": 1}]
    assert [order["number"] for order in shown["orders"]] == ["A1", "A2"]
    gone = desk.call("stock", "discontinue", "LAMP", "--shop", "lamps")
    assert "A1  1 ×" in gone
    assert "A2  2 ×" in gone
    assert "nobody has told" in desk.call("stock", "show", "NOTHING", status=1)
