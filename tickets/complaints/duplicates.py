"""A complaint that another ticket has as well: dismissed when the two are merged, and taken up again when they part."""

from typing import Any

from core import promises
from core.errors import Conflict
from core.people import SYSTEM, Actor
from core.promises import OPEN, WITHDRAWN, Promise
from tickets.complaints.intake import DECISION_PROMISE
from tickets.complaints.models import Complaint
from tickets.complaints.progress import advance, locked_complaint, store
from tickets.complaints.steps import SETTLED, Step
from tickets.models import Ticket

DUPLICATE = "duplicate"


async def dismiss_duplicate(source: Ticket, target: Ticket, actor: Actor, *, chosen: bool) -> dict[str, Any] | None:
    """What stands in the way of a merge: an unsettled complaint of `source`. Dismissed if that is `chosen`, and if
    `target` has the complaint. Returns what `take_back` needs, None when there was nothing to do.

    Raises Conflict (complaint_unsettled, no_other_complaint) and Forbidden (not_your_step: P1 is for supervisors).
    """
    complaint = await Complaint.get_or_none(ticket_id=source.id)
    if complaint is None or complaint.step in SETTLED:
        return None
    if not chosen:
        raise Conflict("its complaint is not settled", code="complaint_unsettled")
    if not await Complaint.filter(ticket_id=target.id).exclude(step=Step.DISMISSED).exists():
        raise Conflict("the other one holds no complaint", code="no_other_complaint")
    owed = await Promise.filter(subject=source.public_id, kind=DECISION_PROMISE, state=OPEN).values_list(
        "id", flat=True
    )

    def fill(row: Complaint) -> None:
        row.dismissal = DUPLICATE

    async def withdraw(_: Complaint, ticket: Ticket) -> None:
        await promises.withdraw(DECISION_PROMISE, ticket.public_id)

    step = str(complaint.step)
    await advance(source.id, actor, Step.DISMISSED, fill, then=withdraw, why=DUPLICATE)
    return {"step": step, "promises": list(owed)}


async def take_back(source: Ticket, kept: dict[str, Any] | None) -> None:
    """The tickets part: the complaint goes on where it stood, unless somebody has dealt with it since."""
    if kept is None:
        return
    complaint, ticket, _ = await locked_complaint(source.id, SYSTEM)
    if complaint.step != Step.DISMISSED or complaint.dismissal != DUPLICATE:
        return
    complaint.step, complaint.dismissal, complaint.dismissed_at = kept["step"], "", None
    await Promise.filter(id__in=kept["promises"], state=WITHDRAWN).update(state=OPEN, settled_at=None)
    await store(complaint, ticket, SYSTEM, "complaint_received")
