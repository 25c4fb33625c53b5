"""What agents take: whether they are available, how much, in which languages, of which kinds, for which teams."""

from collections.abc import Collection
from datetime import timedelta

from core import audit
from core.clock import now
from core.errors import Invalid
from core.people import AVAILABILITIES, Actor, Agent, is_present
from core.shops import ASSIGNMENTS, Shop
from core.teams import Team, TeamMember
from core.transactions import record, transaction
from tickets.draining import drain_later
from tickets.events import StaffChanged
from tickets.models import KINDS

MOST_CAPACITY = 100  # points
LANGUAGES = ("en", "zh")
LIFE = timedelta(seconds=25)  # an open console gives a sign of life more often


async def set_availability(agent: Agent, availability: str) -> None:
    """`agent` wants new work (online) or none for now (away, offline). Raises Invalid (bad_availability)."""
    if availability not in AVAILABILITIES:
        raise Invalid("one of online, away, offline", code="bad_availability")
    async with transaction():
        await Agent.filter(id=agent.id).update(availability=availability)
        record(StaffChanged(agent_id=agent.id, what="availability"))
        await drain_later()
    agent.availability = availability


async def show_presence(agent_id: int) -> None:
    """The agent's console is open. Whoever comes back to the desk may get work at once."""
    async with transaction():
        agent = await Agent.get_or_none(id=agent_id)
        if agent is None:
            return
        came = not is_present(agent)
        await Agent.filter(id=agent_id).update(seen_at=now())
        if came:
            record(StaffChanged(agent_id=agent_id, what="came"))
            await drain_later()


async def end_presence(agent_id: int) -> bool:
    """The agent's last console at one process has been closed for a while. False when another still shows signs of
    life: then nothing changes."""
    async with transaction():
        agent = await Agent.filter(id=agent_id).select_for_update().first()
        if agent is None or agent.seen_at is None:
            return True
        if now() - agent.seen_at < LIFE:
            return False
        await Agent.filter(id=agent_id).update(seen_at=None)
        record(StaffChanged(agent_id=agent_id, what="gone"))
    return True


async def set_work(
    agent: Agent, *, capacity: int, languages: Collection[str], skills: Collection[str], actor: Actor
) -> None:
    """Say how many points of work the agent gets at a time, in which languages and of which kinds; empty: of all.

    Raises Invalid (bad_capacity, bad_language, bad_kind). Audited.
    """
    if not 0 <= capacity <= MOST_CAPACITY:
        raise Invalid(f"a capacity is 0 to {MOST_CAPACITY} points", code="bad_capacity")
    if not set(languages) <= set(LANGUAGES):
        raise Invalid("no such language", code="bad_language", known=list(LANGUAGES))
    if not set(skills) <= set(KINDS):
        raise Invalid("no such kind of ticket", code="bad_kind", known=list(KINDS))
    async with transaction():
        agent.capacity, agent.languages, agent.skills = capacity, sorted(set(languages)), sorted(set(skills))
        await agent.save(update_fields=["capacity", "languages", "skills"])
        await audit.note(
            actor, "agent.work_set", agent.public_id, capacity=capacity, languages=agent.languages, skills=agent.skills
        )
        record(StaffChanged(agent_id=agent.id, what="work"))
        await drain_later()


async def set_teams(agent: Agent, teams: Collection[Team], actor: Actor) -> None:
    """Make the agent a member of exactly these teams. Audited."""
    wanted = {team.id for team in teams}
    async with transaction():
        await TeamMember.filter(agent_id=agent.id).exclude(team_id__in=list(wanted)).delete()
        there = {member.team_id for member in await TeamMember.filter(agent_id=agent.id)}
        for team_id in sorted(wanted - there):
            await TeamMember.create(agent_id=agent.id, team_id=team_id)
        await audit.note(actor, "agent.teams_set", agent.public_id, teams=sorted(wanted))
        record(StaffChanged(agent_id=agent.id, what="teams"))
        await drain_later()


async def set_assignment(shop: Shop, assignment: str, valuable_from: int | None, actor: Actor) -> None:
    """Let agents of the shop pick (manual) or give out what waits (automatic); orders from `valuable_from` (minor
    units of the shop's currency; None: no order) come sooner. Raises Invalid (bad_assignment, bad_total). Audited.
    """
    if assignment not in ASSIGNMENTS:
        raise Invalid("manual or automatic", code="bad_assignment")
    if valuable_from is not None and not 0 < valuable_from < 10**15:
        raise Invalid("a total in minor units, above nothing", code="bad_total")
    async with transaction():
        shop.assignment, shop.valuable_from = assignment, valuable_from
        await shop.save(update_fields=["assignment", "valuable_from"])
        await audit.note(
            actor, "shop.assignment_set", shop.public_id, assignment=assignment, valuable_from=valuable_from
        )
        await drain_later(shop.id)
