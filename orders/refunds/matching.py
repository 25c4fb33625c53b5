"""Which refunds that a shop or a gateway tells of are our own coming back: those must not count twice. Pure.

Ours is what carries the key that we gave it, or the name that the gateway gave it. Everything else was made elsewhere.
"""

from collections.abc import Iterable, Sequence

from orders.models import Refund
from orders.refunds.models import RefundPart
from orders.refunds.states import PartState

_LEFT = (PartState.SENT, PartState.PENDING, PartState.FROZEN, PartState.SUCCEEDED)


def our_part(refund: Refund, parts: Iterable[RefundPart]) -> RefundPart | None:
    """The part of ours that the refund is; None for one that was made elsewhere."""
    parts = list(parts)
    by_key = next((part for part in parts if refund.key and refund.key == part.public_id), None)
    names = {refund.reference, refund.source_id} - {""}
    return by_key or next((part for part in parts if part.gateway_ref in names), None)


def only_ours(parts: Sequence[RefundPart], refunds: Sequence[Refund]) -> list[RefundPart]:
    """Parts that have left, or have arrived, of which the record tells nothing (yet)."""
    told = {part.id for refund in refunds if (part := our_part(refund, parts)) is not None}
    return [part for part in parts if part.state in _LEFT and part.id not in told]


def made_elsewhere(refunds: Iterable[Refund], parts: Sequence[RefundPart]) -> list[Refund]:
    """The refunds that count besides our own; failed ones have freed their money."""
    return [refund for refund in refunds if refund.state != "failed" and our_part(refund, parts) is None]
