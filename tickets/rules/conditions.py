"""Does a rule hold? Conditions as a tree over flat facts, and why each held or not. Pure: data in, data out.

A tree is `{"mode": "all" | "any" | "none", "parts": [tree or condition, …]}`, a condition
`{"fact": "ticket.priority", "op": "is", "value": "high"}`. Facts are text, numbers, True or False, or sets of text; a
fact that is not known fits nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.errors import Invalid

DEEPEST, MOST_CONDITIONS, LONGEST = 3, 40, 200  # levels of groups, conditions of a rule, characters of a value
Known = str | float | bool | frozenset[str] | None


class Sort(StrEnum):
    """What kind of thing a fact is, and so what can be asked about it."""

    CHOICE = "choice"  # one of a few words, or several of them where a ticket has several orders
    FLAG = "flag"
    TEXT = "text"
    NUMBER = "number"
    WORDS = "words"  # a set of words that people make up


OPERATORS = {
    Sort.CHOICE: ("is",),
    Sort.FLAG: ("is",),
    Sort.TEXT: ("contains",),
    Sort.NUMBER: ("at_least", "at_most"),
    Sort.WORDS: ("has",),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that rules can ask about; `values` are all that a choice can be."""

    sort: Sort
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """A tree or condition with what was found: the same data, with `holds` at every part and `found` at conditions."""

    holds: bool
    data: Mapping[str, Any]


def checked(tree: Any, facts: Mapping[str, Fact]) -> dict[str, Any]:
    """The tree as it is kept. Raises Invalid (bad_questions) for what is no tree over these facts."""
    return _checked(tree, facts, 1, [0])


def explain(tree: Mapping[str, Any], facts: Mapping[str, Known]) -> Explained:
    """Whether the tree holds, and why. A group without parts holds when it is `all` or `none`."""
    if "mode" not in tree:
        found = facts.get(tree["fact"])
        holds = _fits(tree["op"], tree["value"], found)
        return Explained(holds, {**tree, "found": _shown(found), "holds": holds})
    parts = [explain(part, facts) for part in tree["parts"]]
    held = [part.holds for part in parts]
    holds = {"all": all(held), "any": any(held), "none": not any(held)}[tree["mode"]]
    return Explained(holds, {"mode": tree["mode"], "holds": holds, "parts": [part.data for part in parts]})


def conditions_of(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All conditions of a tree, from left to right."""
    if "mode" not in tree:
        yield tree
        return
    for part in tree["parts"]:
        yield from conditions_of(part)


def _checked(tree: Any, facts: Mapping[str, Fact], depth: int, conditions: list[int]) -> dict[str, Any]:
    if not isinstance(tree, Mapping):
        raise _bad("a group or a condition")
    if "mode" not in tree:
        conditions[0] += 1
        if conditions[0] > MOST_CONDITIONS:
            raise _bad(f"{MOST_CONDITIONS} conditions at most")
        return _checked_condition(tree, facts)
    parts = tree.get("parts")
    if tree["mode"] not in ("all", "any", "none") or not isinstance(parts, list) or set(tree) != {"mode", "parts"}:
        raise _bad("a group has a mode (all, any, none) and parts")
    if depth > DEEPEST:
        raise _bad(f"{DEEPEST} levels at most")
    return {"mode": tree["mode"], "parts": [_checked(part, facts, depth + 1, conditions) for part in parts]}


def _checked_condition(condition: Mapping[str, Any], facts: Mapping[str, Fact]) -> dict[str, Any]:
    name, op, value = condition.get("fact"), condition.get("op"), condition.get("value")
    fact = facts.get(name) if isinstance(name, str) else None
    if fact is None or set(condition) != {"fact", "op", "value"} or op not in OPERATORS[fact.sort]:
        raise _bad("there is no such question", name=str(name)[:60])
    fine = {
        Sort.CHOICE: value in fact.values,
        Sort.FLAG: isinstance(value, bool),
        Sort.NUMBER: isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**12,
        Sort.TEXT: isinstance(value, str) and 0 < len(value.strip()) <= LONGEST,
        Sort.WORDS: isinstance(value, str) and 0 < len(value.strip()) <= LONGEST,
    }[fact.sort]
    if not fine:
        raise _bad("not a value of this fact", name=str(name))
    return {"fact": name, "op": op, "value": value}


def _fits(op: str, value: Any, found: Known) -> bool:
    if found is None:
        return False
    match op:
        case "is" if isinstance(found, frozenset):
            return value in found
        case "is":
            return found == value and isinstance(found, bool) == isinstance(value, bool)
        case "has":
            return isinstance(found, frozenset) and value.strip().casefold() in found
        case "contains":
            return isinstance(found, str) and value.strip().casefold() in found.casefold()
        case "at_least":
            return isinstance(found, int | float) and found >= value
        case _:
            return isinstance(found, int | float) and found <= value


def _shown(found: Known) -> Any:
    if isinstance(found, frozenset):
        return sorted(found)
    return found[:LONGEST] if isinstance(found, str) else found


def _bad(detail: str, **data: object) -> Invalid:
    return Invalid(detail, code="bad_questions", **data)
