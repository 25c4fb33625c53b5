"""The bot's rules from the command line: tried, explained, exported, taken back."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from tests.bots.test_rehearsal import PARTY


def wismo(*arguments: str, status: int = 0) -> str:
    answer = CliRunner().invoke(main, list(arguments))
    assert answer.exit_code == status, answer.output
    return answer.output


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    return folder


def test_the_rules_that_come_with_the_desk_are_right() -> None:
    assert wismo("bot", "test").startswith("✓ ")


def test_a_folder_of_rules_is_tried_before_anybody_hears_it(rules: Path) -> None:
    (rules / "gift_card.toml").write_text(PARTY.replace('"gift (card | voucher)"', '"(order | parcel)"'), "utf-8")
    said = wismo("bot", "test", "--rules", str(rules), status=1)
    assert "✗ order_status: " in said
    (rules / "gift_card.toml").write_text("name = ", "utf-8")
    assert "gift_card.toml: " in wismo("bot", "test", "--rules", str(rules), status=1)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Where is my order 1001?", ["order_status (order_status)", "value    order_number: 1001", "[0.95]"]),
        ("我的快递到哪了", ["order_status (order_status)", "read as  我的快递到哪了"]),
        ("please don't cancel it", ["keep_order (deny)", "cancel_order [rules out] 'do not cancel'"]),
        ("dancing walruses", ["The bot asks what it is about"]),
    ],
)
def test_the_bot_says_why(sentence: str, expected: list[str]) -> None:
    said = wismo("bot", "explain", sentence)
    for words in expected:
        assert words.casefold() in said.casefold()


def test_the_live_rules_go_into_files_and_back(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WISMO_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    shutil.copy(sqlite_template, tmp_path / "data/wismo.db")
    wismo("bot", "export", str(tmp_path / "rules"))
    assert (tmp_path / "rules" / "order_status.toml").read_text("utf-8").startswith("name =")
    assert "Version 1 is live." in wismo("bot", "rollback", "0")
    assert wismo("bot", "versions").startswith("* 1\t")
    assert "no such version" in wismo("bot", "rollback", "7", status=1)
