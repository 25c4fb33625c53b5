"""What crosses the long-polling doors: the frames of the sockets, in requests that any process can answer."""

from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from app.realtime.client_frames import ClientFrameBase, Hello, Number, PublicId
from conversations.models import Conversation
from core.errors import Malformed

MOST_FRAMES = MOST_PLACES = 20


class Place(ClientFrameBase):
    """How far the client has got in a conversation: its last message, and the stamp of the last answer."""

    conversation: PublicId
    last: Number = 0
    stamp: str = Field("", max_length=200)


class Poll(ClientFrameBase):
    """One request. `open` greets and is answered by `welcome`; `send` brings frames; `wait` listens."""

    step: Literal["open", "send", "wait"]
    hello: Hello
    frames: list[dict[str, Any]] = Field([], max_length=MOST_FRAMES)  # each is checked by itself
    watch: list[Place] = Field([], max_length=MOST_PLACES)


class PollAnswer(BaseModel):
    """`close` is the code with which a socket would have been closed, null while all is well."""

    frames: list[dict[str, Any]]
    stamps: dict[str, str]
    close: int | None


def read_poll(body: bytes) -> Poll:
    """The request's body. Raises Malformed."""
    try:
        return Poll.model_validate_json(body)
    except (ValidationError, RecursionError):
        raise Malformed("not a poll of frames") from None


def stamp_of(conversation: Conversation, *more: object) -> str:
    """Another one as soon as anything of the conversation has changed that a client shows."""
    seen = (conversation.customer_read, conversation.customer_received, conversation.desk_read)
    facts = (conversation.epoch, conversation.last_number, conversation.version, *seen, conversation.desk_received)
    return ".".join(str(fact) for fact in (*facts, *more))
