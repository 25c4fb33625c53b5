"""The end of a team, and its return: nothing that waits for it is lost."""

from conversations.handover import release_from_team
from conversations.models import Conversation
from core import audit
from core.clock import now
from core.people import Actor
from core.teams import Team
from core.transactions import transaction


async def retire_team(team: Team, actor: Actor) -> int:
    """Nothing is handed to the team any more; what waits for it waits for everybody of its shop, in the same turn.
    Returns how much that was; nothing happens the second time. Members and history stay. Audited."""
    async with transaction():
        team = await Team.filter(id=team.id).select_for_update().get()
        if team.retired_at is not None:
            return 0
        await Team.filter(id=team.id).update(retired_at=now())
        waiting = 0
        for row in await Conversation.filter(team_id=team.id).order_by("id").only("id"):
            waiting += await release_from_team(row.id, actor)
        await audit.note(actor, "team.retired", team.public_id, name=team.name, waiting=waiting)
    return waiting


async def revive_team(team: Team, actor: Actor) -> None:
    """Take the team back into service, with the members that it had. Audited."""
    async with transaction():
        if await Team.filter(id=team.id, retired_at__isnull=False).update(retired_at=None):
            await audit.note(actor, "team.revived", team.public_id, name=team.name)
