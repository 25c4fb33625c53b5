"""The jobs of complaints: telling the customer that theirs has arrived, and reading what they write afterwards."""

from typing import Any

from app.complaint_letters import acknowledgement
from app.jobs.context import JobContext
from conversations.models import CHAT, EMAIL
from conversations.posting import post
from core.jobs import enqueue
from core.people import SYSTEM
from core.transactions import transaction
from tickets.complaints.escalation import customer_wrote
from tickets.complaints.intake import acknowledge, decision_due
from tickets.complaints.models import Complaint
from tickets.complaints.steps import UNDECIDED


async def acknowledge_complaint(args: dict[str, Any], context: JobContext) -> None:
    """Tell the customer of `complaint`, in the chat or by mail. Who came by phone is called by an agent."""
    complaint = await Complaint.get(id=args["complaint"]).select_related("ticket__conversation", "shop")
    conversation, ticket = complaint.ticket.conversation, complaint.ticket
    if complaint.acknowledged_at is not None or complaint.step not in UNDECIDED:
        return
    if conversation.channel not in (CHAT, EMAIL):
        return
    async with transaction():
        due = await decision_due(ticket)
        await acknowledge(ticket.id, SYSTEM, due)
        words = acknowledgement(complaint, ticket.number, due, complaint.shop.timezone, conversation.language)
        message = await post(
            conversation.id,
            SYSTEM,
            words,
            client_id=f"complaint:{complaint.public_id}",
            channel=conversation.channel,
            language=conversation.language,
        )
        if conversation.channel == EMAIL:
            await enqueue("mail.reply", {"message": message.id}, key=f"mail.reply:{message.id}")


async def read_complaint(args: dict[str, Any], context: JobContext) -> None:
    """Look at `message` of somebody who has complained in `conversation`."""
    await customer_wrote(args["conversation"], args["message"])
