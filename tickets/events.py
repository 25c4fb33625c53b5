"""What happens to a ticket. Ids are database ids."""

from dataclasses import dataclass

from core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOpened(Event):
    """A new piece of work exists. Recorded once; asking again for the same is only a timeline entry."""

    ticket_id: int
    shop_id: int
    conversation_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChanged(Event):
    """Something that lists and pages show has changed."""

    ticket_id: int
    shop_id: int
    conversation_id: int
    # assignment · priority · status · links · reply · clock · promise · merge · parent · tags · followers · evidence
    # complaint · kind · rule · macro · customer
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChanged(Event):
    """An agent has come or gone, or takes other work than before: queues and heads of pages may show it."""

    agent_id: int
    what: str  # came · gone · availability · work · teams


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterSaleChanged(Event):
    """An after-sales case is new or has moved to another state (`tickets.aftersales.states.State`)."""

    case_id: int
    ticket_id: int | None  # none: only the platform has told of it
    shop_id: int
    state: str
