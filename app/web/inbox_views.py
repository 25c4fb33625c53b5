"""Which list an address asks for: a view that everybody has, or a saved one of conditions."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from core.bundles import Bundle, Later
from core.clock import now
from core.errors import Invalid
from core.people import Agent
from tickets.conditions import read_conditions, view_of
from tickets.queries import VIEWS, count_in, counts_in
from tickets.statuses import Status
from tickets.view_parts import View
from tickets.views import views_of
from tickets.work_models import SavedView

LIVE = "live"  # chats that go on without a ticket


@dataclass(frozen=True, slots=True)
class Chosen:
    """The key in the address, what the list holds, and the name of a saved view."""

    key: str
    holds: str | View
    name: str = ""


async def saved_views(request: Request, agent: Agent) -> list[SavedView]:
    """The agent's saved views: those that came with the agent, where the page has read them."""
    known: list[SavedView] | None = getattr(request.state, "saved_views", None)
    return await views_of(agent) if known is None else known


def chosen_view(key: str, saved: Sequence[SavedView]) -> Chosen:
    """What `key` names; whatever is not known is the open tickets."""
    for view in saved:
        if view.public_id == key and (held := _held(view)) is not None:
            return Chosen(key, held, view.name)
    return Chosen(key, key) if key in VIEWS or key == LIVE else Chosen("open", "open")


def all_counts_in(
    bundle: Bundle, agent: Agent, shop_ids: Sequence[int], saved: Sequence[SavedView]
) -> Later[dict[str, int]]:
    """How many tickets each view holds, by its key; views of what is closed are not counted. Part of a bundle."""
    usual = counts_in(bundle, agent, shop_ids)
    held = {view.public_id: _held(view) for view in saved}
    more = {
        key: count_in(bundle, agent, shop_ids, view)
        for key, view in held.items()
        if view is not None and Status.CLOSED not in view.statuses
    }
    return lambda: usual() | {key: count() for key, count in more.items()}


def _held(view: SavedView) -> View | None:
    """None for conditions of another version, which cannot be read any more."""
    try:
        return view_of(read_conditions(view.conditions), now())
    except Invalid:
        return None
