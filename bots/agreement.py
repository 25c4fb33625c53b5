"""Two views on one message, the rules and the learned table, weighed together. Where they differ the bot asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import exp

from bots.confidence import ACT, GUESS
from bots.learned import LearnedView, Look
from bots.taxonomy import COSTLY, OUT_OF_SCOPE

_GUESS_AT, _MENTION_AT = 0.4, 0.25  # joint probabilities that become GUESS, for costly intents and for others
_ASK = 0.49  # the most that an intent can reach which the rules exclude
DOUBT = 0.3  # too little even to name the guess
_NEEDS_A_RULE = frozenset({"cancel_order"})  # what is never understood from the learned view alone
_STRANGE = 0.6  # share of words never met from which a table only guesses
_STRONG = 0.75  # scores of rules from here on are more than a hint


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rules alone think: the best score of each intent, which leads, how surely, and what they rule out."""

    scores: Mapping[str, float]
    lead: str | None
    confidence: float
    ruled_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The intent to go by, its confidence from 0 to 1, and what both views together think of the likeliest ones."""

    intent: str
    confidence: float
    likely: tuple[tuple[str, float], ...]  # intents with their joint probability, best first


def agree(view: LearnedView, look: Look, rules: Rules) -> Verdict:
    """Weigh both views. Where they differ the probability is low, so that the bot asks instead of acting."""
    chances = probabilities(view, look, rules)
    ranked = sorted(zip(chances, view.intents, strict=True), reverse=True)
    chance, intent = ranked[0]
    costly, ways = intent in COSTLY, view.agreement
    confidence = stretched(chance, *((_GUESS_AT, ways.act_at) if costly else (_MENTION_AT, ways.say_at)))
    if costly and ruled_out(intent, rules):
        confidence = min(confidence, _ASK)
    unheard = rules.lead is None and look.strangeness > _STRANGE
    if intent != OUT_OF_SCOPE and (unheard or (intent in _NEEDS_A_RULE and intent not in rules.scores)):
        confidence = min(confidence, DOUBT)
    likely = tuple((name, round(share, 3)) for share, name in ranked[:3])
    return Verdict(intent, round(confidence, 3), likely)


def probabilities(view: LearnedView, look: Look, rules: Rules) -> list[float]:
    """The joint probability of every intent, in the order of the table."""
    ways, totals = view.agreement, []
    for place, (intent, (score, strong, lead, first)) in enumerate(
        zip(view.intents, evidence(view.intents, rules), strict=True)
    ):
        total = ways.learned * look.scores[place] + ways.bias[place]
        total += ways.score * score + ways.strong * strong + ways.lead * lead + ways.first * first
        if intent == OUT_OF_SCOPE:
            total += ways.strange * look.strangeness + (ways.silent if rules.lead is None else 0.0)
        totals.append(total)
    return _shares(totals)


def evidence(intents: tuple[str, ...], rules: Rules) -> list[tuple[float, float, float, float]]:
    """What the rules say for each intent: its best score, is that strong, how surely does it lead, does it lead."""
    return [
        (
            score := rules.scores.get(intent, 0.0),
            float(score >= _STRONG),
            rules.confidence if intent == rules.lead else 0.0,
            float(intent == rules.lead),
        )
        for intent in intents
    ]


def stretched(chance: float, guess_at: float, act_at: float) -> float:
    """Map a probability to a confidence: `guess_at` becomes the least for naming a guess, `act_at` for acting."""
    knots = ((0.0, 0.0), (guess_at, GUESS), (act_at, ACT), (1.0, 1.0))
    for (start, low), (end, high) in pairwise(knots):
        if chance < end:
            return low + (high - low) * (chance - start) / (end - start)
    return 1.0


def ruled_out(intent: str, rules: Rules) -> bool:
    """Did a `never` speak against the intent, and no pattern for it? "Don't cancel" must not be a matter of chance."""
    return intent in rules.ruled_out and intent not in rules.scores


def _shares(totals: list[float]) -> list[float]:
    top = max(totals)
    parts = [exp(total - top) for total in totals]
    whole = sum(parts)
    return [part / whole for part in parts]
