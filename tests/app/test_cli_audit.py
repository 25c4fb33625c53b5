"""`wismo audit` as an operator calls it, and the export as somebody without Wismo checks it."""

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.commands import ROOT, Desk

PAGE = "https://lamps.example"


@pytest.fixture
def desk(data_folder: Path) -> Desk:
    desk = Desk(data_folder, DEMO="0")
    desk.call("shops", "add", "lamps", "--name", "Lamps", "--mail", "help@lamps.example", "--page", PAGE)
    desk.call("shops", "secret", "lamps", "api")
    desk.call("teams", "add", "Refunds")
    return desk


def script() -> str:
    """The program that docs/audit.md prints."""
    return str(re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "audit.md").read_text(), re.DOTALL)[0])


def test_an_operator_checks_exports_and_reads(desk: Desk, tmp_path: Path) -> None:
    said = desk.call("audit", "verify")
    assert "0 entries are as they were written" in said
    assert "3 are not sealed yet" in said
    assert "3 entries sealed" in desk.call("audit", "seal")
    head = desk.call("audit", "verify").rpartition("Head: ")[2].strip()
    assert "3 entries are" in desk.call("audit", "verify", "--head", head)
    assert "PLACE:DIGEST" in desk.call("audit", "verify", "--head", "3", status=2)
    whole = tmp_path / "audit.jsonl"
    desk.call("audit", "export", "--output", str(whole))
    lines = [json.loads(line) for line in whole.read_text().splitlines()]
    assert [line["entry"]["action"] for line in lines[1:]] == ["shop.created", "shop.secret_added", "team.created"]
    assert f"3:{lines[-1]['digest']}" == head
    assert "whsec_" not in whole.read_text()
    shop = lines[1]["entry"]["subject"]
    shown = desk.call("audit", "show", shop)
    assert "system\tshop.created" in shown
    assert json.loads(desk.call("audit", "show", shop, "--json").splitlines()[1])["detail"] == {"kind": "api"}
    assert "nothing is written" in desk.call("audit", "show", "ord_x", status=1)
    later = desk.call("audit", "export", "--since", "2100-01-01").splitlines()
    assert json.loads(later[0]) == {"after": 3, "digest": lines[-1]["digest"]}
    assert len(later) == 1
    assert "a time like" in desk.call("audit", "export", "--since", "soon", status=2)


def test_the_export_is_checked_without_wismo(desk: Desk, tmp_path: Path) -> None:
    desk.call("audit", "seal")
    exported = tmp_path / "audit.jsonl"
    desk.call("audit", "export", "--output", str(exported))
    (tmp_path / "check.py").write_text(script())
    assert len(script().splitlines()) <= 15

    def check() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(tmp_path / "check.py"), str(exported)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert "3 entries fit" in check().stdout
    exported.write_text(exported.read_text().replace("Refunds", "Returns"))
    broken = check()
    assert broken.returncode == 1
    assert "place 3" in broken.stderr


def test_what_somebody_changed_is_named(desk: Desk) -> None:
    desk.call("audit", "seal")
    with sqlite3.connect(desk.folder / "wismo.db") as database:
        database.execute("DROP TRIGGER audit_entry_never_changes")
        database.execute("UPDATE audit_entry SET action = 'nothing' WHERE id = 2")
    database.close()
    said = desk.call("audit", "verify", status=1)
    assert "BROKEN at place 2, entry 2: does not fit the digest" in said
    assert "1 entries before it" in said
    assert "broken at place 2" in desk.call("audit", "export", status=1)
