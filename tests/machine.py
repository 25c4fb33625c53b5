"""What the tests need from the machine beside Python: which programs are missing, and fetching them with apt."""

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

# Nothing that is installed may start: the tests run private servers on free ports. A policy-rc.d that exists is
# somebody's decision and stays; ours goes again. PostgreSQL would otherwise make and start a cluster on port 5432.
AS_ROOT = """
set -eu
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\\nexit 101\\n' >$policy
    chmod +x $policy
fi
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi
# Only a program of Postfix's package is wanted: without a main.cf it does not start with the machine either.
if [ ! -e /etc/postfix ] && command -v debconf-set-selections >/dev/null; then
    echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
fi
install() {
    apt-get install -y -qq --no-install-recommends --no-remove -o Dpkg::Options::=--force-confold "$@"
}
apt-get update -qq
install "$@" && exit
# One of them cannot be had here, or would take the place of something that is installed: the others can.
for package; do install "$package" || echo "not installed: $package"; done
exit 1
"""


def has_postgresql() -> bool:
    return bool(shutil.which("initdb") or glob.glob("/usr/lib/postgresql/*/bin/initdb"))  # noqa: PTH207


def has_redis() -> bool:
    return shutil.which("redis-server") is not None


def has_nginx() -> bool:
    return bool(shutil.which("nginx") or Path("/usr/sbin/nginx").exists())


def has_dovecot() -> bool:
    return (
        bool(shutil.which("dovecot") or Path("/usr/sbin/dovecot").exists()) and Path("/usr/lib/dovecot/imap").exists()
    )


def has_smtp_sink() -> bool:
    return bool(shutil.which("smtp-sink") or Path("/usr/sbin/smtp-sink").exists())


def chromium_path() -> str | None:
    """Where a Chromium is."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-headless-shell", "google-chrome"))), None)


def has_chromium() -> bool:
    return chromium_path() is not None


def has_chinese_font() -> bool:
    """Without one, Chinese pages are rows of boxes."""
    if shutil.which("fc-list") is None:
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout.strip())


# Each need of a test step → how to look for it, and the Debian packages that bring it.
NEEDS: dict[str, tuple[Callable[[], bool], tuple[str, ...]]] = {
    "PostgreSQL": (has_postgresql, ("postgresql",)),
    "Redis": (has_redis, ("redis-server",)),
    "nginx": (has_nginx, ("nginx-light",)),
    "Dovecot": (has_dovecot, ("dovecot-imapd",)),
    "smtp-sink": (has_smtp_sink, ("postfix",)),
    "Chromium": (has_chromium, ("chromium",)),
    "a Chinese font": (has_chinese_font, ("fontconfig", "fonts-wqy-microhei")),
}


def missing(needs: Iterable[str]) -> list[str]:
    """Those of `needs` that this machine does not offer."""
    return [need for need in needs if not NEEDS[need][0]()]


def fetch(needs: Iterable[str], log: Path) -> subprocess.Popen[bytes] | None:
    """Starts to install what is missing; None if that is nothing, or if this machine does not let us."""
    packages = [package for need in missing(needs) for package in NEEDS[need][1]]
    if not packages:
        return None
    root = become_root()
    if root is None or shutil.which("apt-get") is None:
        print(f"Please install: {' '.join(packages)}", file=sys.stderr)
        return None
    print(f"Installing with apt (log: {log}): {' '.join(packages)}", flush=True)
    with log.open("wb") as output:
        return subprocess.Popen(
            [*root, "sh", "-c", AS_ROOT, "sh", *packages],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def become_root() -> list[str] | None:
    """The prefix that runs a command as root; asks for the password now, before the output of the tests flows."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-v"], check=False).returncode == 0:
        return ["sudo"]
    return None
