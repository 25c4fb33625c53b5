"""The chat protocol, first half: every frame that a client may send (docs/chat-protocol.md is made from it)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.errors import Malformed

MAX_FRAME_BYTES = 65_536
MAX_NUMBER = 2**53 - 1  # what a browser counts exactly

PublicId = Annotated[str, Field(min_length=5, max_length=40, pattern=r"^[a-z]{3}_[0-9a-z]+$")]
# Without ":" and ".", which the server's own client ids contain: nobody can take the id of an answer still to come.
ClientId = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z_-]+$")]
Number = Annotated[int, Field(ge=0, le=MAX_NUMBER)]
Language = Literal["en", "zh"]


class ClientFrameBase(BaseModel):
    """What every frame from a client has in common: nothing unknown in it, nothing converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Hello(ClientFrameBase):
    """The first frame of every socket, within 10 seconds. A customer names the shop (`site`), the visitor token and the
    last message number it has; the console is known by its session and sends an empty hello."""

    type: Literal["hello"] = "hello"
    site: str = Field("", max_length=64, description="The shop's key. Customers only.")
    token: str = Field("", max_length=200, description="The visitor token of an earlier welcome. Never in an address.")
    last: Number = Field(0, description="Number of the last message the client has; 0 for none.")
    epoch: Number | None = Field(None, description="Of which history `last` is; from the last `welcome` or `history`.")
    language: Language | None = Field(None, description="Language of the client's interface.")
    identity: str = Field("", max_length=4096, description="A token by which the shop says who the customer is.")
    shown: bool = Field(True, description="Whether the person has the chat open on the screen. Customers only.")


class Post(ClientFrameBase):
    """Say something. Sent again with the same `client_id`, it is still said once and acknowledged again."""

    type: Literal["post"] = "post"
    client_id: ClientId
    text: str = Field(description="1 to 8,000 characters; may be empty beside attachments.")
    attachments: list[PublicId] = Field(
        default_factory=list, max_length=5, description="Ids of up to five files that were sent before."
    )
    language: Language | None = None
    order: PublicId | None = Field(None, description="Customers only: which of `orders` it is about.")
    conversation: PublicId | None = Field(None, description="Console only; customers have one conversation.")
    seen: Number | None = Field(
        None, description="Console only: last number the agent has seen; newer words refuse the post."
    )
    orders: dict[PublicId, Number] = Field(
        default_factory=dict,
        max_length=50,
        description="Console only: the version of each order as the agent has seen it; a newer one refuses the post.",
    )


class Typing(ClientFrameBase):
    """Somebody is writing, or has stopped. Never stored; repeat every few seconds while it lasts."""

    type: Literal["typing"] = "typing"
    on: bool = True
    note: bool = Field(False, description="Console only: a note is being written, which only the desk may know.")
    conversation: PublicId | None = None


class Read(ClientFrameBase):
    """Everything up to `number` has been on the screen."""

    type: Literal["read"] = "read"
    number: Number
    conversation: PublicId | None = None


class Received(ClientFrameBase):
    """Everything up to `number` is on this device, but not on the screen yet; needless when `read` follows at once."""

    type: Literal["received"] = "received"
    number: Number
    conversation: PublicId | None = None


class Fetch(ClientFrameBase):
    """Ask for the messages after (or before) a number; answered by `history`. Heals every hole."""

    type: Literal["fetch"] = "fetch"
    after: Number | None = None
    before: Number | None = None
    conversation: PublicId | None = None


class Speak(ClientFrameBase):
    """Customers only: the person has chosen a language; answers and cards come in it from now on."""

    type: Literal["speak"] = "speak"
    language: Language


class Identify(ClientFrameBase):
    """Customers only: the shop says who the customer is. Answered by a `welcome` of perhaps another conversation."""

    type: Literal["identify"] = "identify"
    token: str = Field(max_length=4096)


class Rate(ClientFrameBase):
    """Customers only: how the help was. Sent again before the next message, it changes what was said."""

    type: Literal["rate"] = "rate"
    score: int = Field(ge=1, le=5, description="1 (worst) to 5.")
    text: str = Field("", max_length=2000)


class Enquire(ClientFrameBase):
    """Customers only: words for a person, who answers the contact; they become a ticket. Answered by `enquired`."""

    type: Literal["enquire"] = "enquire"
    client_id: ClientId
    name: str = Field(max_length=200)
    contact: str = Field(max_length=254, description="An e-mail address or a phone number.")
    text: str = Field(description="1 to 8,000 characters.")
    order: str = Field("", max_length=120, description="The number of an order.")
    language: Language | None = None


class Prove(ClientFrameBase):
    """Customers only: an e-mail address is theirs. With `address` a code goes there, with `code` it is tried; both are
    answered by `proof`."""

    type: Literal["prove"] = "prove"
    client_id: ClientId
    address: str = Field("", max_length=254)
    code: str = Field("", max_length=40)


class Transcript(ClientFrameBase):
    """Customers only: the conversation by mail, to an address that is proved; answered by `transcript`. Without an
    `address` it is the one proved last; `error` `not_proved` says that there is none."""

    type: Literal["transcript"] = "transcript"
    client_id: ClientId
    address: str = Field("", max_length=254)


class Show(ClientFrameBase):
    """Customers only: the chat was opened or closed on the screen. By requests, `shown` of the hello says the same."""

    type: Literal["show"] = "show"
    on: bool


class Leave(ClientFrameBase):
    """Customers only: end the chat on this device. The token is worth nothing from now on; answered by `bye`."""

    type: Literal["leave"] = "leave"


class Watch(ClientFrameBase):
    """Console only: follow a conversation from message `last` on, and be seen there by colleagues."""

    type: Literal["watch"] = "watch"
    conversation: PublicId
    last: Number = 0


class Unwatch(ClientFrameBase):
    """Console only: stop following a conversation."""

    type: Literal["unwatch"] = "unwatch"
    conversation: PublicId


class Ping(ClientFrameBase):
    """Answered by `pong`: lets a page notice a dead line before its browser does."""

    type: Literal["ping"] = "ping"


_Talk = Hello | Post | Typing | Read | Received | Fetch | Speak | Ping
ClientFrame = _Talk | Identify | Rate | Enquire | Prove | Transcript | Show | Leave | Watch | Unwatch
_client_frames: TypeAdapter[ClientFrame] = TypeAdapter(Annotated[ClientFrame, Field(discriminator="type")])


def read_frame(text: str) -> ClientFrame:
    """One frame from a client. Raises Malformed when it is not JSON, of no known type, or has wrong fields."""
    try:
        return _client_frames.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        raise Malformed(f"{where}: {first['msg']}" if where else first["msg"]) from None
    except RecursionError:
        raise Malformed("nested too deeply") from None
