"""Running the web server: uvicorn with our limits, and a banner for the person who started it."""

import gc
import socket as sockets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from app.realtime.client_frames import MAX_FRAME_BYTES
from app.realtime.wire import SocketProtocol
from app.settings import Settings
from app.stopping import STOP_SECONDS, end_in_time
from core.errors import Unavailable

STALL_SECONDS = 30.0  # as long as nginx waits for a reader


class Server(uvicorn.Server):
    """A server that says when it is really there."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[int], None]) -> None:
        super().__init__(config)
        self.announce = announce

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does, but a requested stop that went well ends with exit status 0, not with the signal."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop. Over after STOP_SECONDS, whatever hangs."""
        end_in_time()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[sockets.socket] | None = None) -> None:
        """Stop taking requests, send sockets away, answer what was begun."""
        if isinstance(app := self.config.app, Starlette):
            app.state.begin_to_stop()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[sockets.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            collect_seldom()
            for server in self.servers:
                end_what_stalls(server.sockets)
            port = self.servers[0].sockets[0].getsockname()[1] if self.servers else self.config.port
            self.announce(int(port))


def end_what_stalls(listening: Iterable[sockets.socket]) -> None:
    """Have Linux end every line whose peer takes nothing for STALL_SECONDS: a shut window would keep, for as long as
    the peer likes, what was written to it (tcp(7), TCP_USER_TIMEOUT; accepted lines inherit it).
    """
    if hasattr(sockets, "TCP_USER_TIMEOUT"):
        for socket in listening:
            socket.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_USER_TIMEOUT, int(STALL_SECONDS * 1000))


def collect_seldom() -> None:
    """Spare the living: what the start has made stays, and nobody looks at it again for cycles of garbage.

    With Python's own settings a busy desk stood still for 0.2 seconds now and then, when all objects were looked at.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def serve(app: Starlette, settings: Settings, announce: Callable[[int], None]) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises Unavailable when the address is taken or the start fails."""
    require_free(settings.host, settings.port)
    server = Server(uvicorn_config(app, settings), announce)
    try:
        server.run()
    except KeyboardInterrupt:
        return
    if not server.started:
        raise Unavailable("the desk did not start; the lines above say why", code="start_failed")


def uvicorn_config(app: Starlette, settings: Settings) -> uvicorn.Config:
    """Uvicorn's settings: small frames, no deflate (it doubles the memory of a socket), pings, bounded shutdown."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ws=SocketProtocol,
        ws_max_size=2 * MAX_FRAME_BYTES,  # what is over our own limit gets an answer that says so
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_per_message_deflate=False,
        log_config=None,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_graceful_shutdown=STOP_SECONDS - 2,  # the rest is for what runs beside the requests
        timeout_keep_alive=30,
    )


def require_free(host: str, port: int) -> None:
    """Raise Unavailable with a plain sentence when another program has the port."""
    if port == 0:
        return
    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    with sockets.socket(family, sockets.SOCK_STREAM) as probe:
        probe.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unavailable(
                f"{host}:{port} cannot be used ({error.strerror}); choose another with WISMO_PORT", code="port_taken"
            ) from None
