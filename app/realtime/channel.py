"""What a session needs of whatever carries its frames: a socket, or requests that wait."""

from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Any, Protocol

from app.faults import understood
from app.realtime.client_frames import ClientFrame
from app.realtime.frames import Error
from app.realtime.hub import Hub, Listener
from app.realtime.topics import conversation_topic, desk_topic

Handle = Callable[[ClientFrame], Awaitable[None]]


class Close(IntEnum):
    """Why the server closed a socket."""

    UNAUTHENTICATED = 4401  # no (or no longer a) session, or something else before hello
    FORBIDDEN = 4403  # foreign origin, unknown shop
    HELLO_TIMEOUT = 4408
    TAKEN_OVER = 4409
    RESYNC = 4410  # the client read too slowly: reconnect and catch up by number
    TOO_LARGE = 4413
    RATE = 4429
    RESTART = 1012  # come back in a moment, spread out


class Channel(Listener, Protocol):
    """A listener of the hub that also takes frames for itself."""

    hub: Hub

    def send(self, frame: dict[str, Any]) -> None:
        """Put a frame into the outbox without waiting."""


def end_what_is_over(bye: dict[str, Any], channel: Channel) -> None:
    """Stop following the conversation that a `bye` names; one that names none ends the client."""
    conversation = bye.get("conversation")
    if conversation is None:
        channel.close(Close.UNAUTHENTICATED, bye["reason"])
        return
    channel.hub.unsubscribe(conversation_topic(conversation), channel)
    channel.hub.unsubscribe(desk_topic(conversation), channel)


_PLAIN = (str, int, float, type(None))
_TOLD = frozenset({"orders"})  # what has changed, for whoever may see it: an agent


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
        data={key: value for key, value in (data or {}).items() if key in _TOLD or isinstance(value, _PLAIN)},
    ).model_dump()
