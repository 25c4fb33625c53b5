"""Whole mails of mail systems, programs and people: what each of them is. `tests/data/mail/machine/` holds them."""

from collections.abc import Iterator
from email.header import Header
from email.utils import parseaddr
from pathlib import Path

import pytest

from app.mail.reading.parsing import ParsedMail, parse

FOLDER = Path(__file__).parents[2] / "data" / "mail" / "machine"
ENDING = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit"


def mails(name: str) -> Iterator[tuple[str, ParsedMail]]:
    """The title of each mail (`### name`, and `hard` or `soft` for a bounce) and what is read in it."""
    for case in (FOLDER / name).read_text("utf-8").removeprefix("### ").split("\n### "):
        title, _, mail = case.partition("\n")
        head, _, body = mail.partition("\n\n")
        fields = [_encoded(field) for field in head.split("\n")]
        if "\nContent-Type:" not in head:
            fields.append(ENDING)
        yield title, parse("\n".join((*fields, "To: help@lumen.example", "", body)).encode())


def _encoded(field: str) -> str:
    name, _, value = field.partition(": ")
    if name == "From" and not value.isascii():
        person, address = parseaddr(value)
        return f"From: {Header(person, 'utf-8').encode()} <{address}>"
    return f"Subject: {Header(value, 'utf-8').encode()}" if name == "Subject" else field


def test_bounces_are_found_and_those_without_an_address_are_hard() -> None:
    wrong = []
    for title, mail in mails("bounces.txt"):
        if mail.bounce is None or (" " in title and mail.bounce.hard is not title.endswith(" hard")):
            wrong.append((title, mail.bounce))
    assert wrong == []


@pytest.mark.parametrize(("name", "expected"), [("automatic.txt", True), ("people.txt", False)])
def test_machines_are_told_from_people(name: str, expected: bool) -> None:
    wrong = [
        (title, mail.automatic, mail.bounce)
        for title, mail in mails(name)
        if mail.auto_reply is not expected or mail.bounce is not None
    ]
    assert wrong == []
