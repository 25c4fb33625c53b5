"""Chargebacks: which disputes of an order count, which are open, and the money that lost ones took back. Pure."""

from collections.abc import Iterable, Mapping

from orders.facts import DisputeFacts, RefundFacts
from orders.statuses import OPEN_DISPUTES, DisputeState


def counted(disputes: Mapping[str, DisputeFacts]) -> dict[str, DisputeFacts]:
    """The disputes by id, each once: what a gateway tells replaces what the platform tells of the same sum."""
    theirs = [_sum(facts) for facts in disputes.values() if facts.by_gateway]
    kept = dict[str, DisputeFacts]()
    for dispute_id, facts in sorted(disputes.items()):
        if not facts.by_gateway and _sum(facts) in theirs:
            theirs.remove(_sum(facts))
            continue
        kept[dispute_id] = facts
    return kept


def is_open(disputes: Iterable[DisputeFacts]) -> bool:
    """Does a bank still ask, or decide?"""
    return any(facts.state in OPEN_DISPUTES for facts in disputes)


def reversals(disputes: Mapping[str, DisputeFacts]) -> dict[str, RefundFacts]:
    """The money that went back without the shop's doing, as refunds; a decision that is turned round takes it away."""
    return {
        dispute_id: RefundFacts(
            amount=facts.amount,
            currency=facts.currency,
            state="succeeded",
            reference=dispute_id,
            payment=facts.payment,
            at=facts.closed_at,
            seen_at=facts.opened_at,
            reversal=True,
        )
        for dispute_id, facts in disputes.items()
        if facts.state is DisputeState.LOST
    }


def _sum(facts: DisputeFacts) -> tuple[int | None, str | None]:
    return facts.amount, facts.currency
