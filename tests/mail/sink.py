"""A mail server that keeps what it gets, unless it was told to answer something else or to break off."""

import asyncio
import base64
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult


@dataclass
class Sink:
    """`refusals` are answers for single recipients; `cut` is where the connection breaks: data · dot. With `users`
    (passwords) or a `token` (XOAUTH2) nobody sends without signing in; `strict` takes, as QQ does, no envelope sender
    but the account."""

    port: int = 0
    rcpt: str = "250 OK"
    data: str = "250 OK"
    refusals: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    stall: float = 0  # seconds before the answer to the dot
    utf8: bool = True
    users: dict[str, str] = field(default_factory=dict)
    token: str = ""
    login_refusal: str = ""
    strict: bool = False
    asked: int = 0  # how often somebody has tried to sign in
    signed_in: list[str] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    most_open: int = 0
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """LOGIN and PLAIN."""
        user, password = data.login.decode(), data.password.decode()
        return self._result(user, bool(password) and self.users.get(user) == password)

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:
        user, bearer = base64.b64decode(args[1]).decode().split("\1")[:2]
        return self._result(user.removeprefix("user="), bool(self.token) and bearer == f"auth=Bearer {self.token}")

    def _result(self, user: str, right: bool) -> AuthResult:
        self.asked += 1
        if right:
            self.signed_in.append(user)
            return AuthResult(success=True, auth_data=user)
        refusal = self.login_refusal or "535 5.7.8 wrong user name or password"
        return AuthResult(success=False, handled=False, message=refusal)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.strict and address != session.auth_data:
            return "501 Mail from address must be same as authorization user."
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        answer = self.refusals.get(address, self.rcpt)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.stall)
        if self.data.startswith("250"):
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        if self.cut == "dot":
            server.transport.abort()
        return self.data


class _Server(SMTP):
    sink: Sink

    def connection_made(self, transport: Any) -> None:
        self.sink.connections += 1
        self.sink.open += 1
        self.sink.most_open = max(self.sink.most_open, self.sink.open)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.sink.open -= 1
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:
        if self.sink.cut == "data":
            cast(asyncio.Transport, self.transport).abort()
        else:
            await super().smtp_DATA(arg)


@asynccontextmanager
async def listening(sink: Sink, tls: ssl.SSLContext | None = None, *, at_once: bool = True) -> AsyncIterator[Sink]:
    """The sink behind a free port of this machine; with TLS at once, or after STARTTLS."""
    loop = asyncio.get_running_loop()

    def connected() -> SMTP:
        login = bool(sink.users or sink.token)
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # it is a test's: no TLS
            server = _Server(
                sink,
                hostname="sink.example",
                enable_SMTPUTF8=sink.utf8,
                data_size_limit=100_000,
                loop=loop,
                authenticator=sink.authenticate if login else None,
                auth_required=login,
                auth_require_tls=not login,
                tls_context=None if at_once else tls,
                auth_exclude_mechanism=[] if sink.token else ["XOAUTH2"],
            )
        server.sink = sink
        return server

    listener = await loop.create_server(connected, "127.0.0.1", sink.port, ssl=tls if at_once else None)
    sink.port = listener.sockets[0].getsockname()[1]
    yield sink
    listener.close()
    await listener.wait_closed()
