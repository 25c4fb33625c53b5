"""The rulebook that the bot speaks by now: compiled once for each version, and looked for before each answer."""

import asyncio
from typing import Any

import structlog

from bots.rulebook import RULES, Rulebook, load_rulebook
from bots.rulefiles import RulebookError
from core.rulebooks import LIVE, RulebookVersion

log = structlog.get_logger(__name__)


class Shelf:
    """Holds the compiled rulebook of this process. `shipped`: the rules as they come with the desk."""

    def __init__(self, shipped: Rulebook) -> None:
        self._shipped = shipped
        self._rulebook = shipped
        self._of: int | None = None

    async def current(self) -> Rulebook:
        """What was published last, by whichever process. One that no longer compiles is left for the shipped rules."""
        found: list[Any] = list(await RulebookVersion.filter(place=LIVE).values_list("id", flat=True))
        live: int | None = found[0] if found else None
        if live != self._of:
            self._rulebook, self._of = await self._compiled(live), live
        return self._rulebook

    async def _compiled(self, live: int | None) -> Rulebook:
        version = await RulebookVersion.get_or_none(id=live) if live else None
        if version is None:
            return self._shipped
        try:
            return await asyncio.to_thread(load_rulebook, RULES, version.changes)
        except RulebookError as error:
            log.error("rulebook_unreadable", version=version.number, reason=str(error))
            return self._shipped
