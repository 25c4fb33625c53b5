"""Who may take a conversation over from the colleague who answers it."""

from core.people import ADMIN, SUPERVISOR, Actor, Agent, is_present
from core.teams import TeamMember

OVERSEERS = (SUPERVISOR, ADMIN)


async def may_relieve(actor: Actor, holder: Agent | None) -> bool:
    """Supervisors and team mates may, everybody where the holder belongs to no team, and everybody once the holder's
    console is closed: nobody's customer waits for somebody who has gone home."""
    if holder is None or not is_present(holder) or actor.kind != "agent":
        return True
    if await Agent.exists(id=actor.id, role__in=OVERSEERS):
        return True
    theirs = await TeamMember.filter(agent_id=holder.id, team__retired_at=None).values_list("team_id", flat=True)
    return not theirs or bool(await TeamMember.exists(agent_id=actor.id, team_id__in=theirs))
