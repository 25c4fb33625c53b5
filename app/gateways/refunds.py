"""Which gateways can send money back, what each needs to know, and how often it may be asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.gateways.refund_manual import ManualRefunds
from app.gateways.refund_simulator import SimulatedRefunds
from core.errors import Invalid
from orders.refund_gateway import RefundGateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One gateway: its adapter, which keeps nothing between calls, and the names of the credentials that it needs.

    `pause`: the least time between two refunds of one order. Which payments are a gateway's: orders/refund_accounts.py.
    """

    gateway: RefundGateway
    credentials: tuple[str, ...] = ()
    pause: timedelta = timedelta()


WAYS: Mapping[str, Way] = {
    "manual": Way(gateway=ManualRefunds()),
    "simulator": Way(gateway=SimulatedRefunds()),
}


def way_of(gateway: str) -> Way:
    """How money goes back through a gateway. Raises Invalid (no_refund_gateway)."""
    if gateway not in WAYS:
        raise Invalid(f"money cannot go back through {gateway}", code="no_refund_gateway")
    return WAYS[gateway]
