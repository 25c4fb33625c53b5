"""One change to many tickets: written down, then carried out ticket by ticket by the ordinary verbs.

So roles, guards and conflicts hold for each of them; what was refused is kept with its reason.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from conversations.holding import release_all
from core.clock import now
from core.errors import Invalid, NotFound, WismoError
from core.ids import as_id, new_id
from core.jobs import enqueue
from core.people import Actor, Agent
from core.sql import Columns, fetch
from core.transactions import transaction
from tickets.access import locked_ticket, ticket_for
from tickets.assignment import assign
from tickets.models import PRIORITIES, Ticket
from tickets.parents import put_below
from tickets.prioritising import set_priority
from tickets.resolution import close, resolve
from tickets.tagging import add_tag, remove_tag, tag_name
from tickets.work_models import BulkItem, BulkRun

JOB = "tickets.bulk"
MOST_TICKETS = 500
WAITING, DONE, REFUSED = "waiting", "done", "refused"

_ROWS = Columns("ticket_id bigint")
_ADD = (
    "INSERT INTO bulk_item (run_id, ticket_id, outcome, why, detail)"
    " SELECT {run}, ticket_id, 'waiting', '', {nothing} FROM {rows} AS r"
)
_STATE = "SELECT i.outcome, COUNT(*) AS number FROM bulk_item AS i WHERE i.run_id = {run} GROUP BY i.outcome"

Step = Callable[[int, str, Actor], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a bulk change has come, in tickets."""

    total: int
    done: int
    refused: int

    @property
    def waiting(self) -> int:
        return self.total - self.done - self.refused


async def start_bulk(agent: Agent, action: str, value: str, ticket_ids: Sequence[int]) -> BulkRun:
    """Write down the change and who wants it; a job carries it out. Tickets are reached through the agent by then.

    Raises Invalid (bad_bulk, bad_priority, bad_tag, nothing_chosen, too_many_chosen) and NotFound for an agent or a
    ticket that `value` names.
    """
    ids = list(dict.fromkeys(ticket_ids))
    if not ids:
        raise Invalid("no tickets are chosen", code="nothing_chosen")
    if len(ids) > MOST_TICKETS:
        raise Invalid("too many at once", code="too_many_chosen", most=MOST_TICKETS)
    meant = await _checked(agent, action, value)
    async with transaction():
        run = await BulkRun.create(
            public_id=new_id("blk"), agent=agent, action=action, value=meant, total=len(ids), created_at=now()
        )
        await fetch(_ADD, run=run.id, rows=_ROWS.of([(id_,) for id_ in ids]), nothing="{}")
        await enqueue(JOB, {"run": run.id}, key=f"{JOB}:{run.id}")
    return run


async def carry_on(run_id: int) -> None:
    """Do what is left of a bulk change, each ticket in a transaction of its own; may be called again at any time."""
    run = await BulkRun.get(id=run_id).select_related("agent")
    actor = Actor.of(run.agent)
    waiting = BulkItem.filter(run_id=run.id, outcome=WAITING).order_by("id")
    for item in await waiting:
        await _do(item.id, run, actor)
    await BulkRun.filter(id=run.id, finished_at=None).update(finished_at=now())


async def run_of(agent: Agent, public_id: str) -> BulkRun:
    """A bulk change of the agent's own. Raises NotFound."""
    run = await BulkRun.get_or_none(public_id=as_id(public_id), agent_id=agent.id)
    if run is None:
        raise NotFound("no such change")
    return run


async def progress(run: BulkRun) -> Progress:
    """How far it has come; one statement."""
    counts = {row["outcome"]: row["number"] for row in await fetch(_STATE, run=run.id)}
    return Progress(run.total, counts.get(DONE, 0), counts.get(REFUSED, 0))


async def refusals(run: BulkRun, limit: int = MOST_TICKETS) -> list[BulkItem]:
    """What was not done and why, with the tickets."""
    return await BulkItem.filter(run_id=run.id, outcome=REFUSED).order_by("id").limit(limit).select_related("ticket")


async def _do(item_id: int, run: BulkRun, actor: Actor) -> None:
    """A refusal is caught inside the transaction: what a verb notes about it is kept."""
    async with transaction():
        item = await BulkItem.filter(id=item_id).select_for_update().get()
        if item.outcome != WAITING:
            return
        try:
            await _STEPS[run.action](item.ticket_id, run.value, actor)
            item.outcome = DONE
        except WismoError as error:
            item.outcome, item.why = REFUSED, error.code
            item.detail = {key: value for key, value in error.data.items() if isinstance(value, str | int)}
        await item.save(update_fields=["outcome", "why", "detail"])


async def _checked(agent: Agent, action: str, value: str) -> str:
    """`value` as it is kept."""
    if action not in _STEPS:
        raise Invalid("no such change", code="bad_bulk", known=list(_STEPS))
    if action == "priority" and value not in PRIORITIES:
        raise Invalid("no such priority", code="bad_priority", known=list(PRIORITIES))
    if action in ("tag", "untag"):
        return tag_name(value)
    if action == "assign" and value and not await Agent.exists(public_id=as_id(value), active=True):
        raise NotFound("no such agent")
    if action == "below":
        return str((await ticket_for(agent, value.strip().lstrip("#"))).number)
    return value


async def _assign(ticket_id: int, value: str, actor: Actor) -> Ticket:
    return await assign(ticket_id, await Agent.get(public_id=value) if value else None, actor)


async def _below(ticket_id: int, value: str, actor: Actor) -> Ticket:
    return await put_below(ticket_id, (await Ticket.get(number=int(value))).id, actor)


async def _resolve(ticket_id: int, value: str, actor: Actor) -> Ticket:
    await _say_first(ticket_id, actor)
    return await resolve(ticket_id, actor)


async def _close(ticket_id: int, value: str, actor: Actor) -> Ticket:
    await _say_first(ticket_id, actor)
    return await close(ticket_id, actor)


async def _say_first(ticket_id: int, actor: Actor) -> None:
    """What anybody has sent and can still undo is said before the end of the ticket; stopped words refuse the end."""
    ticket, _ = await locked_ticket(ticket_id, actor)
    await release_all(ticket.conversation_id)


_STEPS: dict[str, Step] = {
    "assign": _assign,
    "priority": set_priority,
    "tag": add_tag,
    "untag": remove_tag,
    "below": _below,
    "resolve": _resolve,
    "close": _close,
}
ACTIONS = tuple(_STEPS)
