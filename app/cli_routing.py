"""How work is given out: `wismo teams`, `wismo agents work` and `wismo shops assignment`."""

import click

from app.cli_orders import in_database
from core.money import parse_money
from core.people import SYSTEM, Agent
from core.shops import ASSIGNMENTS, Shop
from core.teams import Team, TeamMember, create_team
from tickets.models import KINDS
from tickets.staffing import LANGUAGES, set_assignment, set_teams, set_work


@click.group()
def teams() -> None:
    """People who share a kind of work."""


@teams.command("list")
@in_database
async def list_teams() -> None:
    """Every team with its shop and its members."""
    members: dict[int, list[str]] = {}
    for member in await TeamMember.all().select_related("agent").order_by("agent__email"):
        members.setdefault(member.team_id, []).append(member.agent.email)
    for team in await Team.all().order_by("name").select_related("shop"):
        click.echo(f"{team.name}\t{team.shop.key if team.shop else '*'}\t{', '.join(members.get(team.id, []))}")


@teams.command("add")
@click.argument("name")
@click.option("--shop", "shop_key", help="Key of the shop that it serves; without it all of them.")
@in_database
async def add_team(name: str, shop_key: str | None) -> None:
    """Add a team."""
    team = await create_team(name, await _shop(shop_key) if shop_key else None)
    click.echo(f"Conversations can be passed on to {team.name} now.")


@click.command("work")
@click.argument("email")
@click.option("--capacity", type=int, help="Points of work at a time; 0: none is given out.")
@click.option("--language", "languages", type=click.Choice(LANGUAGES), multiple=True, help="May be repeated.")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Kinds of tickets; may be repeated.")
@click.option("--team", "team_names", multiple=True, help="Makes these the agent's teams; may be repeated.")
@in_database
async def agent_work(
    email: str, capacity: int | None, languages: tuple[str, ...], kinds: tuple[str, ...], team_names: tuple[str, ...]
) -> None:
    """Say what an agent takes; what is not named stays as it is. Shows the result."""
    agent = await Agent.get_or_none(email=email.strip().lower())
    if agent is None:
        raise click.BadParameter("nobody has this e-mail", param_hint="EMAIL")
    found = await Team.filter(name__in=list(team_names))
    if missing := set(team_names) - {team.name for team in found}:
        raise click.BadParameter(f"no team is called {', '.join(sorted(missing))}", param_hint="--team")
    await set_work(
        agent,
        capacity=agent.capacity if capacity is None else capacity,
        languages=languages or agent.languages or (),
        skills=kinds or agent.skills or (),
        actor=SYSTEM,
    )
    if team_names:
        await set_teams(agent, found, SYSTEM)
    theirs = [row.team.name for row in await TeamMember.filter(agent_id=agent.id).select_related("team")]
    shown = (", ".join(agent.languages) or "*", ", ".join(agent.skills) or "*", ", ".join(theirs) or "-")
    click.echo(f"{agent.email}\t{agent.capacity} points\t{shown[0]}\t{shown[1]}\t{shown[2]}")


@click.command("assignment")
@click.argument("key")
@click.argument("assignment", type=click.Choice(ASSIGNMENTS))
@click.option("--valuable-from", help='Orders from this total come sooner, e.g. "500.00" in the shop\'s currency.')
@in_database
async def shop_assignment(key: str, assignment: str, valuable_from: str | None) -> None:
    """Let agents pick what waits (manual), or give it out (automatic); docs/routing.md."""
    shop = await _shop(key)
    total = parse_money(valuable_from, shop.currency).amount if valuable_from else None
    await set_assignment(shop, assignment, total, SYSTEM)
    click.echo(f"{shop.key}\t{shop.assignment}")


async def _shop(key: str) -> Shop:
    shop = await Shop.get_or_none(key=key)
    if shop is None:
        raise click.BadParameter(f"no shop has the key {key}")
    return shop
