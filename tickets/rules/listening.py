"""Which triggers any rule waits for: known without a statement for what happens often."""

import time
from collections.abc import Collection
from typing import Any

from core.sql import Program, query
from tickets.rules.facts import Trigger

KEPT_SECONDS = 2.0  # how long the list may be old
_LISTENED = 'SELECT DISTINCT shop_id, "trigger" AS what FROM rule WHERE enabled'
_known: dict[str, Any] = {"at": 0.0, "to": frozenset()}


def listened_to(shop_ids: Collection[int], trigger: Trigger) -> Program[set[int]]:
    """Those of the shops in which a rule waits for this. What was switched on elsewhere is heard two seconds later, so
    that a message costs no statement."""
    if time.monotonic() - _known["at"] > KEPT_SECONDS:
        rows = yield query(_LISTENED)
        _known.update(to=frozenset((row["shop_id"], row["what"]) for row in rows), at=time.monotonic())
    return {shop_id for shop_id in shop_ids if (shop_id, trigger.value) in _known["to"]}


def forget_listeners() -> None:
    """A rule of this process was switched: ask again."""
    _known["at"] = 0.0
