"""The systemd units: known directives in their sections, commands and settings that exist."""

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli import main as program
from app.settings import Settings
from app.stopping import STOP_SECONDS

SYSTEMD = Path(__file__).resolve().parents[2] / "deploy/systemd"
UNITS = sorted(SYSTEMD.glob("*.service"))

# What systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.kill(5) and systemd.resource-control(5) of version
# 252 (Debian 12) name; of these, what we use. An unknown word is only a warning to systemd, and then no protection.
DIRECTIVES = {
    "Unit": {"Description", "After", "Wants", "StartLimitIntervalSec"},
    "Service": {
        *("Type", "User", "Group", "WorkingDirectory", "EnvironmentFile", "Environment", "ExecStart"),
        *("KillSignal", "KillMode", "TimeoutStopSec", "Restart", "RestartSec", "LimitNOFILE", "UMask"),
        *("StateDirectory", "StateDirectoryMode", "ReadWritePaths", "NoNewPrivileges", "CapabilityBoundingSet"),
        *("ProtectSystem", "ProtectHome", "ProtectProc", "ProtectClock", "ProtectHostname", "ProtectKernelLogs"),
        *("ProtectKernelModules", "ProtectKernelTunables", "ProtectControlGroups", "PrivateTmp", "PrivateDevices"),
        *("RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID"),
        *("LockPersonality", "SystemCallArchitectures", "SystemCallFilter"),
    },
    "Install": {"WantedBy"},
}
HARDENING = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "CapabilityBoundingSet": "", "User": "wismo"}


def unit(path: Path) -> ConfigParser:
    parser = ConfigParser(interpolation=None, strict=True, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text())
    return parser


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_say_only_what_systemd_knows(path: Path) -> None:
    sections = unit(path)
    assert set(sections.sections()) == set(DIRECTIVES)
    unknown = {(name, key) for name in DIRECTIVES for key in sections[name] if key not in DIRECTIVES[name]}
    assert not unknown
    assert HARDENING.items() <= dict(sections["Service"]).items()


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_start_what_there_is(path: Path) -> None:
    service = unit(path)["Service"]
    found = re.fullmatch(r"/opt/wismo/\.venv/bin/python -P -m app\.cli (.+)", service["ExecStart"])
    assert found is not None
    answer = CliRunner().invoke(program, [*found[1].split(), "--help"])
    assert answer.exit_code == 0, answer.output
    variables(service.get("Environment", "").split())


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_waits_longer_than_a_process_takes_to_stop(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["KillSignal"] == "SIGTERM"
    assert int(service["TimeoutStopSec"]) >= 2 * STOP_SECONDS
    assert service["Restart"] == "always"


def test_systemd_itself_finds_nothing_to_say(tmp_path: Path) -> None:
    """Only the path of the program is that of this machine. Exposure is 0 to 10; a unit that says nothing has 9.6."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is missing (Debian package systemd)")
    for path in UNITS:
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/wismo/.venv/bin/python", sys.executable))
    files = [str(tmp_path / path.name) for path in UNITS]
    answer = subprocess.run([analyze, "verify", *files], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    rated = [analyze, "security", "--offline=true", "--threshold=20", "--no-pager"]
    for file in files:
        answer = subprocess.run([*rated, file], capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout[-300:]


@pytest.mark.parametrize("name", ["systemd/wismo.env", "compose/wismo.env"])
def test_samples_of_settings_can_be_read(name: str) -> None:
    lines = [line for line in (SYSTEMD.parent / name).read_text().splitlines() if line and not line.startswith("#")]
    settings = variables([line for line in lines if line.startswith("WISMO_")])
    assert Settings(**settings).secure


def variables(lines: list[str]) -> dict[str, Any]:
    """Names of settings (lower case) and values. Fails for a name that is no setting."""
    pairs = dict(line.removeprefix("WISMO_").split("=", 1) for line in lines)
    values: dict[str, Any] = {name.lower(): value for name, value in pairs.items()}
    assert values.keys() <= Settings.model_fields.keys()
    return values
