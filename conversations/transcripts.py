"""The conversation by mail, to an address that the customer has proved to be theirs, and to no other."""

from conversations.access import require_access
from conversations.events import TranscriptRequested
from conversations.models import Conversation
from conversations.proofs import proven_contacts
from core.errors import Conflict, NotFound
from core.people import Actor
from core.transactions import record, transaction
from orders.contacts import normal_email


async def request_transcript(conversation_id: int, actor: Actor, address: str = "") -> str:
    """Ask for the whole conversation by mail; returns where it goes: `address`, or the address proved last.

    Raises NotFound (not_proved) when that address is not proved in this conversation, or none is, and Conflict
    (nothing_to_send) before the first words.
    """
    async with transaction():
        await require_access(actor, conversation_id)
        proved = [contact for contact in await proven_contacts(conversation_id) if "@" in contact]
        wanted = normal_email(address) if address else None
        if not proved or (address and wanted not in proved):
            raise NotFound("no such address is proved here", code="not_proved")
        if not (await Conversation.get(id=conversation_id)).last_number:
            raise Conflict("nothing was said yet", code="nothing_to_send")
        recipient = wanted or proved[-1]
        record(TranscriptRequested(conversation_id=conversation_id, recipient=recipient))
    return recipient
