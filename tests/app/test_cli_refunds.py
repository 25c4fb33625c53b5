"""`wismo refunds quote` as an operator or another program calls it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from app.refund_text import SENTENCES

EXAMPLES = Path(__file__).parents[1] / "data" / "refunds"


def ask(data: bytes, *options: str) -> tuple[int, str]:
    answer = CliRunner().invoke(main, ["refunds", "quote", *options], input=data)
    assert answer.exception is None or isinstance(answer.exception, SystemExit)
    return answer.exit_code, answer.output


def test_a_case_is_answered_with_every_step() -> None:
    status, said = ask((EXAMPLES / "e15-1.json").read_bytes())
    answer = json.loads(said)
    assert (status, answer["id"], answer["total"]) == (0, "e15-1", "74.40")
    assert [(step["rule"], step["amount"]) for step in answer["steps"]] == [
        ("line", "80.00"),
        ("tax", "6.40"),
        ("deduct_restocking", "-12.00"),
        ("cap_order", "86.40"),
        ("total", "74.40"),
    ]


def test_the_sentences_speak_chinese_too() -> None:
    case = (EXAMPLES / "e12-1.json").read_bytes()
    english, chinese = (json.loads(ask(case, "--language", language)[1]) for language in ("en", "zh"))
    assert english["steps"][-1]["what"] == "40.00 was asked; at most 20.00 can go back"
    assert chinese["steps"][-1]["what"] == "申请退款 40.00，最多可退 20.00"
    assert [step["rule"] for step in english["steps"]] == [step["rule"] for step in chinese["steps"]]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_step_of_the_examples_has_words(path: Path) -> None:
    steps = json.loads(ask(path.read_bytes())[1])["steps"]
    assert steps
    assert all(step["rule"] in SENTENCES and step["what"] and "%(" not in step["what"] for step in steps)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "malformed"),
        (b"[]", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"[" * 100_000, "malformed"),
        (b'{"currency": "EUR", "currency": "USD"}', "malformed"),
        (b'{"currency": "EUR", "grid": NaN}', "malformed"),
        (b'{"currency": "EUR", "lines": [{"id": "a", "quantity": 1, "unit_price": 1e3}]}', "bad_amount"),
        (b'{"currency": "EUR", "\\ud800": 1}', "bad_value"),
        (b'{"currency": ["EUR"]}', "unknown_currency"),
        (b'{"currency": "EUR", "lines": [{"id": "a", "quantity": 1e99, "unit_price": "1"}]}', "bad_quantity"),
        (b'{"currency": "EUR", "lines": [{"id": "a", "quantity": ' + b"9" * 5000 + b"}]}", "malformed"),
    ],
)
def test_bad_input_is_one_error_object_and_status_1(data: bytes, code: str) -> None:
    status, said = ask(data)
    assert (status, json.loads(said)["error"]["code"]) == (1, code)


def test_a_stream_answers_line_by_line_and_a_bad_line_spoils_only_itself() -> None:
    good = json.dumps(json.loads((EXAMPLES / "e02.json").read_bytes())).encode()
    status, said = ask(good + b'\n\n{"id": 7, "currency": "?"}\nnonsense\n' + good, "--stream")
    first, second, third, fourth = map(json.loads, said.splitlines())
    assert status == 0
    assert first == fourth
    assert (second["id"], second["error"]["code"], third["error"]["code"]) == (7, "unknown_currency", "malformed")


def test_null_is_the_same_as_left_out() -> None:
    case = {"currency": "EUR", "lines": [{"id": 1, "quantity": 1, "unit_price": "9.00"}]}
    nothing = {"shipping": None, "payments": None, "request": {"amount": None, "reason": None}}
    assert ask(json.dumps(case | nothing).encode()) == ask(json.dumps(case).encode())
    status, said = ask(b'{"currency": null}')
    assert (status, json.loads(said)["error"]) == (
        1,
        {"code": "missing_field", "detail": "which currency is it?", "field": "currency"},
    )


def test_numbers_with_decimals_are_read_as_they_are_written() -> None:
    case = b'{"currency": "EUR", "lines": [{"id": 1, "quantity": 3, "unit_price": 19.99}], "order_discount": 0.10}'
    assert json.loads(ask(case)[1])["total"] == "59.87"
