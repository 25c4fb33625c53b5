"""Who beside the customer takes part in a conversation by mail, and as what."""

from collections.abc import Iterable

from app.mail.models import MailParticipant
from core.clock import now
from core.transactions import transaction

COPIED, THIRD_PARTY = "copied", "third_party"


async def participants_of(conversation_id: int) -> dict[str, MailParticipant]:
    """The participants by address (lower case), in the order in which they joined."""
    rows = await MailParticipant.filter(conversation_id=conversation_id).order_by("id")
    return {row.address: row for row in rows}


async def role_of(conversation_id: int, address: str) -> str:
    """`copied`: their answer may stand in the talk, as theirs. `third_party`: it is for the desk alone. Else empty."""
    row = await MailParticipant.get_or_none(conversation_id=conversation_id, address=address.lower())
    return row.role if row else ""


async def add_participants(
    conversation_id: int, people: Iterable[tuple[str, str]], role: str, agent_id: int | None
) -> None:
    """Remember these (name, address). Whoever was ever forwarded something stays a third party: what they answer may
    speak of it, so it is never shown to the customer unasked."""
    async with transaction():
        known = await participants_of(conversation_id)
        for name, written in people:
            address = written.lower()
            row = known.get(address)
            if row is None:
                known[address] = await MailParticipant.create(
                    conversation_id=conversation_id,
                    address=address,
                    name=name[:200],
                    role=role,
                    added_by_id=agent_id,
                    created_at=now(),
                )
            elif role == THIRD_PARTY != row.role:
                row.role = role
                await row.save(update_fields=["role"])
