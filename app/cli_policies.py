"""`wismo policies`: return policies shown, checked, replayed and published; docs/policies.md describes the files."""

import sys
from pathlib import Path

import click

from app.cli_orders import in_database, shop_of
from app.i18n import LANGUAGES
from app.policy_text import conditions_of, finding_sentence, outcome, policy_name, row_sentence, timer_sentence
from core.clock import now
from core.errors import Invalid, WismoError
from core.money import plain_amount
from core.shops import Shop
from orders.policies.checking import check
from orders.policies.deciding import ReturnPolicy
from orders.policies.drafting import begin_draft, discard_draft, draft_of, publish, save_draft
from orders.policies.files import FORMATS, policy_text, read_policy
from orders.policies.replay import WINDOW, Difference, replay
from orders.policies.versions import OWN, PolicyVersion, policies_of, policy_of
from orders.refunds.case import Jurisdiction
from tickets.policy_cases import MOST, past_cases

_language = click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def policies() -> None:
    """The return policies of shops."""


@policies.command("show")
@click.argument("shop_key")
@click.option("--version", "number", type=int, help="A version of the past; without it what is in force.")
@click.option("--as", "form", type=click.Choice(FORMATS), help="As a file, to be changed and published again.")
@_language
@in_database
async def show_command(shop_key: str, number: int | None, form: str | None, language: str) -> None:
    """Print the law and the policy of a shop, row by row."""
    shop = await shop_of(shop_key)
    shown = await policies_of(shop.id)
    if number is not None:
        shown = (policy_of(await _version(shop, number)),)
    if form is not None:
        click.echo(policy_text(shown[-1].rows, shown[-1].timers, form), nl=False)
        return
    for policy in shown:
        click.echo(policy_name(policy.name, policy.version, language))
        for row in policy.rows:
            click.echo(f"  {row.id}\t{row_sentence(row, language)}")
        for timer in policy.timers:
            click.echo(f"  {timer.kind}\t{timer_sentence(timer, language)}")


@policies.command("check")
@_file
@_language
def check_command(file: Path, language: str) -> None:
    """Read a policy from FILE and say what should be known before it is published. Status 1 if it cannot be read."""
    policy = _read(file)
    for finding in check(policy.rows, policy.timers):
        click.echo(finding_sentence(finding, language))
    click.echo(f"{len(policy.rows)} rows, {len(policy.timers)} times.")


@policies.command("replay")
@_file
@click.option("--shop", "shop_key", required=True, help="Key of the shop whose cases are replayed.")
@_language
@in_database
async def replay_command(file: Path, shop_key: str, language: str) -> None:
    """Replay the policy in FILE over the shop's cases of the last 90 days: who would be treated differently."""
    policy, shop, moment = _read(file), await shop_of(shop_key), now()
    cases = await past_cases(shop.id, moment - WINDOW)
    found = replay(policy, cases, moment, lambda count: click.echo(f"{count} …", err=True))
    _print_difference(found, language)
    if len(cases) == MOST:
        click.echo(f"Only the newest {MOST} cases were replayed.", err=True)


@policies.command("publish")
@_file
@click.option("--shop", "shop_key", required=True, help="Key of the shop.")
@click.option("--note", default="", help="Why it is changed.")
@in_database
async def publish_command(file: Path, shop_key: str, note: str) -> None:
    """Put the policy in FILE in force from now on. Somebody's draft is not touched: there must be none."""
    policy, shop = _read(file), await shop_of(shop_key)
    if await draft_of(shop) is not None:
        raise click.ClickException("somebody works on a draft: publish or discard it first")
    draft = await begin_draft(shop, None)
    try:
        draft = await save_draft(shop, None, draft.revision, policy.rows, policy.timers)
        version = await publish(shop, None, draft.revision, note)
    except WismoError as error:
        await discard_draft(shop, None)
        raise click.ClickException(error.detail) from None
    click.echo(f"Version {version.version} is in force.")


def _print_difference(found: Difference, language: str) -> None:
    for each in found.changes:
        case, decision = each.case, each.decision
        row = f"{decision.policy or '-'}/{decision.row.id}"
        cost = "?" if each.cost is None else plain_amount(each.cost, case.currency) if each.cost else "0"
        words = " · ".join(conditions_of(case.wish, language))
        moved = f"{outcome(case.outcome, language)} → {outcome(decision.outcome, language)}"
        click.echo(f"{case.id}\t{case.at:%Y-%m-%d}\t{words}\t{moved}\t{row}\t{cost} {case.currency}")
    sums = ", ".join(f"{plain_amount(amount, currency)} {currency}" for currency, amount in sorted(found.cost.items()))
    click.echo(
        f"{found.cases} cases, {found.changed} treated differently, difference {sums or '0'}, {found.unknown} unknown."
    )


def _read(file: Path) -> ReturnPolicy:
    try:
        rows, timers = read_policy(file.read_bytes(), "json" if file.suffix == ".json" else "toml")
    except Invalid as error:
        click.echo(f"{file.name}: {error.data['reason']}", err=True)
        sys.exit(1)
    return ReturnPolicy(name=OWN, version=0, jurisdictions=frozenset(Jurisdiction), rows=rows, timers=timers)


async def _version(shop: Shop, number: int) -> PolicyVersion:
    version = await PolicyVersion.get_or_none(shop=shop, version=number)
    if version is None:
        raise click.BadParameter(f"no version {number}", param_hint="--version")
    return version
