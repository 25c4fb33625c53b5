"""`wismo refunds`: what may be refunded, step by step, from a case that is written down; no database is needed.

The front door runs this file by itself, so that it starts at once.
"""

import json
import sys
from typing import Any

import click

from app.i18n import LANGUAGES
from app.refund_text import quote_document
from core.errors import WismoError
from orders.refunds.reading import read_case, read_document
from orders.refunds.refundable import quote


@click.group()
def refunds() -> None:
    """What may be refunded, through which accounts money leaves, and what of it waits."""


@refunds.command("quote")
@click.option("--stream", is_flag=True, help="A case a line (JSON lines); each is answered before the next is read.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of the sentences.")
def quote_command(stream: bool, language: str) -> None:
    """Read a case (JSON, docs/refunds.md) and print what may be refunded, with every step of the calculation.

    A case that makes no sense is answered by an error object, and ends with status 1; in a stream only its line is.
    """
    if stream:
        for line in sys.stdin.buffer:
            if line.strip():
                _print(_answer(line, language))
        return
    answer = _answer(sys.stdin.buffer.read(), language)
    _print(answer, indent=2)
    if "error" in answer:
        sys.exit(1)


def _answer(data: bytes, language: str) -> dict[str, Any]:
    named: dict[str, Any] = {}
    try:
        document = read_document(data)
        named = {"id": document["id"]} if isinstance(document.get("id"), str | int) else {}
        return named | quote_document(quote(read_case(document)), language)
    except WismoError as error:
        return named | {"error": {"code": error.code, "detail": error.detail, **error.data}}


def _print(answer: dict[str, Any], indent: int | None = None) -> None:
    """Half a surrogate pair in what was read becomes an escape, as JSON writes it."""
    click.echo(json.dumps(answer, ensure_ascii=False, indent=indent).encode("utf-8", "backslashreplace"))
    sys.stdout.flush()


if __name__ == "__main__":
    refunds(prog_name="wismo refunds")
