"""The checklist of a ticket: read, ask the customer for what is missing, say what is not needed; a guard."""

from collections.abc import Sequence

from core.bundles import Bundle, Later, alone
from core.clock import now
from core.errors import Conflict, Invalid
from core.people import Actor, Agent
from core.sql import Columns, fetch
from core.transactions import transaction
from tickets.access import locked_ticket
from tickets.kinds import NEEDS, About, Item, checklist
from tickets.models import Ticket, TicketLink
from tickets.timeline import change
from tickets.work_models import EvidenceStep

ASKED, WAIVED = "asked", "waived"
_CODES = frozenset(need.code for needs in NEEDS.values() for need in needs)
_ROWS = Columns("need text")
_NOTE = (
    "INSERT INTO evidence_step (ticket_id, need, step, agent_id, created_at)"
    " SELECT {ticket}, need, {step}, {agent}, {now} FROM {rows} AS r WHERE 1 = 1"
    " ON CONFLICT (ticket_id, need, step) DO NOTHING RETURNING need"
)
_PHOTOS = (
    "SELECT COUNT(*) AS number FROM attachment AS a WHERE a.uploader_kind = 'customer' AND a.width IS NOT NULL"
    " AND a.message_id IS NOT NULL AND a.conversation_id IN (SELECT k.conversation_id FROM ticket AS k"
    " WHERE k.id = {ticket} OR k.merged_into_id = {ticket})"
)
_CONFIRMED = "WHERE t.ticket_id = {ticket} AND t.confirmed ORDER BY t.id"


async def evidence_of(ticket_id: int) -> list[Item]:
    """The checklist of a ticket; one statement."""
    return await alone(lambda bundle: evidence_in(bundle, ticket_id))


def evidence_in(bundle: Bundle, ticket_id: int) -> Later[list[Item]]:
    """What `evidence_of` gives, as part of a bundle."""
    links = bundle.rows(TicketLink, _CONFIRMED, ticket=ticket_id)
    photos = bundle.table("number", _PHOTOS, ticket=ticket_id)
    steps = bundle.rows(EvidenceStep, "WHERE t.ticket_id = {ticket}", ticket=ticket_id)

    def items() -> list[Item]:
        taken = {state: {step.need for step in steps if step.step == state} for state in (ASKED, WAIVED)}
        return checklist(map(_about, links), int(photos[0]["number"]), asked=taken[ASKED], waived=taken[WAIVED])

    return items


async def note_asked(ticket_id: int, needs: Sequence[str], agent: Agent) -> None:
    """The customer was asked for these. Raises Invalid (bad_need), NotFound, Conflict (ticket_merged)."""
    await _note(ticket_id, needs, ASKED, agent)


async def waive(ticket_id: int, need: str, agent: Agent) -> None:
    """It is not needed here; the timeline keeps who said so. Raises Invalid (bad_need), NotFound, Conflict."""
    await _note(ticket_id, [need], WAIVED, agent)


async def evidence_is_complete(ticket: Ticket) -> None:
    """A guard of the end of a ticket. Raises Conflict (evidence_missing) with the `needs`."""
    missing = [item.code for item in await evidence_of(ticket.id) if item.open]
    if missing:
        raise Conflict("evidence is missing", code="evidence_missing", needs=missing)


async def _note(ticket_id: int, needs: Sequence[str], step: str, agent: Agent) -> None:
    if not needs or not _CODES.issuperset(needs):
        raise Invalid("no such need", code="bad_need", known=sorted(_CODES))
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, Actor.of(agent))
        rows = _ROWS.of([(need,) for need in dict.fromkeys(needs)])
        noted = await fetch(_NOTE, ticket=ticket.id, step=step, agent=agent.id, now=now(), rows=rows)
        if noted:
            new = sorted(row["need"] for row in noted)
            await change(ticket, Actor.of(agent), "evidence", f"evidence_{step}", look_again=False, needs=new)


def _about(link: TicketLink) -> About:
    return About(
        reason=link.reason,
        line=link.line_id is not None,
        units=link.units is not None,
        parcel=link.shipment_id is not None,
    )
