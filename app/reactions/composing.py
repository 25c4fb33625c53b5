"""What follows a reply that its agent had held: the macro does its part; the agent's other pages hear of it, and of
drafts. Nobody else does."""

from app.realtime.frames import DraftMark, HeldReply
from app.realtime.hub import Hub
from app.realtime.topics import agent_topic
from conversations.composing_models import SENT, HeldMessage
from conversations.events import DraftKept, ReplyHeld, ReplySettled
from conversations.models import Conversation
from tickets.macros.keeping import settle_use


async def finish_macro(event: ReplySettled) -> None:
    """Inside: the held reply was said, so what its macro does besides is done now."""
    held = await HeldMessage.get(id=event.held_id)
    if held.state == SENT:
        await settle_use(held.conversation_id, held.client_id)


class OwnPages:
    """Tells the pages of one agent; they ask for the words themselves."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    async def reply_moved(self, event: ReplyHeld | ReplySettled) -> None:
        """A reply is held, was said, or is back in the composer."""
        held = await HeldMessage.get(id=event.held_id).select_related("conversation")
        frame = HeldReply(
            conversation=held.conversation.public_id,
            id=held.public_id,
            client_id=held.client_id,
            state=held.state,
            reason=held.reason or "",
        )
        self.hub.publish(agent_topic(event.agent_id), frame.model_dump())

    async def draft_kept(self, event: DraftKept) -> None:
        """Another device may show the draft anew, and lists mark it."""
        talk = await Conversation.get(id=event.conversation_id).only("public_id")
        frame = DraftMark(conversation=talk.public_id, mode=event.mode, version=event.version)
        self.hub.publish(agent_topic(event.agent_id), frame.model_dump())
