"""What a session needs of whatever carries its frames: a socket, or requests that wait."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from app.faults import understood
from app.realtime.frames import ClientFrame, Error
from app.realtime.hub import Hub, Listener

Handle = Callable[[ClientFrame], Awaitable[None]]


class Channel(Listener, Protocol):
    """A listener of the hub that also takes frames for itself."""

    hub: Hub

    def send(self, frame: dict[str, Any]) -> None:
        """Put a frame into the outbox without waiting."""


async def attempt(frame: ClientFrame, handle: Handle, channel: Channel) -> None:
    """Handle one frame; what goes wrong is answered by an `error` that names it."""
    try:
        await handle(frame)
    except Exception as error:  # noqa: BLE001  # `understood` logs it
        fault = understood(error, f"frame {frame.type}")
        channel.send(refusal(frame, fault.code, fault.detail, fault.data))


def refusal(frame: ClientFrame, code: str, detail: str = "", data: dict[str, object] | None = None) -> dict[str, Any]:
    """The error frame that names what was refused."""
    return Error(
        code=code,
        detail=detail,
        client_id=getattr(frame, "client_id", None),
        conversation=getattr(frame, "conversation", None),
        data={key: value for key, value in (data or {}).items() if isinstance(value, str | int | float | None)},
    ).model_dump()
