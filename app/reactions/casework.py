"""Inside the transaction of a message: who must act on it now."""

from conversations.events import HandlerChanged, MessagePosted
from conversations.models import BOT, EMAIL
from core.clock import now
from core.jobs import enqueue
from tickets.assignment import follow_handler
from tickets.promises import first_reply_given
from tickets.resolution import customer_replied


async def ask_bot_or_desk(event: MessagePosted) -> None:
    """A customer's words go to the bot while it has the turn; to whoever, they wake the ticket that waits for them."""
    if event.author_kind != "customer":
        return
    if event.handler == BOT:
        lane = f"conversation:{event.conversation_id}"
        await enqueue("bot.answer", {"conversation": event.conversation_id, "number": event.number}, lane=lane)
    await customer_replied(event.conversation_id, to_bot=event.handler == BOT)


async def keep_first_reply_promise(event: MessagePosted) -> None:
    """An agent's words settle what was promised about a first reply."""
    if event.author_kind == "agent":
        await first_reply_given(event.conversation_id, now())


async def send_reply_by_mail(event: MessagePosted) -> None:
    """An agent's words leave by mail where the customer came by mail."""
    if event.author_kind == "agent" and event.channel == EMAIL:
        await enqueue("mail.reply", {"message": event.message_id}, key=f"mail.reply:{event.message_id}")


async def assign_to_speaker(event: HandlerChanged) -> None:
    """Whoever speaks owns the work that nobody owned."""
    if event.agent_id is not None:
        await follow_handler(event.conversation_id, event.agent_id)
