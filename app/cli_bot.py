"""The bot from the command line: understanding messages, explaining itself, and the versions of its rules."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from app.cli_orders import in_database
from app.rulebooks import live, roll_back, texts_of
from bots.__main__ import main as filter_lines
from bots.explaining import Explanation, explain
from bots.rehearsal import count_rehearsed, rehearse
from bots.rulebook import RULES, Rulebook, load_rulebook
from bots.rulefiles import RulebookError
from core.rulebooks import RulebookVersion

_OUTCOMES = {
    "acts": "The bot acts on it.",
    "asks_back": "Not certain enough: the bot asks whether that is meant.",
    "asks_openly": "Not understood: the bot asks what it is about, and the second time brings a person.",
}
_folder = click.option(
    "--rules",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of rule files (*.toml) that stand in for those with the same name.",
)


@click.group()
def bot() -> None:
    """The rule-based bot."""


@bot.command("classify")
def classify_command() -> None:
    """Read {"id", "text"} lines, write what the bot understands, a line each."""
    sys.exit(filter_lines(["classify"]))


@bot.command("dialogue")
def dialogue_command() -> None:
    """Read {"id", "turns": [{"who", "text"}]} lines, write the order and the wish of each talk, a line each."""
    sys.exit(filter_lines(["dialogue"]))


@bot.command("explain")
@click.argument("sentence")
@_folder
def explain_command(sentence: str, folder: Path | None) -> None:
    """Say how SENTENCE is understood, and why."""
    for line in _told(explain(sentence, _rulebook(folder))):
        click.echo(line)


@bot.command("test")
@_folder
def rehearse_command(folder: Path | None) -> None:
    """Play every example of every rule, and every golden dialogue."""
    rulebook = _rulebook(folder)
    findings = rehearse(rulebook)
    for finding in findings:
        click.echo(f"✗ {finding.where}: {finding.text}")
    if findings:
        sys.exit(1)
    examples, dialogues = count_rehearsed(rulebook)
    click.echo(f"✓ {examples} examples and {dialogues} dialogues. Rulebook {rulebook.version}.")


@bot.command("versions")
@in_database
async def versions_command() -> None:
    """Every published version of the rules, the newest first."""
    for version in await RulebookVersion.exclude(number=None).order_by("-number").limit(50):
        mark = "*" if version.place else " "
        click.echo(f"{mark} {version.number}\t{version.published_at:%Y-%m-%d %H:%M}\t{version.version}\t{version.note}")


@bot.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@in_database
async def export_command(folder: Path) -> None:
    """Write the rules that are live into FOLDER, a file each."""
    texts = await texts_of(await live())
    _write(texts, folder)
    click.echo(f"{len(texts)} rules are in {folder}.")


@bot.command("rollback")
@click.argument("number", type=int)
@in_database
async def rollback_command(number: int) -> None:
    """Publish version NUMBER again; 0: the rules as they come with the desk."""
    version = await roll_back(number, None)
    click.echo(f"Version {version.number} is live.")


def _write(texts: Mapping[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def _rulebook(folder: Path | None) -> Rulebook:
    try:
        paths = sorted(folder.glob("*.toml")) if folder else []
        return load_rulebook(RULES, {path.stem: path.read_text(encoding="utf-8") for path in paths})
    except (RulebookError, OSError, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from None


def _told(seen: Explanation) -> Iterator[str]:
    heard = seen.heard
    yield f"{heard.rule} ({heard.intent}), confidence {heard.confidence:.2f}. {_OUTCOMES[seen.outcome]}"
    for span in seen.entities.spans:
        yield f"  value    {span.kind}: {span.value}"
    for sentence in (*heard.wording.en, *heard.wording.zh):
        yield f"  read as  {sentence.strip()}"
    for fired in seen.fired:
        strength = f"{fired.weight:.2f}" if fired.weight else "rules out"
        yield f"  pattern  {fired.rule} [{strength}] {fired.words!r} by {fired.say}"
    for rule, score in seen.standing:
        yield f"  score    {rule} {score:.2f}"
    for intent, chance in heard.likely:
        yield f"  likely   {intent} {chance:.2f}, by the rules and the learned view together"
