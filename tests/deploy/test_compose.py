"""deploy/compose.yaml and the image: what they start exists, what they set exists, nothing is open that need not be."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from app.cli import main as program
from app.settings import Settings
from tests.architecture.sources import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "wismo:latest"]
DURATION = r"(\d+(us|ms|s|m|h))+"
# Keys of the Compose specification (compose-spec, 2024) for a service, of these what we use, and what it says of their
# values; "" is any key of a mapping.
SHAPES: dict[str, Any] = {
    "image": r"\S+",
    "restart": "no|always|on-failure(:\\d+)?|unless-stopped",
    "stop_grace_period": DURATION,
    "stop_signal": "SIG[A-Z0-9]+",
    "shm_size": r"\d+(b|k|m|g|kb|mb|gb)",
    "command": [r".*"],
    "ports": [r"\d+:\d+"],
    "volumes": [r"[^:]+(:[^:]+)?:/[^:]+(:ro)?"],
    "tmpfs": [r"/\S*"],
    "cap_drop": ["[A-Z_]+"],
    "security_opt": [r"\S+"],
    "environment": {"": ".*"},
    "build": {"context": ".+", "dockerfile": ".+"},
    "logging": {"driver": ".+", "options": {"": ".+"}},
    "depends_on": {"": {"condition": "service_(started|healthy|completed_successfully)"}},
    "healthcheck": {"test": [".+"], "retries": int} | dict.fromkeys(("interval", "timeout", "start_period"), DURATION),
    "init": bool,
    "read_only": bool,
}


def fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, str):
        return isinstance(value, str) and re.fullmatch(shape, value, re.DOTALL) is not None
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(item, shape[0]) for item in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(fits(item, shape.get(key, shape.get(""))) for key, item in value.items())
    return shape is not None and type(value) is shape


@pytest.mark.parametrize("name", SERVICES)
def test_values_have_the_types_of_the_specification(name: str) -> None:
    """What a program that reads the file would refuse: a number where text must be, an unknown word, a bad duration."""
    wrong = {key: value for key, value in SERVICES[name].items() if key in SHAPES and not fits(value, SHAPES[key])}
    assert wrong == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [("restart", False), ("stop_grace_period", 15), ("ports", [25]), ("healthcheck", {"intervall": "5s"}), ("init", 1)],
)
def test_a_wrong_value_is_seen(key: str, value: object) -> None:
    assert not fits(value, SHAPES[key])


def test_the_file_has_the_shape_of_the_specification() -> None:
    assert {key for key in COMPOSE if not key.startswith("x-")} == {"name", "services", "volumes", "networks"}
    for name, service in SERVICES.items():
        assert set(service) <= {*SHAPES, "networks"}, name
        assert set(service["networks"]) <= set(COMPOSE["networks"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            named = source in COMPOSE["volumes"] or source.startswith("${")
            assert named or (ROOT / "deploy" / source).exists(), volume
        for other, condition in service.get("depends_on", {}).items():
            assert condition["condition"] in {"service_healthy", "service_completed_successfully"}
            assert condition["condition"] != "service_healthy" or "healthcheck" in SERVICES[other], other


@pytest.mark.parametrize("name", OURS)
def test_our_processes_are_started_by_commands_and_settings_that_exist(name: str) -> None:
    service = SERVICES[name]
    answer = CliRunner().invoke(program, [*service["command"], "--help"])
    assert answer.exit_code == 0, answer.output
    known = {f"WISMO_{field.upper()}" for field in Settings.model_fields}
    assert service["environment"].keys() <= known
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]


def test_only_nginx_is_trusted_and_only_nginx_and_mail_are_open() -> None:
    nginx = SERVICES["nginx"]["networks"]["desk"]["ipv4_address"]
    assert {SERVICES[name]["environment"]["WISMO_FORWARDED_ALLOW_IPS"] for name in OURS} == {nginx}
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"nginx", "mail"}


def test_nginx_knows_the_web_processes() -> None:
    upstream = (ROOT / "deploy/compose/nginx/upstream.conf").read_text()
    webs = {name for name in OURS if name.startswith("web-")}
    assert set(re.findall(r"server ([\w-]+):8000 ", upstream)) == webs
    assert webs <= SERVICES["nginx"]["depends_on"].keys()
    mounted = {Path(volume.split(":")[0]).name for volume in SERVICES["nginx"]["volumes"]}
    assert {path.name for path in (ROOT / "deploy/nginx/wismo").iterdir()} <= mounted


def test_images_have_a_tag_and_no_host() -> None:
    container = (ROOT / "deploy/Containerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", container, re.MULTILINE)
    for image in [*bases, *(service["image"] for service in SERVICES.values())]:
        assert re.fullmatch(r"[a-z]+:[\w.-]+", image), image


def test_the_image_holds_the_program_and_nobody_is_root() -> None:
    container = (ROOT / "deploy/Containerfile").read_text()
    copied = dict(re.findall(r"^COPY (\w+) (\w+)$", container, re.MULTILINE))
    assert copied == {name: name for name in (*PACKAGES, "static", "templates")}
    assert "\nUSER wismo\n" in container
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {f"!{name}" for name in copied} <= set(ignored)
    variables = set(re.findall(r"\b(WISMO_\w+)=", container))
    assert variables <= {f"WISMO_{field.upper()}" for field in Settings.model_fields}


@pytest.mark.slow
def test_what_the_image_holds_is_compiled_and_starts_where_nothing_can_be_written(tmp_path: Path) -> None:
    """The steps of the Containerfile after the packages, one after the other, in a folder of its own."""
    container = (ROOT / "deploy/Containerfile").read_text()
    _, steps = container.split("WORKDIR /opt/wismo\n")
    for line in steps.splitlines():
        words = line.split()
        if words[0] == "COPY":
            shutil.copytree(ROOT / words[1], tmp_path / words[2], ignore=shutil.ignore_patterns("__pycache__"))
        elif words[0] == "RUN":
            subprocess.run([sys.executable, *words[2:]], cwd=tmp_path, check=True)
    sources = [path for package in PACKAGES for path in (tmp_path / package).rglob("*.py")]
    assert sources
    for path in sources:
        compiled = Path(importlib.util.cache_from_source(str(path))).read_bytes()
        assert compiled[4] == 1, "by hash, unchecked: no file is looked at twice"
    command = [sys.executable, "-P", "-m", "app.cli", "migrate", "--help"]
    environment = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", "WISMO_DATA_DIR": "/nowhere"}
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "Usage:" in answer.stdout
