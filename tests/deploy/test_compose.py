"""deploy/compose.yaml and the image: what they start exists, what they set exists, nothing is open that need not be."""

import re
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
# Keys of the Compose specification (compose-spec, 2024) for a service; of these, what we use.
KEYS = {
    *("image", "build", "command", "environment", "volumes", "networks", "depends_on", "restart", "ports"),
    *("healthcheck", "init", "read_only", "tmpfs", "cap_drop", "security_opt", "shm_size", "logging"),
    *("stop_grace_period", "stop_signal"),
}


def test_the_file_has_the_shape_of_the_specification() -> None:
    assert {key for key in COMPOSE if not key.startswith("x-")} == {"name", "services", "volumes", "networks"}
    for name, service in SERVICES.items():
        assert set(service) <= KEYS, name
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
