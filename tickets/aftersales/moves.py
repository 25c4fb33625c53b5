"""Every step of a case passes here: locked, checked, written to the ticket's timeline, told. A refusal is audited."""

from collections.abc import Awaitable, Callable
from typing import Any

from core import audit
from core.clock import now
from core.errors import Conflict, Forbidden, NotFound
from core.people import SYSTEM, Actor, Agent, shop_ids_of
from core.transactions import record, transaction
from tickets.access import locked_ticket
from tickets.aftersales.keeping import follow_keeping
from tickets.aftersales.models import AfterSale
from tickets.aftersales.states import AT_THE_SHOP, OVER, State, require_edge
from tickets.aftersales.timers import follow_timers
from tickets.events import AfterSaleChanged
from tickets.models import Ticket
from tickets.resolution import reopen
from tickets.statuses import Status
from tickets.timeline import change

_STATE = ("state", "since", "closed_at", "platform_due_at")


class Case:
    """A case that is ours until the commit, with its ticket (none for one that only the platform knows)."""

    def __init__(self, row: AfterSale, ticket: Ticket | None, actor: Actor, role: str) -> None:
        self.row, self.ticket, self.actor, self.role = row, ticket, actor, role

    async def move(self, wanted: State, *columns: str, by: Actor | None = None, **detail: Any) -> None:
        """Take a step: `by` a rule of the desk (core.people.SYSTEM) or whoever acts. Raises Conflict, Forbidden.

        `columns` are saved with it; a step that is refused has written nothing.
        """
        require_edge(self.row.state, wanted, self.role if by is None else by.kind)
        await self.told(wanted, *columns, by=by, **detail)

    async def told(self, wanted: State, *columns: str, by: Actor | None = None, **detail: Any) -> None:
        """Be in this state, however far it is from the one before: what the platform that keeps the case says, is."""
        row, actor = self.row, by or self.actor
        row.state, row.since, row.platform_due_at = wanted.value, now(), None
        if wanted in OVER:
            row.closed_at = row.since
        await self.write(f"case_{wanted.value}", *_STATE, *columns, by=actor, **detail)
        await follow_timers(row)
        await follow_keeping(row)
        if (
            wanted in AT_THE_SHOP
            and self.ticket is not None
            and self.ticket.status in (Status.PENDING, Status.RESOLVED)
        ):
            self.ticket = await reopen(self.ticket.id, SYSTEM)

    async def write(self, action: str, *columns: str, by: Actor | None = None, **detail: Any) -> None:
        """Save these columns with a new version, write the ticket's timeline and tell it."""
        self.row.version += 1
        await self.row.save(update_fields=[*dict.fromkeys((*columns, "version"))])
        if self.ticket is not None:
            about = {"case": self.row.number, "case_kind": self.row.kind}
            await change(self.ticket, by or self.actor, "aftersale", action, **about, **detail)
        tell(self.row)


def tell(row: AfterSale) -> None:
    """Record what became of a case."""
    record(AfterSaleChanged(case_id=row.id, ticket_id=row.ticket_id, shop_id=row.shop_id, state=row.state))


async def locked_case(public_id: str, actor: Actor, version: int | None = None) -> Case:
    """The case, ours until the commit. Raises NotFound, and Conflict (case_changed) when it is not `version` any more.

    Always the conversation, the ticket, then the case: no deadlocks.
    """
    known = await AfterSale.get_or_none(public_id=public_id)
    if known is None:
        raise NotFound("no such case")
    if known.ticket_id is not None:
        ticket, role = await locked_ticket(known.ticket_id, actor)
    else:
        ticket, role = None, await _role(known, actor)
    row = await AfterSale.filter(id=known.id).select_for_update().get()
    if version is not None and row.version != version:
        raise Conflict("the case has moved on", code="case_changed", state=row.state)
    return Case(row, ticket, actor, role)


async def take_step(
    public_id: str, actor: Actor, step: Callable[[Case], Awaitable[None]], version: int | None = None
) -> AfterSale:
    """Do `step` with the locked case, whole or not at all. One that is not possible, or not theirs, is audited."""
    try:
        async with transaction():
            case = await locked_case(public_id, actor, version)
            await step(case)
            return case.row
    except (Conflict, Forbidden) as error:
        if error.code != "case_changed":  # whoever was only slower has tried nothing
            await audit.note(actor, "case.refused", public_id, code=error.code, **_known(error.data))
        raise


def _known(data: dict[str, object]) -> dict[str, object]:
    """Of an error's data, what an audit may keep: states and numbers."""
    return {name: data[name] for name in ("current", "wanted", "most", "limit") if name in data}


async def _role(row: AfterSale, actor: Actor) -> str:
    """Cases without a ticket are the desk's own: no customer comes to them."""
    if actor.kind == "customer":
        raise NotFound("no such case")
    if actor.kind != "agent":
        return actor.kind
    agent = await Agent.get_or_none(id=actor.id, active=True)
    if agent is None or row.shop_id not in await shop_ids_of(agent):
        raise NotFound("no such case")
    return str(agent.role)
