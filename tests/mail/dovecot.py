"""A private Dovecot: own folder, free port of the loopback address, gone at the end. Mail is put into its Maildirs."""

import itertools
import os
import pwd
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.servers import ServerMissing, free_port, on_a_free_port, own_folder

PASSWORD = "swordfish"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Dovecot:
    """A running server, in which everybody may sign in with `PASSWORD`. `port` takes STARTTLS, `tls_port` TLS."""

    port: int
    tls_port: int
    folder: Path
    owner: pwd.struct_passwd

    def deliver(self, user: str, content: bytes, *, at: datetime | None = None, folder: str = "") -> None:
        """Put a mail into the inbox, or into a folder of it; it came `at` that time."""
        box = self.box(user, folder)
        path = box / "tmp" / f"{next(_numbers)}.test"
        path.write_bytes(content.replace(b"\r\n", b"\n"))
        if at is not None:
            os.utime(path, (at.timestamp(), at.timestamp()))
        self._give(path)
        path.rename(box / "new" / path.name)

    def box(self, user: str, folder: str = "") -> Path:
        """The Maildir of a user, or of a folder."""
        root = self.folder / "mail" / user
        box = root / f".{folder}" if folder else root
        for name in ("tmp", "new", "cur"):
            if not (box / name).exists():
                (box / name).mkdir(parents=True)
                self._give(box / name)
        self._give(root)
        self._give(box)
        return box

    def renumber(self, user: str) -> None:
        """All mails get new numbers and the folder another UIDVALIDITY, as after a move to another server."""
        for path in self.box(user).glob("dovecot*"):
            path.unlink()

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)


@contextmanager
def dovecot_server(certificate: Path, key: Path) -> Iterator[Dovecot]:
    """Run Dovecot for the length of the block. Raises ServerMissing."""
    program = shutil.which("dovecot") or "/usr/sbin/dovecot"
    if not Path(program).exists() or not Path("/usr/lib/dovecot/imap").exists():
        raise ServerMissing("Dovecot is not installed (Debian package dovecot-imapd)")
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    with own_folder("wismo-dovecot-", owner) as folder:
        folder.chmod(0o755)
        tls_port = free_port()

        def command(port: int) -> list[str]:
            path = folder / "dovecot.conf"
            path.write_text(_settings(folder, owner, port, tls_port, certificate, key))
            return [program, "-F", "-c", str(path)]

        with on_a_free_port(command, folder / "server.log", None, end=signal.SIGTERM) as port:
            yield Dovecot(port, tls_port, folder, owner)


def _settings(folder: Path, owner: pwd.struct_passwd, port: int, tls_port: int, certificate: Path, key: Path) -> str:
    me = pwd.getpwuid(os.geteuid()).pw_name
    inside = "" if os.geteuid() == 0 else f"default_internal_user = {me}\ndefault_login_user = {me}\n"
    inside += "" if os.geteuid() == 0 else f"default_internal_group = {me}\n"
    return f"""
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
{inside}
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0 secs
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 100
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={owner.pw_uid} gid={owner.pw_gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""
