"""Every setting of the program: read once, at the composition root, and checked with messages a person can act on."""

import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.database import sqlite_url
from core.errors import Invalid
from tickets.capacity import Weights


class Settings(BaseSettings):
    """Settings come from `WISMO_*` variables (see docs/reference/settings.md)."""

    model_config = SettingsConfigDict(env_prefix="WISMO_", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("data"), description="Folder for the database, files and the secret.")
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port of the web server; 0 takes a free one.")
    base_url: str = Field("", description="Address people reach the desk at, e.g. https://help.shop.example.")
    database_url: SecretStr = Field(
        SecretStr(""), description="postgresql://… for PostgreSQL; empty: SQLite in the data folder."
    )
    redis_url: SecretStr = Field(
        SecretStr(""), description="redis://… when several processes share the desk; empty: one process."
    )
    smtp_url: SecretStr = Field(
        SecretStr(""), description="smtp://, smtps:// or smtp+starttls://user:password@host:port; empty: demo mailbox."
    )
    mail_host: str = Field("127.0.0.1", description="Address the mail listener (SMTP and LMTP) listens on.")
    mail_port: int | None = Field(
        None,
        ge=-1,
        le=65535,
        description="Port of the mail listener; empty: the web port + 25, 0 takes a free one, -1 switches it off.",
    )
    mail_authserv_ids: str = Field(
        "",
        description="Names under which servers before our mail doors write Authentication-Results; empty: none counts.",
    )
    private_hosts: bool = Field(
        False,
        description="Servers of mailboxes and senders may be on this machine and in its networks, at any port.",
    )
    files_dir: Path | None = Field(
        None, description="Folder for the files people send, shared by all machines; empty: files in the data folder."
    )
    file_bytes: int = Field(
        15 * 1024 * 1024,
        ge=65_536,
        le=1024**3,
        description="Largest file that may be sent, in bytes; a proxy in front must let as much through.",
    )
    demo: bool | None = Field(
        None, description="Demo shops, mailbox and simulator; empty: as the database was first filled."
    )
    forwarded_allow_ips: str = Field("127.0.0.1", description="Proxies whose X-Forwarded-For is believed.")
    rate_scale: float = Field(
        1.0, ge=0, description="Multiplies every rate limit; for load tests. 0 switches the limits off."
    )
    chat_points: int = Field(2, ge=1, le=100, description="Points of an agent's capacity that a chat takes.")
    mail_points: int = Field(1, ge=1, le=100, description="Points of an agent's capacity that anything else takes.")
    log_format: Literal["console", "json"] = Field("console", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")

    @field_validator("base_url")
    @classmethod
    def _plain_base(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (
            parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/") or parts.query
        ):
            raise ValueError("must look like https://help.shop.example, without a path")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and urlsplit(value.get_secret_value()).scheme not in (
            "sqlite",
            "postgresql",
            "postgres",
        ):
            raise ValueError("must begin with postgresql:// or sqlite:///")
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and urlsplit(value.get_secret_value()).scheme not in ("redis", "rediss", "unix"):
            raise ValueError("must begin with redis:// or rediss://")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _known_smtp(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and urlsplit(value.get_secret_value()).scheme not in (
            "smtp",
            "smtps",
            "smtp+starttls",
        ):
            raise ValueError("must begin with smtp://, smtps:// or smtp+starttls://")
        return value

    @property
    def database(self) -> str:
        """The address of the database that is really used."""
        return self.database_url.get_secret_value() or sqlite_url(self.data_dir / "wismo.db")

    @property
    def files_folder(self) -> Path:
        """Where the contents of files are."""
        return self.files_dir or self.data_dir / "files"

    @property
    def weights(self) -> Weights:
        """Points of capacity by where a conversation began."""
        return Weights(chat=self.chat_points, other=self.mail_points)

    @property
    def public_url(self) -> str:
        """Where people reach the desk, without a trailing slash."""
        return self.base_url or f"http://{self.host}:{self.port}"

    @property
    def intake_port(self) -> int:
        """The port of the mail listener: beside the web port, so that two desks on one machine do not collide."""
        if self.mail_port is not None:
            return self.mail_port
        return self.port + 25 if 0 < self.port <= 65510 else 0

    @property
    def trusted_checkers(self) -> frozenset[str]:
        """The authserv-ids (RFC 8601) whose findings about a sender are believed."""
        return frozenset(name.strip().lower() for name in self.mail_authserv_ids.split(",") if name.strip())

    @property
    def secure(self) -> bool:
        """Whether people reach the desk over TLS, so that cookies must be Secure."""
        return self.public_url.startswith("https://")

    @cached_property
    def secret(self) -> bytes:
        """The installation's own secret: made once, readable by its owner only."""
        path = self.data_dir / "secret"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_bytes()
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        return path.read_bytes()

    def prepare(self) -> None:
        """Make the data folder. Raises Invalid when that is not possible."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Invalid(f"WISMO_DATA_DIR={self.data_dir}: {error.strerror}", code="bad_settings") from None
        if not os.access(self.data_dir, os.W_OK):
            raise Invalid(f"WISMO_DATA_DIR={self.data_dir}: the folder cannot be written to", code="bad_settings")


def read_settings(**overrides: object) -> Settings:
    """Read the settings from the environment. Raises Invalid with one line for each wrong one."""
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [
            f"WISMO_{'_'.join(str(part) for part in e['loc']).upper()}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise Invalid("; ".join(lines), code="bad_settings") from None
    return settings
