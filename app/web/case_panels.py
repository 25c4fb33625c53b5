"""What is being done about a ticket, panel by panel, above the order: a list to which each kind of work adds a line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.web.aftersale_panel import aftersales_in
from app.web.complaint_panel import complaint_in
from app.web.refund_panel import refunds_in
from core.bundles import Bundle, Later
from core.people import Agent
from core.shops import Shop
from tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Panel:
    """A section: its template, and how it is read as part of the page's bundle. Nothing to show: None."""

    template: str
    read: Callable[[Bundle, Ticket, Shop, Agent], Later[dict[str, Any] | None]]


PANELS: tuple[Panel, ...] = (
    Panel("console/_complaint.html", complaint_in),
    Panel("console/_aftersales.html", aftersales_in),
    Panel("console/_refunds.html", refunds_in),
)


def panels_in(bundle: Bundle, ticket: Ticket | None, shop: Shop, agent: Agent) -> Later[list[dict[str, Any]]]:
    """Read all panels of a ticket with the bundle; a chat without a ticket has none."""
    if ticket is None:
        return list
    reading: Sequence[tuple[Panel, Later[dict[str, Any] | None]]] = [
        (panel, panel.read(bundle, ticket, shop, agent)) for panel in PANELS
    ]

    def shown() -> list[dict[str, Any]]:
        made = [(panel, read()) for panel, read in reading]
        return [{"template": panel.template, **view} for panel, view in made if view is not None]

    return shown
