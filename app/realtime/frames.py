"""The chat protocol, second half: every frame that the server may send (docs/chat-protocol.md is made from it)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Nearness = Literal["away", "near", "open"]  # no line; a page with the chat closed; the chat is on the screen


class ServerFrameBase(BaseModel):
    """What every frame from the server has in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Author(ServerFrameBase):
    """Who said it."""

    kind: Literal["customer", "agent", "bot", "system"]
    name: str = ""


class Attachment(ServerFrameBase):
    """A file of a message, at `/files/{id}/{name}`. Only pictures have a size in pixels, and a thumbnail (`?small`)."""

    id: str
    name: str
    media_type: str = Field(description="Found in the content.")
    size: int = Field(description="Bytes.")
    width: int | None = None
    height: int | None = None
    refusal: str | None = Field(None, description="Why a file of a mail has no content: `file_executable` …")
    inline: bool = Field(False, description="A picture that stands within the HTML of its mail.")


class QuickReply(ServerFrameBase):
    """A ready answer: `label` on the button, `text` is posted."""

    label: str
    text: str


class Message(ServerFrameBase):
    """Public words. `number` counts up by one within the conversation: a client that sees a hole fetches."""

    type: Literal["message"] = "message"
    conversation: str
    number: int
    client_id: str
    author: Author
    text: str
    language: str
    channel: str = "chat"
    at: str = Field(description="RFC 3339, UTC.")
    order: dict[str, Any] | None = Field(None, description="Live card of the order it speaks of, if the proof allows.")
    quick_replies: list[QuickReply] = []
    form: Literal["code", "order"] | None = Field(
        None, description="What the client may ask for: a six-digit code, or a choice from `orders`."
    )
    state: str = Field("sent", description="sent, delivered or failed (mail).")
    attachments: list[Attachment] = []


class Marks(ServerFrameBase):
    """How far each side has got: what has reached a device of it, and what has been on its screen."""

    customer_received: int = 0
    customer_read: int = 0
    desk_received: int = 0
    desk_read: int = 0


class Handler(ServerFrameBase):
    """Who speaks for the shop now: the bot, the queue (nobody yet) or an agent."""

    type: Literal["handler"] = "handler"
    conversation: str
    handler: Literal["bot", "queue", "agent"]
    agent: str | None = Field(None, description="The agent's name.")
    here: bool = Field(False, description="Whether that agent is at the desk now.")
    reason: str = ""


class Ticket(ServerFrameBase):
    """A ticket of this conversation was opened or changed."""

    type: Literal["ticket"] = "ticket"
    conversation: str
    number: int
    kind: str
    status: str


class Hours(ServerFrameBase):
    """When people are at the desk. Times are RFC 3339, UTC; null: not as far as can be seen."""

    open: bool = Field(description="Whether these are business hours.")
    closes_at: str | None = None
    opens_at: str | None = None
    answers_by: str | None = Field(None, description="By when who asks for a person now hears from one.")
    timezone: str = Field(description="The shop's, by its IANA name.")


class Welcome(ServerFrameBase):
    """The answer to `hello`. For a customer it holds all that the view needs, with the newest messages after `last`."""

    type: Literal["welcome"] = "welcome"
    visitor_token: str | None = Field(None, description="A new token to keep, when hello had none that is good.")
    conversation: str | None = Field(None, description="None until the first message.")
    shop: str = ""
    language: str = "en"
    handler: str = "bot"
    agent: str | None = None
    here: bool = Field(False, description="Whether that agent is at the desk now.")
    online: bool = Field(False, description="Whether anybody at the desk is there now.")
    messages: list[Message] = []
    truncated: bool = Field(False, description="Not all since `last`: forget what you have, fetch `before`.")
    order: dict[str, Any] | None = Field(None, description="Card of the order last talked about.")
    read: int = Field(0, description="What the desk has read up to.")
    ticket: Ticket | None = Field(None, description="The newest ticket of the conversation.")
    by: str | None = Field(None, description="By when whoever waits for a person hears from one. RFC 3339, UTC.")
    hours: Hours | None = None
    rate: bool = Field(False, description="The work is done, and nobody has said yet how it was.")
    kept: bool | None = Field(
        None, description="Answers an `identity`: whether the visitor of before is this customer now. Else null."
    )
    marks: Marks = Marks()
    epoch: int = Field(0, description="Of which history the numbers are. Another one: forget what you have.")


class History(ServerFrameBase):
    """The answer to `fetch` and `watch`: messages in order, and who speaks now."""

    type: Literal["history"] = "history"
    conversation: str
    messages: list[Message]
    more: bool = Field(False, description="There are more in the direction that was asked for.")
    handler: str = "bot"
    agent: str | None = None
    here: bool = Field(False, description="Whether that agent is at the desk now.")
    order: dict[str, Any] | None = None
    marks: Marks = Marks()
    epoch: int = Field(0, description="Of which history the numbers are. Another one than before: say hello again.")


class Ack(ServerFrameBase):
    """The post with this client id is stored for good, as `number`."""

    type: Literal["ack"] = "ack"
    conversation: str
    client_id: str
    number: int
    at: str


class TypingNow(ServerFrameBase):
    """Somebody is writing, or has stopped; forget it after 6 seconds."""

    type: Literal["typing"] = "typing"
    conversation: str
    who: Literal["customer", "agent", "bot"]
    name: str = ""
    on: bool = True
    note: bool = Field(False, description="Console only: an internal note.")


class Presence(ServerFrameBase):
    """Who is there. Customers hear it of the agent who answers them, and of nobody else. The desk also hears it of the
    customer, and of colleagues who look at the conversation (`colleague`: forget it after 45 seconds)."""

    type: Literal["presence"] = "presence"
    conversation: str
    who: Literal["agent", "customer", "colleague"]
    name: str = ""
    on: bool = True
    open: bool = Field(False, description="The customer has the chat open on the screen.")
    agent: str | None = Field(None, description="The colleague's public id.")
    seen: str | None = Field(None, description="When the customer was last there. RFC 3339, UTC.")


class Customers(ServerFrameBase):
    """Console only: customers of a shop have come or gone; what changes within half a second comes together."""

    type: Literal["customers"] = "customers"
    states: dict[str, Nearness] = Field(description="By conversation.")


class Work(ServerFrameBase):
    """Console only: how much the agent has to do and is given at most, in points, and whether they get new work."""

    type: Literal["work"] = "work"
    load: int
    capacity: int
    availability: Literal["online", "away", "offline"]


class HeldReply(ServerFrameBase):
    """Console only, to the agent's own pages: a reply is held and can be undone (`held`), or no more."""

    type: Literal["held"] = "held"
    conversation: str
    id: str
    client_id: str
    state: Literal["held", "sent", "taken_back", "stopped"]
    reason: str = Field("", description="Why it was stopped: the code of an error.")


class DraftMark(ServerFrameBase):
    """Console only, to the agent's own pages: their draft has changed. Version 0: there is none any more."""

    type: Literal["draft"] = "draft"
    conversation: str
    mode: Literal["reply", "note"]
    version: int


class Order(ServerFrameBase):
    """The order has moved: its card, anew."""

    type: Literal["order"] = "order"
    conversation: str
    card: dict[str, Any]


class Rated(ServerFrameBase):
    """The customer has said how the help was."""

    type: Literal["rated"] = "rated"
    conversation: str
    score: int


class Enquired(ServerFrameBase):
    """The words of an `enquire` are a ticket."""

    type: Literal["enquired"] = "enquired"
    client_id: str
    number: int
    by: str | None = Field(None, description="By when a person answers. RFC 3339, UTC.")


class Proof(ServerFrameBase):
    """Where the proof of an address stands: a code was `sent`, was `wrong` (with the tries that are left), or the
    address is `proved`. A code is `sent` to any address alike."""

    type: Literal["proof"] = "proof"
    client_id: str
    state: Literal["sent", "wrong", "proved"]
    left: int = Field(0, description="Tries that the code leaves.")


class TranscriptSent(ServerFrameBase):
    """The conversation goes to `address`, most of which is hidden."""

    type: Literal["transcript"] = "transcript"
    client_id: str
    address: str


class Choice(ServerFrameBase):
    """One of the customer's own orders, in words that are ready to show."""

    order: str
    number: str
    placed: str
    items: str = Field(description="The first item, and how many more there are.")
    state: str
    tone: str = Field(description="calm, good, warn or bad.")
    total: str


class Orders(ServerFrameBase):
    """The newest orders that the customer may see, after each `welcome` and each proof: to choose from."""

    type: Literal["orders"] = "orders"
    conversation: str
    orders: list[Choice]


class Queue(ServerFrameBase):
    """The customer waits for a person: when one can be expected."""

    type: Literal["queue"] = "queue"
    conversation: str
    online: bool
    by: str | None = Field(None, description="RFC 3339, UTC.")
    place: int | None = Field(None, description="1: next. Unknown when the conversation is not in the queue.")
    wait: int | None = Field(None, description="Seconds that it will usually still take; None when nobody can say.")


class ReadUpTo(ServerFrameBase):
    """The other side has read everything up to `number`."""

    type: Literal["read"] = "read"
    conversation: str
    reader: Literal["customer", "desk"]
    number: int


class ReceivedUpTo(ServerFrameBase):
    """Everything up to `number` is on a device of the other side."""

    type: Literal["received"] = "received"
    conversation: str
    receiver: Literal["customer", "desk"]
    number: int


class Note(ServerFrameBase):
    """Console only: internal words. Never on a topic that a customer hears."""

    type: Literal["note"] = "note"
    conversation: str
    id: str
    author: Author
    text: str
    at: str


class Inbox(ServerFrameBase):
    """Console only: a row of the inbox has changed; ask for it again. Without a conversation it is several rows.
    Comes at once, and four times a second at most."""

    type: Literal["inbox"] = "inbox"
    conversation: str
    ticket: int | None = None
    what: str = "message"


class Hint(ServerFrameBase):
    """The conversation has got as far as `number`, and a frame may be lost: fetch if you have less or it `changed`."""

    type: Literal["hint"] = "hint"
    conversation: str
    number: int
    changed: bool = Field(False, description="Something other than a message has changed: who speaks, the order.")


class Error(ServerFrameBase):
    """The last frame (or the post `client_id`) was refused. `code` is stable; people see a translation of it."""

    type: Literal["error"] = "error"
    code: str
    detail: str = ""
    client_id: str | None = None
    conversation: str | None = None
    data: dict[str, Any] = {}


class Pong(ServerFrameBase):
    """The answer to `ping`."""

    type: Literal["pong"] = "pong"


class Bye(ServerFrameBase):
    """This socket (or the view of `conversation`) ends: `signed_out`, `revoked`, `left`, `resync`,
    `moved` (the shop has said who the visitor is: the token is another one now)."""

    type: Literal["bye"] = "bye"
    reason: str
    conversation: str | None = None


ServerFrame = (
    Welcome
    | Message
    | History
    | Ack
    | Handler
    | TypingNow
    | Presence
    | Customers
    | Work
    | HeldReply
    | DraftMark
    | Order
    | Ticket
    | Rated
    | Enquired
    | Proof
    | TranscriptSent
    | Orders
    | Queue
    | ReadUpTo
    | ReceivedUpTo
    | Note
    | Inbox
    | Hint
    | Error
    | Pong
    | Bye
)
server_frames: TypeAdapter[ServerFrame] = TypeAdapter(Annotated[ServerFrame, Field(discriminator="type")])
