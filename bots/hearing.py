"""What the rules alone hear in a message: every rule's score, and which leads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bots.clues import Clue, Clues, chinese_keys, compile_clues, english_keys
from bots.rulefiles import HINT, RuleSources
from bots.spelling import Speller
from bots.taxonomy import OUT_OF_SCOPE
from bots.wording import Wording, Words, no_spaces_between_cjk, simplified_table

_SECOND_PATTERN = 0.4  # how much of the remaining doubt a second pattern removes
_LEAD = 0.2  # a smaller lead over the runner-up costs confidence
_BEATEN = 0.3  # what is left of a score when another rule takes its place
_BESIDE_EN, _BESIDE_ZH = 24, 7  # characters that may stand beside a rule that wants to be nearly all that was said
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a message seems to want. `rule` is a rule's name, `intent` its word in the taxonomy."""

    rule: str
    intent: str
    confidence: float
    runner_up: str | None
    scores: Mapping[str, float]  # of the rules
    wording: Wording
    ruled_out: frozenset[str] = frozenset()  # intents that a `never` of theirs excluded
    likely: tuple[tuple[str, float], ...] = ()  # intents with the probability that both views give them together


@dataclass(frozen=True, slots=True)
class Fired:
    """A pattern that fits a sentence. Weight 0: it rules its rule out for that sentence."""

    rule: str
    say: str
    weight: float
    sentence: str
    words: str  # what it fitted


@dataclass(slots=True)
class _Tally:
    """What was found so far in one message."""

    scores: dict[int, float] = field(default_factory=dict)
    vetoed: set[int] = field(default_factory=set)
    beside: int = 0  # characters that no small talk covers
    allowed: int = _BESIDE_EN


class Hearing:
    """The rules, compiled."""

    def __init__(self, sources: RuleSources) -> None:
        english = compile_clues(sources, "en")
        self._english, self._chinese = Clues(english), Clues(compile_clues(sources, "zh"))
        self._files = sources.files
        self._rules = {file.name: file for file in sources.files}
        self._small = frozenset(number for number, file in enumerate(sources.files) if file.small)
        self.words = _words(sources, {word for clue in english for word in clue.pattern.words})

    def hear(self, wording: Wording, contexts: frozenset[str] = frozenset()) -> Understanding:
        """Score every rule on the message and name the best, with a confidence from 0 to 1."""
        tally = _Tally(allowed=_BESIDE_ZH if wording.zh else _BESIDE_EN)
        for sentence in wording.en:
            self._read(tally, sentence, self._english.clues(english_keys(sentence)))
        for sentence in wording.zh:
            self._read(tally, sentence, self._chinese.clues(chinese_keys(sentence)))
        live = {
            self._files[number].name: score for number, score in tally.scores.items() if self._live(number, contexts)
        }
        heard = self._decide(self._settle(live, crowded=tally.beside > tally.allowed), wording)
        return replace(heard, ruled_out=frozenset(self._files[number].intent for number in tally.vetoed))

    def fired(self, wording: Wording) -> list[Fired]:
        """Every pattern that fits, for somebody who wants to know why; nothing is settled here."""
        found = []
        readings = ((wording.en, self._english, english_keys), (wording.zh, self._chinese, chinese_keys))
        for sentences, language, keys in readings:
            for sentence in sentences:
                for clue in language.clues(keys(sentence)):
                    if match := clue.pattern.expression.search(sentence):
                        rule, words = self._files[clue.rule].name, match.group().strip()
                        found.append(Fired(rule, clue.pattern.say, clue.weight, sentence.strip(), words))
        return found

    def intent_of(self, rule: str) -> str:
        """The taxonomy's word for a rule."""
        return self._rules[rule].intent if rule in self._rules else rule

    def _read(self, tally: _Tally, sentence: str, clues: list[Clue]) -> None:
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
        tally.vetoed |= vetoed
        for rule, weights in hits.items():
            if rule not in vetoed:
                tally.scores[rule] = max(tally.scores.get(rule, 0.0), _together(weights))
        tally.beside += len(sentence) - _length(covered)

    def _live(self, number: int, contexts: frozenset[str]) -> bool:
        needs = self._files[number].needs
        return not needs or not contexts.isdisjoint(needs)

    def _settle(self, scores: dict[str, float], *, crowded: bool) -> dict[str, float]:
        """Let beaten rules, and small talk beside other words, give way."""
        beaten = {loser for name, score in scores.items() if score >= HINT for loser in self._rules[name].beats}
        serious = any(not self._rules[name].small and score >= HINT for name, score in scores.items())
        return {
            name: score * (_BEATEN if name in beaten or self._gives_way(name, serious, crowded) else 1.0)
            for name, score in scores.items()
        }

    def _gives_way(self, name: str, serious: bool, crowded: bool) -> bool:
        rule = self._rules[name]
        return (rule.small and serious) or (rule.whole and crowded)

    def _decide(self, scores: dict[str, float], wording: Wording) -> Understanding:
        ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        if not ranked:
            return Understanding(UNKNOWN, OUT_OF_SCOPE, 0.0, None, scores, wording)
        best, score = ranked[0]
        intent = self.intent_of(best)
        rivals = [(name, other) for name, other in ranked[1:] if self.intent_of(name) != intent]
        lead = score - rivals[0][1] if rivals else score
        confidence = score if lead >= _LEAD else score * (0.6 + 2 * lead)
        return Understanding(best, intent, round(confidence, 3), rivals[0][0] if rivals else None, scores, wording)


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
        latin_zh=chinese["latin"],
        latin_pattern=re.compile(rf"(?<![a-z0-9])(?:{'|'.join(chinese['latin'])})(?![a-z0-9])"),
        particles=re.compile("|".join(re.escape(word) for word in chinese["particles"])),
        speller=Speller(known, beginnings, english["keep"]),
    )


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
