"""One edit towards a word of the rules, and not a word further."""

import pytest

from bots.spelling import Speller

SPELLER = Speller(["order", "refund", "package", "delivery", "agent"], ["cancel"], keep=["older"])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ordre", "order"),
        ("odrer", "order"),
        ("orderr", "order"),
        ("refnd", "refund"),
        ("pacakge", "package"),
        ("delivary", "delivery"),
        ("order", "order"),
        ("older", "older"),
        ("cancelling", "cancelling"),
        ("agnt", "agnt"),
        ("border", "border"),
        ("recovered", "recovered"),
        ("1001", "1001"),
        ("x" * 400, "x" * 400),
    ],
)
def test_corrects(typed: str, meant: str) -> None:
    assert SPELLER.correct(typed) == meant
