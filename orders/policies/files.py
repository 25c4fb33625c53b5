"""Policies as files, TOML or JSON, both ways. Pure."""

import json
import tomllib
from collections.abc import Iterable
from typing import Any

from core.errors import Invalid
from orders.policies.deciding import Row
from orders.policies.forms import form_of, read_form
from orders.policies.timers import Timer

FORMATS = ("toml", "json")
MOST_BYTES = 200_000


def read_policy(data: bytes, form: str) -> tuple[tuple[Row, ...], tuple[Timer, ...]]:
    """The rows and timers of a file. `form`: one of FORMATS. Raises Invalid (bad_policy; `reason` says what)."""
    if len(data) > MOST_BYTES:
        raise _bad(f"more than {MOST_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
        document = json.loads(text) if form == "json" else tomllib.loads(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:
        raise _bad(f"no {form.upper()} in UTF-8: {error}"[:300]) from None
    if not isinstance(document, dict):
        raise _bad("a policy is a table with rows")
    return read_form(document)


def policy_text(rows: Iterable[Row], timers: Iterable[Timer], form: str) -> str:
    """The text of a file that `read_policy` reads as these rows and timers."""
    document = form_of(rows, timers)
    if form == "json":
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    blocks = [_block(kind, table) for kind in ("rows", "timers") for table in document[kind]]
    return "\n".join(blocks) + ("" if blocks else "rows = []\n")


def _block(kind: str, table: dict[str, Any]) -> str:
    return "\n".join([f"[[{kind}]]", *(f"{name} = {_value(value)}" for name, value in table.items())]) + "\n"


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # the rest of JSON is TOML here


def _bad(reason: str) -> Invalid:
    return Invalid(reason, code="bad_policy", reason=reason)
