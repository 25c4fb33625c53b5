"""Two views weighed against each other: agreement acts, difference asks, exclusion holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.agreement import Rules, agree, probabilities, stretched
from bots.confidence import ACT, GUESS
from bots.learned import Agreement, LearnedView, Look

INTENTS = ("cancel_order", "order_status", "out_of_scope", "refund_status", "thanks")
WAYS = Agreement(
    learned=4.0,
    score=0.6,
    strong=0.6,
    lead=0.6,
    first=0.4,
    silent=0.1,
    strange=0.2,
    bias=(0.0,) * len(INTENTS),
    act_at=0.7,
    say_at=0.4,
)
VIEW = LearnedView(INTENTS, frozenset({"order_status", "refund_status", "thanks", "cancel_order"}), WAYS, {}, (), 1.0)
SILENT = Rules({}, None, 0.0)
SCORES = st.lists(st.floats(-3, 3), min_size=len(INTENTS), max_size=len(INTENTS))


def look(*, strangeness: float = 0.0, **scores: float) -> Look:
    return Look([scores.get(intent, -1.0) for intent in INTENTS], strangeness)


def rules(intent: str, confidence: float = 0.95) -> Rules:
    return Rules({intent: confidence}, intent, confidence)


def test_views_that_agree_are_surer_than_each_alone() -> None:
    together = agree(VIEW, look(order_status=0.0), rules("order_status")).confidence
    assert together > agree(VIEW, look(order_status=0.0), SILENT).confidence
    assert together >= ACT


def test_views_that_differ_lead_to_a_question() -> None:
    verdict = agree(VIEW, look(refund_status=-0.4), rules("order_status"))
    assert verdict.confidence < ACT
    assert {intent for intent, _ in verdict.likely[:2]} == {"refund_status", "order_status"}


def test_what_the_rules_exclude_is_not_acted_on() -> None:
    excluded = Rules({}, None, 0.0, frozenset({"refund_status"}))
    assert agree(VIEW, look(refund_status=1.0), SILENT).confidence >= ACT
    assert agree(VIEW, look(refund_status=1.0), excluded).confidence < ACT


def test_a_cancellation_needs_a_rule() -> None:
    assert agree(VIEW, look(cancel_order=2.0), SILENT).confidence < GUESS
    assert agree(VIEW, look(cancel_order=2.0), rules("cancel_order")).confidence >= ACT


def test_words_never_met_are_not_even_guessed_from() -> None:
    assert agree(VIEW, look(order_status=1.0, strangeness=0.9), SILENT).confidence < GUESS


@given(SCORES, st.sampled_from(INTENTS), st.floats(0, 1))
def test_probabilities_are_shares_of_one(scores: list[float], lead: str, confidence: float) -> None:
    shares = probabilities(VIEW, Look(scores, 0.5), rules(lead, confidence))
    assert sum(shares) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in shares)


@given(st.floats(0, 1), st.floats(0, 1))
def test_confidence_follows_probability(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= stretched(low, 0.4, 0.7) <= stretched(high, 0.4, 0.7) <= 1
    assert (stretched(one, 0.4, 0.7) >= ACT) == (one >= 0.7)
    assert (stretched(one, 0.4, 0.7) >= GUESS) == (one >= 0.4)
