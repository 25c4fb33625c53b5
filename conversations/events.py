"""What happens in a conversation. Ids are database ids; people's words travel in rows, and no event prints them."""

from dataclasses import dataclass, field

from conversations.models import Message
from core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationOpened(Event):
    """A new thread with a customer exists. Recorded by `opening`."""

    conversation_id: int
    shop_id: int
    channel: str  # chat · email · phone · api


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePosted(Event):
    """A public message got its number. Recorded once per message, never for a resend."""

    conversation_id: int
    shop_id: int
    message_id: int
    number: int
    author_kind: str  # customer · agent · bot · system
    channel: str
    handler: str  # who had the turn: bot · queue · agent
    conversation: str  # public id
    message: Message = field(repr=False, compare=False)  # as it was inserted: nobody needs to read it again


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerChanged(Event):
    """Somebody else speaks for the shop now. Recorded by `handover`, and by an agent's post that takes over."""

    conversation_id: int
    shop_id: int
    handler: str  # bot · queue · agent
    agent_id: int | None
    reason: str
    before: str  # bot · queue · agent
    before_agent_id: int | None  # who spoke until now
    by_agent_id: int | None  # the agent who did it; None: bot, customer or system


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Event):
    """An internal note was written. For the desk only."""

    conversation_id: int
    shop_id: int
    note_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRead(Event):
    """One side has read up to `number`. Recorded only when that is further than before."""

    conversation_id: int
    shop_id: int
    reader: str  # customer · desk
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesReceived(Event):
    """Words up to `number` are on a device of one side, but perhaps on no screen. Recorded only when further."""

    conversation_id: int
    receiver: str  # customer · desk
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRequested(Event):
    """A one-time code was asked for; a job finds out whether there is anybody to send it to."""

    conversation_id: int
    code_request_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactProved(Event):
    """The customer has shown that `contact` is theirs, in this conversation."""

    conversation_id: int
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRequested(Event):
    """The customer wants the conversation by mail. Recorded by `transcripts`, for a proved address only."""

    conversation_id: int
    recipient: str = field(repr=False)  # e-mail address


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInView(Event):
    """Another order is shown live beside the conversation."""

    conversation_id: int
    shop_id: int
    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingGiven(Event):
    """The customer has said how the help was, or changed it. Recorded by `rating`."""

    conversation_id: int
    shop_id: int
    rating_id: int
    score: int  # 1 to 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyHeld(Event):
    """An agent has sent a reply that can still be taken back. Recorded by `holding`; customers know nothing of it."""

    conversation_id: int
    agent_id: int
    held_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySettled(Event):
    """A held reply was said, taken back or stopped."""

    conversation_id: int
    agent_id: int
    held_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftKept(Event):
    """An agent's draft has changed; version 0: there is none any more. For the devices of this agent alone."""

    conversation_id: int
    agent_id: int
    mode: str  # reply · note
    version: int
