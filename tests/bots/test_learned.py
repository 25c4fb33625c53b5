"""The learned table: read, pure, linear, and as good as docs/bot-quality.md says."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bots.confidence import ACT
from bots.entities import find_entities
from bots.learned import WEIGHTS, WeightsError, load_learned
from bots.rulebook import Rulebook
from bots.taxonomy import COSTLY

DATA = WEIGHTS.parent / "training"


def held_out(language: str) -> list[dict[str, object]]:
    return rows(DATA / f"{language}_held_out.jsonl")


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("language", "understood", "precise", "covered"), [("en", 0.84, 0.95, 0.7), ("zh", 0.65, 0.9, 0.25)]
)
def test_messages_kept_aside(
    language: str, understood: float, precise: float, covered: float, rulebook: Rulebook
) -> None:
    right = acted = good = should = 0
    messages = held_out(language)
    for row in messages:
        heard = rulebook.understand(find_entities(str(row["text"])))
        labels = row.get("intents") or [row["intent"]]
        assert isinstance(labels, list)
        right += heard.intent in labels
        acts = heard.intent in COSTLY and heard.confidence >= ACT
        acted, good = acted + acts, good + (acts and heard.intent in labels)
        should += row["intent"] in COSTLY
    assert right / len(messages) >= understood
    assert good / acted >= precise
    assert good / should >= covered


@given(st.text(max_size=300))
@example("")
@example("<number> ~ ^ $ 😀 \x00")
def test_any_text_is_understood_alike_twice(rulebook: Rulebook, text: str) -> None:
    entities = find_entities(text)
    heard = rulebook.understand(entities)
    assert 0 <= heard.confidence <= 1
    assert rulebook.understand(entities) == heard


@pytest.mark.parametrize(
    "unit", ["where is my refund ", "x", "a b ", "我的快递到哪了", "退款退货，", "qwertyuiop" * 30 + " "]
)
def test_twenty_thousand_characters_are_cheap(unit: str, rulebook: Rulebook) -> None:
    text = (unit * 20_000)[:20_000]
    rulebook.understand(find_entities(text))
    started = time.perf_counter()
    rulebook.understand(find_entities(text))
    assert time.perf_counter() - started < 0.25  # 50 ms on a machine of its own


def test_a_table_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"en\.json"):
        load_learned(tmp_path)
    (tmp_path / "en.json").write_text('{"format": 99}')
    with pytest.raises(WeightsError, match="format 99"):
        load_learned(tmp_path)
