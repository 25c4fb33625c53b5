"""Return policies from the command line: shown, changed as a file, checked, replayed, published."""

import shutil
from pathlib import Path

from tests.app.commands import Desk


def test_a_policy_goes_out_as_a_file_and_comes_back_changed(tmp_path: Path, sqlite_template: Path) -> None:
    desk = Desk(tmp_path)
    shutil.copy(sqlite_template, tmp_path / "wismo.db")
    shop = ["--name", "Lumen", "--mail", "help@lumen.example", "--page", "https://lumen.example"]
    desk.call("shops", "add", "lumen", *shop)
    said = desk.call("policies", "show", "lumen")
    assert "European Union: right of withdrawal, version 1" in said
    assert "Grant: within 30 days of delivery" in said
    file = tmp_path / "policy.toml"
    text = desk.call("policies", "show", "lumen", "--as", "toml")
    file.write_text(text.replace("within = 30", "within = 60"), encoding="utf-8")
    assert "changed_mind_late does not take away what the law grants" in desk.call("policies", "check", str(file))
    assert "changed_mind_late 不能剥夺法律赋予的权利" in desk.call("policies", "check", str(file), "--language", "zh")
    assert "0 cases, 0 treated differently" in desk.call("policies", "replay", str(file), "--shop", "lumen")
    said = desk.call("policies", "publish", str(file), "--shop", "lumen", "--note", "Longer")
    assert said == "Version 1 is in force.\n"
    desk.call("policies", "publish", str(file), "--shop", "lumen", status=1)
    assert '"within": 60' in desk.call("policies", "show", "lumen", "--version", "1", "--as", "json")
    desk.call("policies", "show", "lumen", "--version", "2", status=2)
    file.write_text("[[rows]]\nid = 3", encoding="utf-8")
    assert "policy.toml: rows.0.id" in desk.call("policies", "check", str(file), status=1)
    desk.call("policies", "replay", str(file), "--shop", "nowhere", status=1)
