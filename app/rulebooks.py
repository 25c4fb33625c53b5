"""Changing the bot's rules: one draft for the desk, rehearsed before it is published, and every version kept."""

import asyncio
from collections.abc import Mapping
from functools import lru_cache

from tortoise.exceptions import IntegrityError

from bots.rehearsal import Finding, rehearse
from bots.rulebook import RULES, Rulebook, load_rulebook
from bots.rulefiles import NO_CHANGES, Changes, RulebookError, rule_texts
from core import audit
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.people import SYSTEM, Actor, Agent
from core.rulebooks import DRAFT, LIVE, RulebookVersion
from core.text import clean
from core.transactions import transaction

TEXT_LIMIT = 60_000  # characters of one rule file
NOTE_LIMIT = 300
_NAME_LIMIT = 60


async def draft() -> RulebookVersion | None:
    """What is being worked on, if anything is."""
    return await RulebookVersion.get_or_none(place=DRAFT)


async def live() -> RulebookVersion | None:
    """What the bot speaks by; none: the rules as they come with the desk."""
    return await RulebookVersion.get_or_none(place=LIVE)


async def texts_of(version: RulebookVersion | None) -> dict[str, str]:
    """The text of every rule of a version, by name."""
    return rule_texts(RULES, version.changes if version else {})


async def compiled(version: RulebookVersion | None, changes: Changes = NO_CHANGES) -> Rulebook:
    """A version ready to use, with `changes` on top of it. Raises Invalid (bad_rule)."""
    return await _compiled({**(version.changes if version else {}), **changes})


async def save_rule(name: str, text: str, agent: Agent, revision: int = 0) -> RulebookVersion:
    """Put the text of a rule into the draft, which begins as a copy of what is live; an empty text removes the rule.

    `revision`: that of the draft the agent saw, 0 for none. Raises Conflict (draft_changed), Invalid (bad_rule_name,
    bad_rule: `data["reason"]` says what, text_too_long).
    """
    if len(text) > TEXT_LIMIT:
        raise Invalid(f"{TEXT_LIMIT} characters at most", code="text_too_long", limit=TEXT_LIMIT)
    if not name.isascii() or not name.isidentifier() or name != name.lower() or len(name) > _NAME_LIMIT:
        raise Invalid("a rule's name has small letters, digits and _", code="bad_rule_name")
    seen = await draft()
    base = seen or await live()
    changes = _changes({**(base.changes if base else {}), name: text.replace("\r\n", "\n")})
    rulebook = await _compiled(changes)
    try:
        async with transaction():
            kept = await _kept_draft(revision)
            kept.changes, kept.version, kept.revision = changes, rulebook.version, revision + 1
            await kept.save()
            await audit.note(Actor.of(agent), "rulebook.edited", kept.public_id, rule=name, revision=kept.revision)
    except IntegrityError:  # two began a draft at once
        raise _draft_changed() from None
    return kept


async def discard_draft(agent: Agent) -> None:
    """Throw the draft away; without one nothing happens."""
    async with transaction():
        kept = await RulebookVersion.filter(place=DRAFT).select_for_update().first()
        if kept is not None:
            await audit.note(Actor.of(agent), "rulebook.discarded", kept.public_id, rules=sorted(kept.changes))
            await kept.delete()


async def rehearse_draft() -> list[Finding]:
    """Play all examples and golden dialogues with the draft. Raises NotFound without one, Invalid (bad_rule)."""
    kept = await _require_draft()
    return await asyncio.to_thread(rehearse, await _compiled(kept.changes))


async def publish(agent: Agent | None, revision: int, note: str = "") -> RulebookVersion:
    """Let the bot speak by the draft from its next answer on.

    Raises NotFound without a draft, Invalid (rehearsal_failed, bad_rule), Conflict (draft_changed).
    """
    kept = await _require_draft()
    rulebook = await _compiled(kept.changes)
    if findings := await asyncio.to_thread(rehearse, rulebook):
        raise Invalid("examples or golden dialogues fail", code="rehearsal_failed", count=len(findings))
    async with transaction():
        locked = await RulebookVersion.filter(place=DRAFT, id=kept.id).select_for_update().first()
        if locked is None or locked.revision != revision or locked.changes != kept.changes:
            raise _draft_changed()
        await _go_live(locked, agent, clean(note, limit=NOTE_LIMIT), rulebook)
    return locked


async def roll_back(number: int, agent: Agent | None) -> RulebookVersion:
    """Publish version `number` again, under a number of its own; 0: the rules as they come with the desk.

    It is not rehearsed: going back must always be possible. Raises NotFound, Invalid (bad_rule) if it no longer fits.
    """
    earlier = await RulebookVersion.get_or_none(number=number) if number else None
    if number and earlier is None:
        raise NotFound("no such version")
    changes = earlier.changes if earlier else {}
    rulebook = await _compiled(changes)
    async with transaction():
        again = await RulebookVersion.create(public_id=new_id("rbk"), changes=changes, created_at=now())
        await _go_live(again, agent, f"= {number}", rulebook)
    return again


async def _go_live(version: RulebookVersion, agent: Agent | None, note: str, rulebook: Rulebook) -> None:
    await RulebookVersion.filter(place=LIVE).update(place=None)
    newest = await RulebookVersion.exclude(number=None).order_by("-number").first()
    version.place, version.note, version.version = LIVE, note, rulebook.version
    version.number = (newest.number or 0) + 1 if newest else 1
    version.published_at, version.published_by_id = now(), agent.id if agent else None
    await version.save()
    actor = Actor.of(agent) if agent else SYSTEM
    await audit.note(actor, "rulebook.published", version.public_id, number=version.number, note=note)


async def _kept_draft(revision: int) -> RulebookVersion:
    """The draft as the agent saw it, locked; a new one if there was none. Raises Conflict (draft_changed)."""
    kept = await RulebookVersion.filter(place=DRAFT).select_for_update().first()
    if (kept.revision if kept else 0) != revision:
        raise _draft_changed()
    return kept or RulebookVersion(public_id=new_id("rbk"), place=DRAFT, created_at=now())


def _draft_changed() -> Conflict:
    return Conflict("somebody else has changed the draft", code="draft_changed")


async def _require_draft() -> RulebookVersion:
    if (kept := await draft()) is None:
        raise NotFound("there is no draft")
    return kept


async def _compiled(changes: Changes) -> Rulebook:
    try:
        return await asyncio.to_thread(_load, frozenset(changes.items()))
    except RulebookError as error:
        raise Invalid(str(error), code="bad_rule", reason=str(error)) from error


@lru_cache(maxsize=4)
def _load(changes: frozenset[tuple[str, str]]) -> Rulebook:
    return load_rulebook(RULES, dict(changes))


def _changes(texts: Mapping[str, str]) -> dict[str, str]:
    """Only what differs from the files that come with the desk."""
    shipped = rule_texts(RULES)
    return {name: text for name, text in texts.items() if text.strip() != shipped.get(name, "").strip()}
