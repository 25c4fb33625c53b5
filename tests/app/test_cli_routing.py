"""How work is given out, from the command line."""

import shutil
from pathlib import Path

from tests.app.commands import Desk


def test_an_operator_sets_up_teams_and_what_agents_take(tmp_path: Path, sqlite_template: Path) -> None:
    desk = Desk(tmp_path)
    shutil.copy(sqlite_template, tmp_path / "wismo.db")
    shop = ["--name", "Lumen", "--mail", "help@lumen.example", "--page", "https://lumen.example"]
    desk.call("shops", "add", "lumen", *shop)
    desk.call("agents", "add", "omar@shop.example", "--name", "Omar", "--password", "correct horse battery")
    desk.call("teams", "add", "Refunds", "--shop", "lumen")
    wishes = ["--capacity", "5", "--language", "en", "--kind", "refund", "--team", "Refunds"]
    said = desk.call("agents", "work", "omar@shop.example", *wishes)
    assert said.strip() == "omar@shop.example\t5 points\ten\trefund\tRefunds"
    assert desk.call("agents", "work", "omar@shop.example").strip() == said.strip()
    assert "Refunds\tlumen\tomar@shop.example" in desk.call("teams", "list")
    assert (
        desk.call("shops", "assignment", "lumen", "automatic", "--valuable-from", "500").strip() == "lumen\tautomatic"
    )
    desk.call("agents", "work", "omar@shop.example", "--team", "Nobody", status=2)
    desk.call("shops", "assignment", "nowhere", "automatic", status=2)
