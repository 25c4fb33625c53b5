"""Inside the transaction of a claim: its ticket and the customer are told by a job, whatever they are locked by now."""

from core.jobs import enqueue
from orders.events import ClaimChanged


async def tell_later(event: ClaimChanged) -> None:
    """Who has asked knows what was said at once; everything after that is news."""
    if not event.at_once:
        args = {"claim": event.claim_id, "state": event.state}
        await enqueue("claim.tell", args, lane=f"claim.tell:{event.claim_id}")
