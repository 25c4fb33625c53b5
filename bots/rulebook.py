"""The rules and the learned view, asked what a message wants. Confidence is what the engine's thresholds are about."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from bots.agreement import DOUBT, Rules, agree
from bots.confidence import ACT
from bots.entities import Entities, find_entities
from bots.hearing import UNKNOWN, Fired, Hearing, Understanding
from bots.learned import Learned, load_learned
from bots.rulefiles import NO_CHANGES, SURE, Changes, RuleFile, RulePart, RuleSources, read_rules
from bots.taxonomy import COSTLY
from bots.wording import Wording, Words, plain

RULES = Path(__file__).parent / "rules"
_CLEAR = 0.6  # rules are this sure by themselves
_UNDOING = frozenset({"keep_order"})  # what must not be lost beside another wish that is not clear itself
_OPEN = frozenset({"order_number", "code", "order_choice", "problem"})  # questions that wait for an answer
_Said = tuple[tuple[str, ...], tuple[str, ...]]  # a whole message in its plain form, English and Chinese


class Rulebook:
    """All rules. `version` is a hash of the files' contents, `rules` maps names to files."""

    def __init__(self, sources: RuleSources, learned: Learned | None = None) -> None:
        self.version = sources.version
        self.rules = {file.name: file for file in sources.files}
        self.hearing = Hearing(sources)
        self._learned = learned
        claims = _claims(sources.files, self.hearing.words, lambda part: part.must_catch)
        self._examples = {said: min(names) for said, names in claims.items() if len(names) == 1}  # else nobody's
        self._exceptions = _claims(sources.files, self.hearing.words, lambda part: part.must_miss)

    def understand(self, entities: Entities, contexts: frozenset[str] = frozenset()) -> Understanding:
        """Name what the message wants, with a confidence from 0 to 1, by the rules and the learned view together."""
        heard = self.by_rules(entities, contexts)
        rule = self.rules.get(heard.rule)
        if self._learned is None or (rule is not None and rule.needs):
            return heard
        said = (heard.wording.en, heard.wording.zh)
        if example := self._examples.get(said):
            return replace(heard, rule=example, intent=self.intent_of(example), confidence=SURE)
        view, look = self._learned.look(heard.wording)
        if rule is not None and (rule.name not in view.rules or view.place(rule.intent) is None):
            return heard  # a rule that is newer than the table speaks for itself
        verdict = agree(view, look, self.evidence(heard))
        if _rules_first(heard, contexts) and not (verdict.confidence >= ACT and verdict.intent in COSTLY):
            return heard
        spoken = self._rule_for(verdict.intent, heard)
        confidence = min(verdict.confidence, DOUBT) if spoken in self._exceptions.get(said, ()) else verdict.confidence
        return replace(heard, rule=spoken, intent=verdict.intent, confidence=confidence, likely=verdict.likely)

    def evidence(self, heard: Understanding) -> Rules:
        """What the rules alone think, by intent."""
        scores: dict[str, float] = {}
        for name, score in heard.scores.items():
            intent = self.intent_of(name)
            scores[intent] = max(score, scores.get(intent, 0.0))
        lead = heard.intent if heard.rule in self.rules else None
        return Rules(scores, lead, heard.confidence, heard.ruled_out)

    def by_rules(self, entities: Entities, contexts: frozenset[str] = frozenset()) -> Understanding:
        """Score every rule on the message and name the best: what the rules alone say."""
        return self.hearing.hear(plain(entities, self.hearing.words), contexts)

    def fired(self, wording: Wording) -> list[Fired]:
        """Every pattern that fits, for somebody who wants to know why; nothing is settled here."""
        return self.hearing.fired(wording)

    def intent_of(self, rule: str) -> str:
        """The taxonomy's word for a rule."""
        return self.rules[rule].intent if rule in self.rules else rule

    def _rule_for(self, intent: str, heard: Understanding) -> str:
        """The rule that speaks for an intent here: the one heard best, else the one of that name."""
        if heard.intent == intent:
            return heard.rule
        names = sorted((-score, name) for name, score in heard.scores.items() if self.intent_of(name) == intent)
        return names[0][1] if names else intent if intent in self.rules else UNKNOWN


@cache
def own_rulebook() -> Rulebook:
    """The rules of this version, read and compiled once a process (half a second). Raises RulebookError."""
    return load_rulebook()


def load_rulebook(directory: Path = RULES, changes: Changes = NO_CHANGES) -> Rulebook:
    """Compile all rule files, with `changes` in place of some. Raises RulebookError naming the file that is wrong."""
    return Rulebook(read_rules(directory, changes), load_learned())


def _claims(
    files: tuple[RuleFile, ...], words: Words, chosen: Callable[[RulePart], tuple[str, ...]]
) -> dict[_Said, set[str]]:
    """Whole messages that rules name as theirs, or as not theirs."""
    claims: dict[_Said, set[str]] = {}
    for file in files:
        for text in () if file.needs else (*chosen(file.en), *chosen(file.zh)):
            wording = plain(find_entities(text), words)
            claims.setdefault((wording.en, wording.zh), set()).add(file.name)
    return claims


def _rules_first(heard: Understanding, contexts: frozenset[str]) -> bool:
    """What was said before decides how a message without a clear new wish is read, and only rules know of it; and they
    alone know what undoes a wish.
    """
    clear = heard.confidence >= _CLEAR
    return bool(contexts & _OPEN) or (clear and (bool(contexts) or heard.rule in _UNDOING))
