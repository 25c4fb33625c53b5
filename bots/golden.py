"""Plays golden dialogues against the engine: what must be said and done, turn by turn, whatever the rules become."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bots import engine
from bots.decisions import (
    Action,
    CancelOrder,
    CaseStep,
    CheckCode,
    Decision,
    Handover,
    OpenCase,
    OpenTicket,
    RequestCode,
)
from bots.dialogue import Dialogue
from bots.question import Question
from bots.rulebook import Rulebook
from bots.sample_orders import NOW, ago, states
from orders.snapshots import OrderSnapshot

DIALOGUES = Path(__file__).parent / "dialogues"


@dataclass
class Talk:
    """A customer in front of the bot: what they own, what they have proved, what was said."""

    rulebook: Rulebook
    owns: list[OrderSnapshot] = field(default_factory=list)
    proved: bool = False
    language: str = "en"
    dialogue: Dialogue = field(default_factory=Dialogue)
    count: int = 0

    def say(self, text: str, files: int = 0) -> Decision:
        """One customer message, with so many files; the memory goes through JSON as it does in the database."""
        self.count += 1
        orders = self.owns if self.proved else []
        question = Question(text, self.language, self.count, files)
        decision = engine.decide(question, self.dialogue, orders, NOW, self.rulebook)
        self.dialogue = Dialogue.from_json(decision.dialogue.to_json())
        return decision

    def enter_right_code(self) -> Decision:
        """The app has checked the code."""
        self.proved = True
        self.dialogue = self.dialogue.proved()
        return self.say("")


def golden(directory: Path = DIALOGUES) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every golden dialogue of the files, with a name that says where it stands."""
    for path in sorted(directory.glob("*.toml")):
        for each in tomllib.loads(path.read_text(encoding="utf-8"))["dialogue"]:
            yield f"{path.stem}: {each['name']}", each


def play(dialogue: Mapping[str, Any], rulebook: Rulebook) -> list[str]:
    """Play one golden dialogue. Returns what was not as written, a sentence each; an empty list is a pass."""
    talk = Talk(rulebook, owned(dialogue["orders"]), proved=dialogue.get("proved", False))
    complaints = []
    for turn in dialogue["turn"]:
        text, files = turn.get("customer", ""), turn.get("files", 0)
        said = "(the right code)" if turn.get("code_is_right") else text or f"({files} files)"
        decision = talk.enter_right_code() if turn.get("code_is_right") else talk.say(text, files)
        complaints += [f"after {said!r}: {complaint}" for complaint in _complaints(turn, decision)]
    return complaints


def owned(orders: Mapping[str, str]) -> list[OrderSnapshot]:
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
        case CancelOrder(order_id=order_id):
            return f"CancelOrder {order_id}"
        case OpenCase(kind=kind, reason=reason):
            return f"OpenCase {kind} {reason}"
        case CaseStep(case_id, what):
            return f"CaseStep {what} {case_id}"


def _complaints(turn: Mapping[str, Any], decision: Decision) -> Iterator[str]:
    text = "\n".join(reply.text for reply in decision.replies)
    for name, found in _observed(decision).items():
        if name in turn and turn[name] != found:
            yield f"{name} should be {turn[name]!r}, but is {found!r}"
    yield from (f"{words!r} is missing in {text!r}" for words in _all(turn, "contains") if words not in text)
    yield from (f"{words!r} must not be in {text!r}" for words in _all(turn, "hides") if words in text)
    told = "\n".join(ticket.summary for ticket in _tickets(decision))
    yield from (
        f"{words!r} is missing in the summary {told!r}" for words in _all(turn, "ticket_says") if words not in told
    )
    if any(not (ticket.subject and ticket.summary) for ticket in _tickets(decision)):
        yield "a ticket without a subject or a summary"


def _observed(decision: Decision) -> dict[str, Any]:
    """Everything a turn may ask for, by the name it has in the files."""
    tickets = _tickets(decision)
    last = decision.replies[-1] if decision.replies else None
    return {
        "says": [reply.phrase for reply in decision.replies],
        "actions": [described(action) for action in decision.actions],
        "awaiting": decision.dialogue.awaiting or "",
        "form": last and last.form,
        "card": last and last.order_id,
        "buttons": [each.label for each in last.quick_replies] if last else [],
        "ticket_order": [ticket.order_id or "" for ticket in tickets],
        "ticket_reason": [ticket.reason for ticket in tickets],
        "ticket_number": [ticket.order_number or "" for ticket in tickets],
    }


def _tickets(decision: Decision) -> list[OpenTicket]:
    """The tickets that are opened, those of cases too."""
    actions = (action.ticket if isinstance(action, OpenCase) else action for action in decision.actions)
    return [action for action in actions if isinstance(action, OpenTicket)]


def _all(turn: Mapping[str, Any], name: str) -> Iterable[str]:
    words: Iterable[str] = turn.get(name, ())
    return words
