"""How work is given out: `wismo teams`, `wismo agents work` and `wismo shops assignment`."""

import click

from app.cli_orders import in_database, shop_of
from core.money import parse_money
from core.people import SYSTEM, Agent
from core.shops import ASSIGNMENTS
from core.teams import Team, TeamMember, create_team, rename_team
from tickets.models import KINDS
from tickets.retiring import retire_team, revive_team
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
        retired = "\tretired" if team.retired_at else ""
        click.echo(
            f"{team.name}\t{team.shop.key if team.shop else '*'}\t{', '.join(members.get(team.id, []))}{retired}"
        )


@teams.command("add")
@click.argument("name")
@click.option("--shop", "shop_key", help="Key of the shop that it serves; without it all of them.")
@in_database
async def add_team(name: str, shop_key: str | None) -> None:
    """Add a team."""
    team = await create_team(name, await shop_of(shop_key) if shop_key else None)
    click.echo(f"Conversations can be passed on to {team.name} now.")


@teams.command("rename")
@click.argument("name")
@click.argument("new_name")
@in_database
async def change_name(name: str, new_name: str) -> None:
    """Give a team another name."""
    await rename_team(await _team(name), new_name, SYSTEM)
    click.echo(f"{name} is {new_name} now.")


@teams.command("retire")
@click.argument("name")
@in_database
async def retire(name: str) -> None:
    """Hand nothing to a team any more; what waits for it waits for everybody."""
    waiting = await retire_team(await _team(name), SYSTEM)
    click.echo(f"{name} is retired; {waiting} conversations wait for everybody now.")


@teams.command("revive")
@click.argument("name")
@in_database
async def revive(name: str) -> None:
    """Take a retired team back into service, with its members."""
    await revive_team(await _team(name), SYSTEM)
    click.echo(f"Conversations can be passed on to {name} again.")


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
    found = await Team.filter(name__in=list(team_names), retired_at=None)
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
    shop = await shop_of(key)
    total = parse_money(valuable_from, shop.currency).amount if valuable_from else None
    await set_assignment(shop, assignment, total, SYSTEM)
    click.echo(f"{shop.key}\t{shop.assignment}")


async def _team(name: str) -> Team:
    team = await Team.get_or_none(name=name)
    if team is None:
        raise click.BadParameter(f"no team is called {name}")
    return team
