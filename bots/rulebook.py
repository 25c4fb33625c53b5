"""The rules, compiled once and asked what a message wants. Confidence is what the engine's thresholds are about."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from bots.entities import Entities
from bots.patterns import Pattern, PatternError, compile_chinese, compile_english
from bots.rulefiles import HINT, NO_CHANGES, Changes, RulebookError, RuleFile, RuleSources, read_rules
from bots.spelling import Speller
from bots.wording import Wording, Words, no_spaces_between_cjk, plain, simplified_table

RULES = Path(__file__).parent / "rules"
_SECOND_PATTERN = 0.4  # how much of the remaining doubt a second pattern removes
_LEAD = 0.2  # a smaller lead over the runner-up costs confidence
_BEATEN = 0.3  # what is left of a score when another rule takes its place
_BESIDE_EN, _BESIDE_ZH = 24, 7  # characters that may stand beside a rule that wants to be nearly all that was said
_UNKNOWN = "unknown"
_TAG = re.compile(r"<[a-z]+>")


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a message seems to want. `rule` is a rule's name, `intent` its word in the taxonomy."""

    rule: str
    intent: str
    confidence: float
    runner_up: str | None
    scores: Mapping[str, float]
    wording: Wording


@dataclass(frozen=True, slots=True)
class Fired:
    """A pattern that fits a sentence. Weight 0: it rules its rule out for that sentence."""

    rule: str
    say: str
    weight: float
    sentence: str
    words: str  # what it fitted


@dataclass(frozen=True, slots=True)
class _Clue:
    pattern: Pattern
    rule: int
    weight: float  # 0: an excluding pattern


class _Language:
    """The clues of one language, found by the words a sentence must contain for them."""

    def __init__(self, clues: list[_Clue]) -> None:
        self._clues = clues
        self._exact: dict[str, list[int]] = {}
        self._beginning: dict[str, list[int]] = {}
        for number, clue in enumerate(clues):
            for anchor in clue.pattern.anchors:
                table = self._beginning if anchor.endswith("*") else self._exact
                table.setdefault(anchor.rstrip("*"), []).append(number)

    def clues(self, keys: Iterable[str]) -> list[_Clue]:
        """The clues worth trying, in the order of the files."""
        found: set[int] = set()
        for key in keys:
            found.update(self._exact.get(key, ()))
            if self._beginning:
                for end in range(2, min(len(key), 14) + 1):
                    found.update(self._beginning.get(key[:end], ()))
        return [self._clues[number] for number in sorted(found)]


@dataclass(slots=True)
class _Tally:
    """What was found so far in one message."""

    scores: dict[int, float] = field(default_factory=dict)
    beside: int = 0  # characters that no small talk covers
    allowed: int = _BESIDE_EN


class Rulebook:
    """All rules. `version` is a hash of the files' contents, `rules` maps names to files."""

    def __init__(self, sources: RuleSources) -> None:
        self.version = sources.version
        self.rules = {file.name: file for file in sources.files}
        self._files = sources.files
        english = _clues(sources.files, "en", lambda say: compile_english(say, sources.concepts_en))
        chinese = _clues(sources.files, "zh", lambda say: compile_chinese(say, sources.concepts_zh))
        self._english, self._chinese = _Language(english), _Language(chinese)
        self._words = _words(sources, {word for clue in english for word in clue.pattern.words})
        self._small = frozenset(number for number, file in enumerate(sources.files) if file.small)

    def understand(self, entities: Entities, contexts: frozenset[str] = frozenset()) -> Understanding:
        """Score every rule on the message and name the best, with a confidence from 0 to 1."""
        wording = plain(entities, self._words)
        tally = _Tally(allowed=_BESIDE_ZH if wording.zh else _BESIDE_EN)
        for sentence in wording.en:
            self._read(tally, sentence, self._english.clues(sentence.split()))
        for sentence in wording.zh:
            self._read(tally, sentence, self._chinese.clues(_chinese_keys(sentence)))
        live = {
            self._files[number].name: score for number, score in tally.scores.items() if self._live(number, contexts)
        }
        return self._decide(self._settle(live, crowded=tally.beside > tally.allowed), wording)

    def fired(self, wording: Wording) -> list[Fired]:
        """Every pattern that fits, for somebody who wants to know why; nothing is settled here."""
        found = []
        readings = ((wording.en, self._english, str.split), (wording.zh, self._chinese, _chinese_keys))
        for sentences, language, keys in readings:
            for sentence in sentences:
                for clue in language.clues(keys(sentence)):
                    if match := clue.pattern.expression.search(sentence):
                        rule, words = self._files[clue.rule].name, match.group().strip()
                        found.append(Fired(rule, clue.pattern.say, clue.weight, sentence.strip(), words))
        return found

    def intent_of(self, rule: str) -> str:
        """The taxonomy's word for a rule."""
        return self.rules[rule].intent if rule in self.rules else rule

    def _read(self, tally: _Tally, sentence: str, clues: list[_Clue]) -> None:
        hits: dict[int, list[float]] = {}
        vetoed: set[int] = set()
        covered: list[tuple[int, int]] = []
        for clue in clues:
            if clue.rule in vetoed or not (match := clue.pattern.expression.search(sentence)):
                continue
            if not clue.weight:
                vetoed.add(clue.rule)
                continue
            hits.setdefault(clue.rule, []).append(clue.weight)
            if clue.rule in self._small:
                covered.append(match.span())
        for rule, weights in hits.items():
            if rule not in vetoed:
                tally.scores[rule] = max(tally.scores.get(rule, 0.0), _together(weights))
        tally.beside += len(sentence) - _length(covered)

    def _live(self, number: int, contexts: frozenset[str]) -> bool:
        needs = self._files[number].needs
        return not needs or not contexts.isdisjoint(needs)

    def _settle(self, scores: dict[str, float], *, crowded: bool) -> dict[str, float]:
        """Let beaten rules, and small talk beside other words, give way."""
        beaten = {loser for name, score in scores.items() if score >= HINT for loser in self.rules[name].beats}
        serious = any(not self.rules[name].small and score >= HINT for name, score in scores.items())
        return {
            name: score * (_BEATEN if name in beaten or self._gives_way(name, serious, crowded) else 1.0)
            for name, score in scores.items()
        }

    def _gives_way(self, name: str, serious: bool, crowded: bool) -> bool:
        rule = self.rules[name]
        return (rule.small and serious) or (rule.whole and crowded)

    def _decide(self, scores: dict[str, float], wording: Wording) -> Understanding:
        ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        if not ranked:
            return Understanding(_UNKNOWN, "out_of_scope", 0.0, None, scores, wording)
        best, score = ranked[0]
        intent = self.intent_of(best)
        rivals = [(name, other) for name, other in ranked[1:] if self.intent_of(name) != intent]
        lead = score - rivals[0][1] if rivals else score
        confidence = score if lead >= _LEAD else score * (0.6 + 2 * lead)
        return Understanding(best, intent, round(confidence, 3), rivals[0][0] if rivals else None, scores, wording)


@cache
def own_rulebook() -> Rulebook:
    """The rules of this version, read and compiled once a process (half a second). Raises RulebookError."""
    return load_rulebook()


def load_rulebook(directory: Path = RULES, changes: Changes = NO_CHANGES) -> Rulebook:
    """Compile all rule files, with `changes` in place of some. Raises RulebookError naming the file that is wrong."""
    return Rulebook(read_rules(directory, changes))


def _clues(
    files: tuple[RuleFile, ...], language: Literal["en", "zh"], compiled: Callable[[str], Pattern]
) -> list[_Clue]:
    clues = []
    for number, file in enumerate(files):
        part = file.en if language == "en" else file.zh
        for say, weight in [(say, 0.0) for say in part.never] + part.weights():
            try:
                clues.append(_Clue(compiled(say), number, weight))
            except PatternError as error:
                raise RulebookError(f"{file.name}.toml, {language}: {error}") from error
    return clues


def _words(sources: RuleSources, used: set[str]) -> Words:
    """The shared words, with a speller for the words that English rules use."""
    english, chinese = sources.words["en"], sources.words["zh"]
    same, fillers = dict(english["same"]), frozenset(english["fillers"])
    beginnings = {word.rstrip("*") for word in used if word.endswith("*")}
    known = used | beginnings | fillers | set(same) | {word for long in same.values() for word in long.split()}
    slips = {no_spaces_between_cjk(slip): meant for slip, meant in chinese["slips"].items()}
    return Words(
        same=same,
        fillers=fillers,
        simplified=simplified_table(chinese["simplified"]),
        slips=slips,
        slip_pattern=re.compile("|".join(re.escape(slip) for slip in sorted(slips, key=len, reverse=True))),
        particles=re.compile("|".join(re.escape(word) for word in chinese["particles"])),
        speller=Speller(known, beginnings, english["keep"]),
    )


def _chinese_keys(sentence: str) -> set[str]:
    return {*sentence, *(sentence[i : i + 2] for i in range(len(sentence) - 1)), *_TAG.findall(sentence)}


def _together(weights: list[float]) -> float:
    best, *others = sorted(weights, reverse=True)
    return best + (1 - best) * _SECOND_PATTERN * others[0] if others else best


def _length(spans: list[tuple[int, int]]) -> int:
    """How many characters the spans cover together."""
    covered, reached = 0, 0
    for start, end in sorted(spans):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered
