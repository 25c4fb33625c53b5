"""The `wismo` program: one command for each thing an operator does."""

import asyncio
import sys
import tomllib
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, BinaryIO

import click
from starlette.applications import Starlette

from app.auth import agents as desk
from app.cli_audit import audit
from app.cli_bot import bot
from app.cli_connections import connect, connections, disconnect
from app.cli_mail import mail
from app.cli_mailboxes import add_mailbox_command, fetch, mailboxes
from app.cli_orders import orders, shop_of
from app.cli_payments import accounts_command, connect_command, disconnect_command
from app.cli_policies import policies
from app.cli_reconcile import reconcile
from app.cli_refund_desk import stuck_command
from app.cli_refund_limits import limits_command
from app.cli_refunds import refunds
from app.cli_routing import agent_work, shop_assignment, teams
from app.cli_simulate import simulate
from app.cli_statements import differences_command, reconcile_refunds
from app.cli_stock import stock
from app.database import open_database, sqlite_path
from app.demo import LOGINS, fill_demo, is_empty
from app.health import program_version
from app.logs import configure_logs
from app.main import create_app
from app.migrating import migrate, pending, require_migrated
from app.serving import require_free, serve
from app.settings import Settings, read_settings
from app.working import work_until_stopped
from conversations.epochs import begin_epoch
from core.business_hours import read_hours, written_hours
from core.clock import now
from core.errors import Invalid, WismoError
from core.people import ROLES, Agent
from core.shops import SECRET_KINDS, Shop, add_secret, create_shop, set_hours, set_privacy
from orders.sources import PLATFORMS
from orders.sources.secret_forms import check_secret


class Program(click.Group):
    """A group whose known errors end with their sentence and status 1, not with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except WismoError as error:
            raise click.ClickException(error.detail or error.code) from None


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Wismo: a customer-service desk for online shops."""


main.add_command(audit)
main.add_command(bot)
main.add_command(mail)
mail.add_command(mailboxes)
mail.add_command(fetch)
mail.add_command(add_mailbox_command)
main.add_command(orders)
orders.add_command(reconcile)
main.add_command(policies)
main.add_command(refunds)
for command in (
    stuck_command,
    accounts_command,
    connect_command,
    disconnect_command,
    limits_command,
    reconcile_refunds,
    differences_command,
):
    refunds.add_command(command)
main.add_command(simulate)
main.add_command(stock)
main.add_command(teams)


def _prepared() -> Settings:
    settings = read_settings()
    settings.prepare()
    configure_logs(settings.log_format, settings.log_level)
    return settings


def _in_database(body: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async command with the database open."""

    @wraps(body)
    def command(*args: Any, **kwargs: Any) -> None:
        settings = _prepared()

        async def run() -> None:
            await require_migrated(settings.database)
            async with open_database(settings.database):
                await body(*args, **kwargs)

        asyncio.run(run())

    return command


@main.command()
def run() -> None:
    """Set up what is missing, fill a demo shop if the database is empty, and serve. The same as no command at all."""
    settings = _prepared()
    require_free(settings.host, settings.port)
    asyncio.run(_set_up(settings))
    app = create_app(settings)
    serve(app, settings, lambda port: _announce(app, settings, port))


@main.command("serve")
@click.option("--no-work", is_flag=True, help="Leave the jobs to `wismo work`.")
@click.option("--no-intake", is_flag=True, help="Neither listen for mail nor fetch any in this process.")
def serve_command(no_work: bool, no_intake: bool) -> None:
    """Serve web pages, sockets and the API; refuses to start while migrations are pending."""
    settings = _prepared()
    asyncio.run(require_migrated(settings.database))
    app = create_app(settings, work=not no_work, intake=not no_intake)
    serve(app, settings, lambda port: _announce(app, settings, port))


@main.command()
def work() -> None:
    """Run jobs only: for desks with several processes."""
    work_until_stopped(_prepared())


@main.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date. An SQLite file is copied first."""
    settings = _prepared()
    report = asyncio.run(migrate(settings.database, backup_dir=settings.data_dir / "backups"))
    click.echo(str(report))


@main.command()
@_in_database
async def restored() -> None:
    """After a backup was restored: make open chats forget what the backup does not know."""
    click.echo(f"{await begin_epoch()} conversations begin anew in their clients.")


@main.command()
def demo() -> None:
    """Fill the demo shops into an empty database."""
    settings = _prepared()
    asyncio.run(_set_up(settings))
    click.echo("The demo is in place.")
    _show_logins()


@main.group()
def agents() -> None:
    """The people at the desk."""


@agents.command("list")
@_in_database
async def list_agents() -> None:
    """Everybody who may log in."""
    for agent in await Agent.all().order_by("email"):
        click.echo(f"{agent.email}\t{agent.role}\t{'active' if agent.active else 'disabled'}\t{agent.name}")


@agents.command("add")
@click.argument("email")
@click.option("--name", prompt=True)
@click.option("--role", type=click.Choice(ROLES), default="agent", show_default=True)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--shop", "shop_keys", multiple=True, help="Key of a shop the agent works for; may be repeated.")
@click.password_option()
@_in_database
async def add_agent(email: str, name: str, role: str, language: str, shop_keys: tuple[str, ...], password: str) -> None:
    """Hire somebody."""
    shops = await Shop.filter(key__in=list(shop_keys))
    missing = set(shop_keys) - {shop.key for shop in shops}
    if missing:
        raise click.BadParameter(f"no shop has the key {', '.join(sorted(missing))}", param_hint="--shop")
    agent = await desk.create_agent(email, name, password, role=role, language=language, shops=shops)
    click.echo(f"{agent.email} may log in now.")


@agents.command("password")
@click.argument("email")
@click.password_option()
@_in_database
async def set_password(email: str, password: str) -> None:
    """Give somebody a new password; their sessions end."""
    await desk.set_password(await _agent(email), password)
    click.echo("Done.")


@agents.command("disable")
@click.argument("email")
@_in_database
async def disable_agent(email: str) -> None:
    """Lock somebody out, at once."""
    await desk.disable_agent(await _agent(email))
    click.echo("Done.")


@main.group()
def shops() -> None:
    """The shops that this desk serves."""


for command in (connect, connections, disconnect):
    shops.add_command(command)


@shops.command("list")
@_in_database
async def list_shops() -> None:
    """Every shop with its key."""
    for shop in await Shop.all().order_by("key"):
        click.echo(f"{shop.key}\t{shop.platform}\t{shop.language}\t{shop.name}")


@shops.command("add")
@click.argument("key")
@click.option("--name", required=True)
@click.option("--mail", required=True, help="The address customers write to.")
@click.option("--page", required=True, help="The shop's page, e.g. https://shop.example.")
@click.option("--origin", "origins", multiple=True, help="Web origin that may embed the chat; may be repeated.")
@click.option("--platform", type=click.Choice(PLATFORMS), default="generic", show_default=True)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--timezone", default="UTC", show_default=True)
@click.option("--country", default="US", show_default=True)
@click.option("--currency", default="USD", show_default=True)
@_in_database
async def add_shop(key: str, name: str, mail: str, page: str, origins: tuple[str, ...], **settings: str) -> None:
    """Connect a shop; prints its script tag and the secret for the order API."""
    shop = await create_shop(key, name, mail, page, origins=list(origins), **settings)
    click.echo(
        f'<script async src="{read_settings().public_url}/widget.js" data-site="{shop.key}" data-lang="auto"></script>'
    )
    click.echo(f"API secret: {shop.secrets['api'][0]}")


@shops.command("secret")
@click.argument("key")
@click.argument("kind", type=click.Choice(SECRET_KINDS))
@click.option("--value", help="The secret that the platform shows; without it one is made.")
@_in_database
async def add_shop_secret(key: str, kind: str, value: str | None) -> None:
    """Give a shop a new secret; the one before stays good meanwhile."""
    shop = await shop_of(key)
    if value is not None:
        try:
            check_secret(kind, value)
        except Invalid as error:
            raise click.BadParameter(error.detail, param_hint="--value") from error
    click.echo(await add_secret(shop, kind, value))


@shops.command("hours")
@click.argument("key")
@click.option("--file", "toml", type=click.File("rb"), help="Set them from this TOML file.")
@_in_database
async def shop_hours(key: str, toml: BinaryIO | None) -> None:
    """Show a shop's business hours and holidays, or set them from a file (docs/business-hours.md)."""
    shop = await shop_of(key)
    if toml is not None:
        try:
            hours = read_hours(tomllib.load(toml))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise click.BadParameter(f"this is not TOML: {error}", param_hint="--file") from None
        await set_hours(shop, hours)
    click.echo(f"# {shop.name}, {shop.timezone}")
    click.echo("\n".join(written_hours(shop.hours)) or "# always open")


agents.add_command(agent_work)
shops.add_command(shop_assignment)


@shops.command("privacy")
@click.argument("key")
@click.option("--url", default="", help="The shop's page on privacy.")
@click.option("--en", default="", help="What the chat says in English, instead of the desk's own sentence.")
@click.option("--zh", default="", help="The same in Chinese.")
@_in_database
async def shop_privacy(key: str, url: str, en: str, zh: str) -> None:
    """Set what the chat says on privacy before the first message; without options, the desk's own sentence."""
    shop = await shop_of(key)
    await set_privacy(shop, url, {"en": en, "zh": zh})
    click.echo("Done.")


@main.group()
def config() -> None:
    """The settings."""


@config.command("show")
def show_config() -> None:
    """Every setting in force, with secrets masked."""
    settings = read_settings()
    for name, value in settings.model_dump(mode="json").items():
        click.echo(f"WISMO_{name.upper()}={'' if value is None else value}")


@config.command("check")
def check_config() -> None:
    """Say what is wrong with the settings, or that nothing is."""
    read_settings().prepare()
    click.echo("The settings are fine.")


@main.command()
def doctor() -> None:
    """Look at everything the desk needs and say what is wrong."""
    settings = _prepared()
    problems = asyncio.run(_examine(settings))
    for sentence in problems:
        click.echo(f"✗ {sentence}")
    if problems:
        sys.exit(1)
    click.echo("✓ Settings, database and migrations are in order.")


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(f"wismo {program_version()}")


async def _set_up(settings: Settings) -> None:
    await migrate(settings.database, backup_dir=settings.data_dir / "backups")
    async with open_database(settings.database):
        if await is_empty() and settings.demo is not False:
            click.echo("Filling the demo shops …", err=True)
            configure_logs(settings.log_format, "error")  # filling is one long transaction after the other
            await fill_demo(settings, now())
            configure_logs(settings.log_format, settings.log_level)


async def _examine(settings: Settings) -> list[str]:
    found = []
    try:
        waiting = await pending(settings.database)
        if waiting:
            found.append(f"{len(waiting)} migrations are pending: run `./wismo migrate`")
    except WismoError as error:
        found.append(error.detail)
    path = sqlite_path(settings.database)
    if path is not None and not path.exists():
        found.append("there is no database yet: run `./wismo`")
    return found


async def _agent(email: str) -> Agent:
    agent = await Agent.get_or_none(email=email.strip().lower())
    if agent is None:
        raise click.BadParameter("nobody has this e-mail", param_hint="EMAIL")
    return agent


def _announce(app: Starlette, settings: Settings, port: int) -> None:
    base = settings.base_url or f"http://{settings.host}:{port}"
    click.echo(f"\n  Wismo {program_version()} is open.\n\n  Console    {base}/console")
    if app.state.mail_port is not None:
        click.echo(f"  Mail in    {settings.mail_host}:{app.state.mail_port} (SMTP and LMTP)")
    if app.state.demo:
        click.echo(f"  Demo shops {base}/demo\n  Mailbox    {base}/demo/mailbox")
        _show_logins()
    click.echo("\n  Ctrl-C stops it.\n")


def _show_logins() -> None:
    click.echo("\n  Demo logins (password for all: wismo-demo)")
    for email, role in LOGINS:
        click.echo(f"    {email:<28} {role}")


if __name__ == "__main__":
    main(prog_name="wismo")
