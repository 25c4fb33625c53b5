"""The bot as a filter: JSON lines in, JSON lines out."""

import io
import json
from collections.abc import Iterator

import pytest

from bots.__main__ import main
from bots.filters import classify, follow_dialogues
from bots.rulebook import Rulebook

BROKEN = ["not json", '{"id": "d"}', '{"id": "e", "text": 7}', "[]", "7", '{"id": "f", "turns": 3}', "[" * 100_000]


def test_classify(rulebook: Rulebook) -> None:
    lines = [
        '{"id": "a", "text": "Where is order 1001?"}\n',
        "\n",
        '{"id": "b", "text": "转人工"}',
        '{"id": "c", "text": "blorp"}',
        *BROKEN,
    ]
    first, person, unknown, *broken = [json.loads(line) for line in classify(lines, rulebook)]
    assert first["id"] == "a"
    assert first["intent"] == "order_status"
    assert first["confidence"] >= 0.5
    assert first["entities"] == {"order_number": ["1001"]}
    assert first["handover"] is False
    assert person["intent"] == "human_handover"
    assert person["handover"] is True
    assert person["entities"] == {"order_number": []}
    assert unknown["intent"] == "out_of_scope"
    assert unknown["handover"] is False
    assert all("error" in line for line in broken)
    assert len(broken) == len(BROKEN)


def test_what_a_person_has_to_do_is_for_a_person(rulebook: Rulebook) -> None:
    texts = ["the lamp arrived broken", "I was charged twice", "收到的杯子碎了", "where is my order"]
    lines = [json.dumps({"id": number, "text": text}) for number, text in enumerate(texts)]
    assert [json.loads(line)["handover"] for line in classify(lines, rulebook)] == [True, True, True, False]


def test_dialogues(rulebook: Rulebook) -> None:
    turns = [
        {"who": "customer", "text": "我的快递到哪了"},
        {"who": "agent", "text": "请提供订单号"},
        {"who": "customer", "text": "318840927716"},
    ]
    lines = [json.dumps({"id": 1, "turns": turns}), json.dumps({"id": 2, "turns": []}), *BROKEN]
    known, empty, *broken = [json.loads(line) for line in follow_dialogues(lines, rulebook)]
    assert known == {"id": 1, "order_number": "318840927716", "intent": "order_status"}
    assert empty == {"id": 2, "order_number": None, "intent": None}
    assert all("error" in line for line in broken)
    assert len(broken) == len(BROKEN)


def test_every_line_is_answered_before_the_next_is_read(rulebook: Rulebook) -> None:
    answered: list[str] = []

    def lines() -> Iterator[str]:
        for number in range(3):
            assert len(answered) == number
            yield json.dumps({"id": number, "text": "hi"})

    for line in classify(lines(), rulebook):
        answered.append(line)


def test_the_command_survives_broken_bytes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    data = b'\xff\xfe\n{"id": "\\ud800", "text": "\\ud800 where is order 1001"}\n'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert main(["classify"]) == 0
    broken, answer = capsys.readouterr().out.splitlines()
    assert "error" in json.loads(broken)
    assert json.loads(answer)["entities"] == {"order_number": ["1001"]}
    assert main([]) == main(["classify", "x"]) == main(["sing"]) == 2
