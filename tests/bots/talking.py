"""Plays the golden dialogues of bots/dialogues against the engine."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from bots import engine
from bots.decisions import Action, CheckCode, Decision, Handover, OpenTicket, RequestCode
from bots.dialogue import Dialogue
from bots.question import Question
from bots.rulebook import RULES, Rulebook
from orders.snapshots import OrderSnapshot
from tests.bots.world import NOW, ago, states

DIALOGUES = RULES.parent / "dialogues"


@dataclass
class Talk:
    """A customer in front of the bot: what they own, what they have proved, what was said."""

    rulebook: Rulebook
    owns: list[OrderSnapshot] = field(default_factory=list)
    proved: bool = False
    language: str = "en"
    dialogue: Dialogue = field(default_factory=Dialogue)
    count: int = 0

    def say(self, text: str) -> Decision:
        """One customer message; the memory goes through JSON as it does in the database."""
        self.count += 1
        orders = self.owns if self.proved else []
        question = Question(text, self.language, self.count)
        decision = engine.decide(question, self.dialogue, orders, NOW, self.rulebook)
        self.dialogue = Dialogue.from_json(decision.dialogue.to_json())
        assert self.dialogue == decision.dialogue
        return decision

    def enter_right_code(self) -> Decision:
        """The app has checked the code."""
        self.proved = True
        self.dialogue = self.dialogue.proved()
        return self.say("")


def golden() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every golden dialogue with a name for the test report."""
    for path in sorted(DIALOGUES.glob("*.toml")):
        for each in tomllib.loads(path.read_text(encoding="utf-8"))["dialogue"]:
            yield f"{path.stem}: {each['name']}", each


def owned(orders: dict[str, str]) -> list[OrderSnapshot]:
    """Orders by number and state; the first is the newest."""
    return [
        replace(states()[state], number=number, order_id=f"ord_{number}", placed_at=ago(days=3 + place))
        for place, (number, state) in enumerate(orders.items())
    ]


def described(action: Action) -> str:
    """An action in short, as the dialogues write it."""
    match action:
        case RequestCode(number):
            return f"RequestCode {number}"
        case CheckCode(code):
            return f"CheckCode {code}"
        case OpenTicket(kind=kind, priority=priority):
            return f"OpenTicket {kind}" + ("" if priority == "normal" else f" {priority}")
        case Handover():
            return "Handover"
