"""Saved views: conditions with a name, for oneself or for the whole desk."""

from collections.abc import Mapping
from typing import Any

from core.bundles import Bundle, Later, alone
from core.clock import now
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.ids import as_id, new_id
from core.people import ADMIN, SUPERVISOR, Agent
from core.text import clean
from core.transactions import transaction
from tickets.conditions import as_row, read_conditions
from tickets.work_models import SavedView

NAME_LIMIT, MOST_VIEWS = 60, 20  # characters; views of an agent, shared ones too

_OF_AGENT = "WHERE t.owner_id = {agent} OR t.shared ORDER BY t.shared DESC, t.name, t.id LIMIT {most}"


async def save_view(
    agent: Agent, name: str, conditions: Mapping[str, Any], *, shared: bool = False, public_id: str = ""
) -> SavedView:
    """Keep conditions as a view of the agent's, or change the one that `public_id` names.

    Only supervisors and administrators share, and change what is shared. Raises Invalid (bad_view_name,
    bad_conditions), Forbidden (not_your_role), NotFound, Conflict (too_many_views).
    """
    words = " ".join(clean(name, limit=NAME_LIMIT + 1).split())
    if not words or len(words) > NAME_LIMIT:
        raise Invalid("a view has a name of 1 to 60 characters", code="bad_view_name", limit=NAME_LIMIT)
    kept = as_row(read_conditions(conditions))
    if shared:
        _require_senior(agent)
    async with transaction():
        if public_id:
            view = await _changeable(agent, public_id)
            view.name, view.shared, view.conditions = words, shared, kept
            await view.save(update_fields=["name", "shared", "conditions"])
            return view
        if await SavedView.filter(owner_id=agent.id).count() >= MOST_VIEWS:
            raise Conflict("twenty views at most", code="too_many_views", most=MOST_VIEWS)
        return await SavedView.create(
            public_id=new_id("viw"), owner=agent, name=words, shared=shared, conditions=kept, created_at=now()
        )


async def delete_view(agent: Agent, public_id: str) -> None:
    """Forget a view. Raises Forbidden (not_your_role) for a colleague's shared one, NotFound."""
    async with transaction():
        await (await _changeable(agent, public_id)).delete()


async def views_of(agent: Agent) -> list[SavedView]:
    """The agent's own and the shared views: shared ones first, by name; twenty at most."""
    return await alone(lambda bundle: views_in(bundle, agent))


def views_in(bundle: Bundle, agent: Agent) -> Later[list[SavedView]]:
    """What `views_of` gives, as part of a bundle."""
    rows = bundle.rows(SavedView, _OF_AGENT, agent=agent.id, most=MOST_VIEWS)
    return lambda: rows


async def _changeable(agent: Agent, public_id: str) -> SavedView:
    view = await SavedView.filter(public_id=as_id(public_id)).select_for_update().first()
    if view is None or (view.owner_id != agent.id and not view.shared):
        raise NotFound("no such view")
    if view.owner_id != agent.id or view.shared:
        _require_senior(agent)
    return view


def _require_senior(agent: Agent) -> None:
    if agent.role not in (SUPERVISOR, ADMIN):
        raise Forbidden("shared views are the supervisors'", code="not_your_role")
