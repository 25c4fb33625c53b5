"""One turn of a dialogue: all that a decision may look at, and the parts it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bots.decisions import Action, QuickReply, Reply
from bots.dialogue import Dialogue, Language
from bots.entities import Entities
from bots.hearing import Understanding
from bots.phrases import render
from bots.question import Question
from bots.shop_facts import NOTHING_KNOWN, ShopFacts
from orders.snapshots import OrderSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What was said, what is remembered, and the orders this person has proved to be theirs."""

    question: Question
    dialogue: Dialogue
    orders: tuple[OrderSnapshot, ...]
    now: datetime
    language: Language
    entities: Entities
    heard: Understanding
    wish: str  # the rule to act on
    shop: ShopFacts = NOTHING_KNOWN

    def about(self, wish: str) -> "Turn":
        """The same turn, acting on another wish."""
        return replace(self, wish=wish)

    def mentions(self, rule: str) -> bool:
        """Was this heard at all, beside the main wish?"""
        return self.heard.scores.get(rule, 0.0) > 0

    def bubble(self, phrase: str, *, quick_replies: tuple[QuickReply, ...] = (), **facts: object) -> Reply:
        """A reply that is one phrase."""
        return Reply(phrase=phrase, text=render(phrase, self.language, facts), quick_replies=quick_replies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a wish's handler decided; the engine adds language, counters and the receipt."""

    dialogue: Dialogue
    replies: tuple[Reply, ...] = ()
    actions: tuple[Action, ...] = ()
    order: OrderSnapshot | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


def settled(dialogue: Dialogue, *, wish: str | None = None) -> Dialogue:
    """Nothing is open any more; `wish` was answered, and what was asked for it is done with."""
    kept = {name: value for name, value in dialogue.details.items() if not name.startswith(f"{wish}.")}
    last = wish or dialogue.last_intent
    return replace(dialogue, awaiting=None, pending=None, asking=None, misses=0, last_intent=last, details=kept)
