"""The rules: read from TOML once, checked, compiled, and asked what a message wants."""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bots.entities import Entities
from bots.patterns import Concepts, Pattern, PatternError, compile_chinese, compile_english
from bots.spelling import Speller
from bots.wording import Wording, Words, no_spaces_between_cjk, plain, simplified_table

RULES = Path(__file__).parent / "rules"
SURE, LIKELY, HINT = 0.95, 0.8, 0.45
_SECOND_PATTERN = 0.4  # how much of the remaining doubt a second pattern removes
_LEAD = 0.2  # a smaller lead over the runner-up costs confidence
_UNKNOWN = "unknown"

Context = Literal["order_number", "code", "order_choice", "problem", "order_known"]
_TAG = re.compile(r"<[a-z]+>")


class RulebookError(ValueError):
    """A rule file is wrong; the text names the file and the reason."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Weighted(_Strict):
    say: str
    weight: Annotated[float, Field(gt=0, lt=1)]


class _Part(_Strict):
    sure: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    hint: tuple[str, ...] = ()
    weighted: tuple[_Weighted, ...] = ()
    never: tuple[str, ...] = ()
    must_catch: tuple[str, ...] = ()
    must_miss: tuple[str, ...] = ()

    def weights(self) -> list[tuple[str, float]]:
        named = [(say, weight) for group, weight in self._groups() for say in group]
        return named + [(item.say, item.weight) for item in self.weighted]

    def _groups(self) -> tuple[tuple[tuple[str, ...], float], ...]:
        return (self.sure, SURE), (self.likely, LIKELY), (self.hint, HINT)


class RuleFile(_Strict):
    """One file of rules/: what a wish means, how it is said in both languages, and how it is not."""

    name: str
    intent: str
    means: str
    small: bool = False  # talk that gives way to any other wish in the same message
    beats: tuple[str, ...] = ()  # rules that lose when both match
    needs: tuple[Context, ...] = ()  # read only while one of these is so
    en: _Part = _Part()
    zh: _Part = _Part()


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a message seems to want. `rule` is a rule's name, `intent` its word in the taxonomy."""

    rule: str
    intent: str
    confidence: float
    runner_up: str | None
    scores: Mapping[str, float]
    wording: Wording


class _Index:
    """Finds the patterns worth trying on a sentence by the words in it."""

    def __init__(self) -> None:
        self._exact: dict[str, list[int]] = {}
        self._beginning: dict[str, list[int]] = {}

    def add(self, number: int, pattern: Pattern) -> None:
        for anchor in pattern.anchors:
            table = self._beginning if anchor.endswith("*") else self._exact
            table.setdefault(anchor.rstrip("*"), []).append(number)

    def candidates(self, keys: Iterable[str], *, beginnings: bool) -> list[int]:
        found: set[int] = set()
        for key in keys:
            found.update(self._exact.get(key, ()))
            if beginnings:
                for end in range(2, min(len(key), 14) + 1):
                    found.update(self._beginning.get(key[:end], ()))
        return sorted(found)


@dataclass(frozen=True, slots=True)
class _Clue:
    pattern: Pattern
    rule: int
    weight: float  # 0: an excluding pattern


class Rulebook:
    """All rules, compiled. `version` is a hash of the files' contents."""

    def __init__(
        self,
        files: list[RuleFile],
        concepts_en: Concepts,
        concepts_zh: Concepts,
        raw_words: Mapping[str, Any],
        version: str,
    ) -> None:
        self.version = version
        self.rules = {file.name: file for file in files}
        self._files = files
        same = dict(raw_words["en"]["same"])
        fillers = frozenset(raw_words["en"]["fillers"])
        self._english = [
            _Clue(compile_english(say, concepts_en), rule, weight) for rule, say, weight in _sayings(files, "en")
        ]
        self._chinese = [
            _Clue(compile_chinese(say, concepts_zh), rule, weight) for rule, say, weight in _sayings(files, "zh")
        ]
        self._english_index, self._chinese_index = _Index(), _Index()
        for index, clues in ((self._english_index, self._english), (self._chinese_index, self._chinese)):
            for number, clue in enumerate(clues):
                index.add(number, clue.pattern)
        self._words = self._vocabulary(raw_words, same, fillers)

    def understand(self, entities: Entities, contexts: frozenset[str] = frozenset()) -> Understanding:
        """Score every rule on the message and name the best, with a confidence from 0 to 1."""
        wording = plain(entities, self._words)
        scores: dict[int, float] = {}
        for sentence in wording.en:
            self._score(
                scores, self._english, self._english_index.candidates(sentence.split(), beginnings=True), sentence
            )
        for sentence in wording.zh:
            self._score(
                scores,
                self._chinese,
                self._chinese_index.candidates(_chinese_keys(sentence), beginnings=False),
                sentence,
            )
        live = {self._files[number].name: score for number, score in scores.items() if self._live(number, contexts)}
        return self._decide(self._settle(live), wording)

    def intent_of(self, rule: str) -> str:
        """The taxonomy's word for a rule."""
        return self.rules[rule].intent if rule in self.rules else rule

    def _score(self, scores: dict[int, float], clues: list[_Clue], candidates: list[int], sentence: str) -> None:
        hits: dict[int, list[float]] = {}
        vetoed: set[int] = set()
        for number in candidates:
            clue = clues[number]
            if clue.rule not in vetoed and clue.pattern.expression.search(sentence):
                if clue.weight:
                    hits.setdefault(clue.rule, []).append(clue.weight)
                else:
                    vetoed.add(clue.rule)
        for rule, weights in hits.items():
            if rule not in vetoed:
                scores[rule] = max(scores.get(rule, 0.0), _together(weights))

    def _live(self, number: int, contexts: frozenset[str]) -> bool:
        needs = self._files[number].needs
        return not needs or not contexts.isdisjoint(needs)

    def _settle(self, scores: dict[str, float]) -> dict[str, float]:
        """Let beaten rules and small talk give way."""
        beaten = {loser for name, score in scores.items() if score >= HINT for loser in self.rules[name].beats}
        serious = any(not self.rules[name].small and score >= HINT for name, score in scores.items())
        return {
            name: score * (0.3 if name in beaten or (serious and self.rules[name].small) else 1.0)
            for name, score in scores.items()
        }

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

    def _vocabulary(self, raw: Mapping[str, Any], same: dict[str, str], fillers: frozenset[str]) -> Words:
        used = {word for clue in self._english for word in clue.pattern.words}
        exact = (
            {word for word in used if word.isalpha()}
            | set(same)
            | fillers
            | {w for long in same.values() for w in long.split()}
        )
        beginnings = {word.rstrip("*") for word in used if word.endswith("*")}
        slips = {no_spaces_between_cjk(slip): meant for slip, meant in raw["zh"]["slips"].items()}
        return Words(
            same=same,
            fillers=fillers,
            simplified=simplified_table(raw["zh"]["simplified"]),
            slips=slips,
            slip_pattern=re.compile("|".join(re.escape(slip) for slip in sorted(slips, key=len, reverse=True))),
            particles=re.compile("|".join(re.escape(word) for word in raw["zh"]["particles"])),
            speller=Speller(exact | beginnings, beginnings, raw["en"]["keep"]),
        )


def load_rulebook(directory: Path = RULES) -> Rulebook:
    """Read and compile all rule files. Raises RulebookError naming the file that is wrong."""
    paths = sorted(directory.glob("*.toml"))
    shared = [directory / "shared" / "concepts.toml", directory / "shared" / "words.toml"]
    digest = hashlib.sha256()
    for path in (*paths, *shared):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    concepts, words = (_toml(path) for path in shared)
    files = [_rule_file(path) for path in paths]
    _check_names(files)
    same = words["en"]["same"]
    english = {name: tuple(_long_form(phrase, same) for phrase in phrases) for name, phrases in concepts["en"].items()}
    chinese = {
        name: tuple(no_spaces_between_cjk(phrase) for phrase in phrases) for name, phrases in concepts["zh"].items()
    }
    try:
        return Rulebook(files, english, chinese, words, digest.hexdigest()[:16])
    except PatternError as error:
        raise RulebookError(str(error)) from error


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RulebookError(f"{path.name}: {error}") from error


def _rule_file(path: Path) -> RuleFile:
    try:
        file = RuleFile.model_validate(_toml(path))
    except ValidationError as error:
        raise RulebookError(f"{path.name}: {error}") from error
    if file.name != path.stem:
        raise RulebookError(f"{path.name}: the name inside is {file.name!r}")
    return file


def _check_names(files: list[RuleFile]) -> None:
    names = {file.name for file in files}
    for file in files:
        if unknown := set(file.beats) - names:
            raise RulebookError(f"{file.name}.toml beats rules that are not there: {', '.join(sorted(unknown))}")


def _sayings(files: list[RuleFile], language: Literal["en", "zh"]) -> Iterable[tuple[int, str, float]]:
    for number, file in enumerate(files):
        part = file.en if language == "en" else file.zh
        for say in part.never:
            yield number, say, 0.0
        for say, weight in part.weights():
            yield number, say, weight


def _long_form(phrase: str, same: Mapping[str, str]) -> str:
    return " ".join(same.get(word, word) for word in phrase.split())


def _chinese_keys(sentence: str) -> set[str]:
    return {*sentence, *(sentence[i : i + 2] for i in range(len(sentence) - 1)), *_TAG.findall(sentence)}


def _together(weights: list[float]) -> float:
    best, *others = sorted(weights, reverse=True)
    return best + (1 - best) * _SECOND_PATTERN * others[0] if others else best
