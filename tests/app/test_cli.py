"""What an operator types, and what comes back: sentences to act on, secrets masked, honest exit statuses."""

import json
import shutil
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from tests.app.commands import Desk, Served

pytestmark = pytest.mark.slow

NEW_SHOP = ("--name", "Lumen", "--mail", "help@lumen.example", "--page", "https://lumen.example")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An installation in which nothing was ever done."""
    return Desk(tmp_path / "data", MAIL_PORT="-1")


@pytest.fixture
def empty(desk: Desk, sqlite_template: Path) -> Desk:
    """An installation with an empty, migrated database."""
    return migrated(desk, sqlite_template)


@pytest.fixture
def started() -> Iterator[list[Served]]:
    served: list[Served] = []
    yield served
    for one in served:
        one.close()


def migrated(desk: Desk, template: Path) -> Desk:
    desk.folder.mkdir()
    shutil.copy(template, desk.folder / "wismo.db")
    return desk


def test_wrong_settings_are_all_named_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, PORT="a lot", BASE_URL="desk", SMTP_URL="ftp://me:pass%20word@mail.example", LOG_LEVEL="loud")
    said = desk.call("config", "check", status=1)
    assert [f"WISMO_{name}: " in said for name in ("PORT", "BASE_URL", "SMTP_URL", "LOG_LEVEL")] == [True] * 4
    assert "like https://help.shop.example" in said
    assert "pass" not in said
    process = desk.start("serve")
    assert process.communicate(timeout=20)[0] == said, "and no traceback"
    assert process.returncode == 1


def test_settings_are_shown_without_their_secrets(tmp_path: Path) -> None:
    secrets = {
        "DATABASE_URL": "postgresql://wismo:sesame@db.example/wismo",
        "REDIS_URL": "redis://:sesame@redis.example/0",
        "SMTP_URL": "smtps://wismo:sesame@mail.example",
    }
    said = Desk(tmp_path, PORT="8123", **secrets).call("config", "show")
    assert "sesame" not in said
    lines = dict(line.split("=", 1) for line in said.splitlines())
    assert (lines["WISMO_PORT"], lines["WISMO_LOG_FORMAT"], lines["WISMO_BASE_URL"]) == ("8123", "console", "")
    assert all(lines[f"WISMO_{name}"].strip("*") == "" for name in secrets)
    assert all(lines[f"WISMO_{name}"] for name in secrets)


def test_a_database_that_is_not_up_to_date_is_not_served(desk: Desk) -> None:
    for command in (["serve"], ["work"], ["shops", "list"]):
        assert "run ./wismo migrate" in desk.call(*command, status=1)
    assert not (desk.folder / "wismo.db").exists(), "asking makes no database"


def test_the_doctor_says_what_is_missing_until_nothing_is(desk: Desk) -> None:
    ill = desk.call("doctor", status=1)
    assert "migrations are pending" in ill
    assert "there is no database yet" in ill
    assert "0001_initial" in desk.call("migrate")
    assert "in order" in desk.call("doctor")


def test_a_database_that_cannot_be_reached_is_a_sentence(tmp_path: Path) -> None:
    desk = Desk(tmp_path, DATABASE_URL="postgresql://wismo:sesame@127.0.0.1:1/wismo")
    for command in (["serve"], ["doctor"]):
        said = desk.call(*command, status=1)
        assert "127.0.0.1:1" in said
        assert "sesame" not in said


def test_a_shop_is_connected_with_its_script_and_secrets(empty: Desk) -> None:
    said = empty.call("shops", "add", "lumen", *NEW_SHOP, "--origin", "https://lumen.example", "--currency", "EUR")
    assert 'data-site="lumen"' in said
    assert "API secret: whsec_" in said
    assert "lumen\tgeneric\ten\tLumen" in empty.call("shops", "list")
    assert empty.call("shops", "secret", "lumen", "shopify", "--value", "from-the-platform") == "from-the-platform\n"
    assert "no shop has the key nobody" in empty.call("shops", "secret", "nobody", "api", status=2)
    assert "JSON object" in empty.call("shops", "secret", "lumen", "alipay", "--value", "MIIBIjANBg", status=2)
    assert empty.call("shops", "secret", "lumen", "kuaidi100", "--value", "") == "\n"
    empty.call("shops", "add", "lumen", *NEW_SHOP, status=1)
    with closing(sqlite3.connect(empty.folder / "wismo.db")) as database:
        [(secrets, currency)] = database.execute("SELECT secrets, currency FROM shop").fetchall()
    assert json.loads(secrets)["shopify"] == ["from-the-platform"]
    assert currency == "EUR"


def test_business_hours_are_set_from_a_file_and_shown_in_its_form(empty: Desk, tmp_path: Path) -> None:
    empty.call("shops", "add", "lumen", *NEW_SHOP, "--timezone", "Europe/Berlin")
    assert empty.call("shops", "hours", "lumen") == "# Lumen, Europe/Berlin\n# always open\n"
    hours = 'mon = ["09:00-12:00", "13:00-18:00"]\n[dates]\n2026-12-25 = []\n'
    (tmp_path / "hours.toml").write_text(hours)
    assert empty.call("shops", "hours", "lumen", "--file", str(tmp_path / "hours.toml")).endswith(hours)
    (tmp_path / "wrong.toml").write_text('monday = ["09:00-12:00"]')
    assert "monday" in empty.call("shops", "hours", "lumen", "--file", str(tmp_path / "wrong.toml"), status=1)
    assert empty.call("shops", "hours", "lumen").endswith(hours)


def test_people_are_hired_and_let_go(empty: Desk) -> None:
    empty.call("shops", "add", "lumen", *NEW_SHOP)
    typed = "Omar\ncorrect horse battery\ncorrect horse battery\n"
    assert "may log in now" in empty.call("agents", "add", "Omar@Lumen.example", "--shop", "lumen", typed=typed)
    assert empty.call("agents", "list") == "omar@lumen.example\tagent\tactive\tOmar\n"
    said = empty.call("agents", "add", "mei@lumen.example", "--shop", "tea", status=2, typed=typed)
    assert "no shop has the key tea" in said
    empty.call("agents", "add", "omar@lumen.example", status=1, typed=typed)
    empty.call("agents", "add", "mei@lumen.example", "--name", "Mei", "--password", "short", status=1)
    empty.call("agents", "disable", "omar@lumen.example")
    assert "disabled" in empty.call("agents", "list")


def test_two_desks_stand_side_by_side(tmp_path: Path, sqlite_template: Path, started: list[Served]) -> None:
    for name in ("one", "two"):
        desk = migrated(Desk(tmp_path / name), sqlite_template)
        desk.call("shops", "add", name, *NEW_SHOP)
        started.append(Served(desk, "serve"))
    addresses = {served.address for served in started}
    assert len(addresses) == 2
    for name, served in zip(("one", "two"), started, strict=True):
        assert httpx2.get(f"{served.address}/readyz").status_code == 200
        assert httpx2.get(f"{served.address}/widget?site={name}").status_code == 200
        assert httpx2.get(f"{served.address}/widget?site={'two' if name == 'one' else 'one'}").status_code == 404
        assert "Mail in" in served.said
    for served, by in zip(started, (signal.SIGINT, signal.SIGTERM), strict=True):
        assert served.end(by) == 0, served.said
        assert "Traceback" not in served.said
        assert "Error" not in served.said


def test_a_port_that_is_taken_is_named_with_the_way_out(empty: Desk) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        empty.environment["WISMO_PORT"] = str(port)
        said = empty.call("run", status=1)
    assert f"127.0.0.1:{port} cannot be used" in said
    assert "WISMO_PORT" in said


def test_what_the_bot_understands_comes_line_by_line(desk: Desk) -> None:
    process = desk.start("bot", "classify")
    assert process.stdin is not None
    assert process.stdout is not None
    for number, text in enumerate(["where is my order?", "我要退款"]):
        process.stdin.write(json.dumps({"id": number, "text": text}) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())  # before the next question is asked
        assert answer["id"] == number
        assert answer["intent"] == ("order_status", "refund_request")[number]
    rest, _ = process.communicate(timeout=20)
    assert (rest, process.returncode) == ("", 0)


def test_the_program_introduces_itself(desk: Desk) -> None:
    assert desk.call("version").startswith("wismo ")
    assert "Usage: wismo" in desk.call("-h")
