"""Teams: people who share a kind of work, for one shop or for all of them."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core import audit
from core.bundles import Bundle, Later, alone
from core.clock import now
from core.errors import Conflict, Invalid
from core.fields import UtcDatetimeField, public_id_field
from core.ids import new_id
from core.people import SYSTEM, Actor, Agent
from core.shops import Shop
from core.text import clean
from core.transactions import transaction

NAME_LIMIT = 80


class Team(Model):
    """A group that conversations can be handed to. Without a shop it serves all of them."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # tem_…
    shop: fields.ForeignKeyNullableRelation[Shop] = fields.ForeignKeyField(
        "wismo.Shop", null=True, related_name="teams"
    )
    shop_id: int | None
    name = fields.CharField(max_length=NAME_LIMIT, unique=True)
    created_at = UtcDatetimeField()
    retired_at = UtcDatetimeField(null=True)  # nothing is handed to it any more; what it did keeps its name

    class Meta:
        app = "wismo"
        table = "team"
        indexes = (Index(fields=("shop_id",)),)


class TeamMember(Model):
    """Who belongs to which team. A member still sees only the shops that they work for."""

    id = fields.BigIntField(primary_key=True)
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField("wismo.Team", related_name="members")
    team_id: int
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("wismo.Agent", related_name="teams")
    agent_id: int

    class Meta:
        app = "wismo"
        table = "team_member"
        unique_together = (("team_id", "agent_id"),)
        indexes = (Index(fields=("agent_id",)),)


async def create_team(name: str, shop: Shop | None = None, *, actor: Actor = SYSTEM) -> Team:
    """Add a team for one shop or for all. Raises Invalid (bad_name), Conflict (name_taken; name_retired). Audited."""
    async with transaction():
        words = await _free_name(name)
        team = await Team.create(public_id=new_id("tem"), name=words, shop=shop, created_at=now())
        await audit.note(actor, "team.created", team.public_id, name=words, shop=shop.public_id if shop else None)
    return team


async def rename_team(team: Team, name: str, actor: Actor) -> None:
    """Give the team another name. Errors are those of `create_team`. Audited."""
    async with transaction():
        words = await _free_name(name, team)
        if words == team.name:
            return
        await audit.note(actor, "team.renamed", team.public_id, before=team.name, after=words)
        team.name = words
        await team.save(update_fields=["name"])


async def set_members(team: Team, agent_ids: set[int], *, actor: Actor = SYSTEM) -> None:
    """Make exactly these agents the members of `team`; what is no agent's id is left out. Audited."""
    async with transaction():
        await TeamMember.filter(team_id=team.id).exclude(agent_id__in=list(agent_ids)).delete()
        there: list[Any] = list(await TeamMember.filter(team_id=team.id).values_list("agent_id", flat=True))
        for agent in await Agent.filter(id__in=list(agent_ids - set(there))).order_by("id"):
            await TeamMember.create(team_id=team.id, agent_id=agent.id)
        await audit.note(actor, "team.members_set", team.public_id, agents=sorted(agent_ids))


async def teams_for(shop_id: int) -> list[Team]:
    """The teams to which a conversation of the shop can be handed, by name."""
    return await alone(lambda bundle: teams_in(bundle, shop_id))


def teams_in(bundle: Bundle, shop_id: int) -> Later[list[Team]]:
    """What `teams_for` gives, as part of a bundle."""
    which = "WHERE t.retired_at IS NULL AND (t.shop_id IS NULL OR t.shop_id = {shop}) ORDER BY t.name, t.id"
    found = bundle.rows(Team, which, shop=shop_id)
    return lambda: found


async def _free_name(name: str, team: Team | None = None) -> str:
    words = clean(name, limit=NAME_LIMIT)
    if not words:
        raise Invalid("a team needs a name", code="bad_name")
    other = await Team.get_or_none(name=words)
    if other is not None and (team is None or other.id != team.id):
        retired = other.retired_at is not None
        raise Conflict("another team has this name", code="name_retired" if retired else "name_taken")
    return words
