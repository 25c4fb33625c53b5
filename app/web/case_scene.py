"""What the panel of a complaint knows beside its own rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conversations.models import Conversation
from core.people import Agent
from core.shops import Shop
from tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Case:
    """The ticket as the page shows it, and who looks."""

    agent: Agent
    ticket: Ticket
    shop: Shop
    links: Sequence[dict[str, Any]]  # its orders: order_id, public_id, number, confirmed

    @property
    def base(self) -> str:
        return f"/console/tickets/{self.ticket.number}"

    @property
    def conversation(self) -> Conversation:
        return self.ticket.conversation
