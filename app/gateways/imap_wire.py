"""IMAPClient over a line of our own: to an address that the guard has let through, with a limit on what a server may
send in answer to one command, and with a way to cut it from another thread.
"""

import contextlib
import imaplib
import select
import socket
import ssl
from collections.abc import Sequence
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError

from app.gateways.outside import Endpoint

CONNECT_SECONDS = 15.0  # for each address
ANSWER_SECONDS = 60.0  # that a server may be silent in the middle of an answer
ROOM = 2 << 20  # bytes that any answer may have beside what was asked for


class TooMuch(imaplib.IMAP4.abort):
    """The server sends more than was asked for."""


class Line:
    """The socket. `cut` may be called by any thread, at any time: whoever reads or writes then fails at once."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._endpoints = endpoints
        self._socket: socket.socket | None = None
        self._is_cut = False
        self.room = ROOM

    def connect(self) -> socket.socket:
        """The first of the addresses that answers. Raises OSError."""
        failure: OSError = ConnectionRefusedError()
        for endpoint in self._endpoints:
            raw = socket.socket(endpoint.family, socket.SOCK_STREAM)
            try:
                self._hold(raw)
                raw.settimeout(CONNECT_SECONDS)
                raw.connect(endpoint.address)
            except OSError as error:
                raw.close()
                failure = error
                continue
            _keep_alive(raw)
            return raw
        raise failure

    def secured(self, raw: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
        """TLS over it, with the certificate checked against `host`."""
        wrapped = context.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
        try:
            self._hold(wrapped)
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped

    def cut(self) -> None:
        """Hang up."""
        self._is_cut = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _hold(self, raw: socket.socket) -> None:
        self._socket = raw
        if self._is_cut:
            raise ConnectionAbortedError("cut")


class Wire(imaplib.IMAP4):
    """imaplib's protocol over such a line. With a `context` it speaks TLS from the first byte."""

    def __init__(self, line: Line, host: str, context: ssl.SSLContext | None) -> None:
        self._line, self._context, self._name = line, context, host
        super().__init__(host)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        """Connect."""
        self.host, self.port = self._name, port
        raw = self._line.connect()
        raw.settimeout(ANSWER_SECONDS)
        self._use(raw if self._context is None else self._line.secured(raw, self._context, self._name))

    def read(self, size: int) -> bytes:
        """A literal. Raises TooMuch before anything of one that is too large is read."""
        self._take(size)
        data: bytes = self._reader.read(size)
        return data

    def readline(self) -> bytes:
        """A line. Raises TooMuch."""
        line: bytes = self._reader.readline(self._line.room + 1)
        self._take(len(line))
        return line

    def shutdown(self) -> None:
        """Close."""
        self._line.cut()
        self._reader.close()
        self.sock.close()

    def secure(self, context: ssl.SSLContext) -> None:
        """STARTTLS (RFC 9051 section 6.2.1). What came before it in plain words is forgotten."""
        kind, answer = self._simple_command("STARTTLS")
        if kind != "OK":
            raise self.error(answer[-1])
        self.untagged_responses = {}
        self._use(self._line.secured(self.sock, context, self._name))
        self._get_capabilities()

    def has_waiting(self) -> bool:
        """Whether something has arrived that nobody has read yet."""
        self.sock.settimeout(0)
        try:
            return bool(self._reader.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self.sock.settimeout(ANSWER_SECONDS)

    def _use(self, sock: socket.socket) -> None:
        self.sock, self._reader = sock, sock.makefile("rb")

    def _take(self, size: int) -> None:
        if size > self._line.room:
            raise TooMuch(f"the server sends {size} bytes more than it was asked for")
        self._line.room -= size


class Client(IMAPClient):  # type: ignore[misc]  # the library has no types
    """The library's client over a `Wire`."""

    def __init__(self, line: Line, host: str, context: ssl.SSLContext | None) -> None:
        self._line = line
        super().__init__(
            host, ssl=context is not None, ssl_context=context, timeout=SocketTimeout(CONNECT_SECONDS, ANSWER_SECONDS)
        )
        self._imap.debug = 0  # the library would format every line, passwords among them, for a log that nobody keeps

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Raises CapabilityError when the server does not offer it; nothing goes on in plain words then."""
        if not self.has_capability("STARTTLS"):
            raise CapabilityError("STARTTLS")
        self._imap.secure(context)
        self._starttls_done = True

    def sign_in(self, user: str, password: str) -> None:
        """LOGIN, which every server knows; AUTHENTICATE PLAIN where it is switched off or the words are not ASCII."""
        if not self.has_capability("LOGINDISABLED") and (user + password).isascii():
            self.login(self._imap._quote(user), password)
        else:
            self.plain_login(user, password)

    def forget_capabilities(self) -> None:
        """Some servers offer more to whoever is signed in; the library would remember what they said before."""
        self._cached_capabilities = None

    def wait_for_news(self, seconds: float) -> bool:
        """IDLE (RFC 2177) until the server says anything, at most `seconds`. False: it refused to."""
        imap = self._imap
        tag = imap._command("IDLE")
        while imap._get_response() is not None:  # what it has to say before it begins; None is the continuation
            if imap.tagged_commands[tag]:
                del imap.tagged_commands[tag]
                return False
        if not imap.has_waiting():
            poller = select.poll()
            poller.register(imap.sock.fileno(), select.POLLIN)
            poller.poll(seconds * 1000)
        imap.send(b"DONE\r\n")
        self._consume_until_tagged_response(tag, "IDLE")
        return True

    def _create_IMAP4(self) -> Any:  # noqa: N802 - named by the library
        return Wire(self._line, self.host, self.ssl_context if self.ssl else None)


def _keep_alive(raw: socket.socket) -> None:
    """Have the system find out when the other side is gone without a word, within about two minutes."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):
            raw.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
