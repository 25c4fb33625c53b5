"""What was written now, in replies of some hundred mail programs: tests/data/mail/replies has them as data."""

from pathlib import Path

import pytest

from app.mail.reading.parsing import parse
from app.mail.reading.quoting import new_part

REPLIES = Path(__file__).parents[2] / "data" / "mail" / "replies"


def pairs(name: str) -> list[tuple[str, str]]:
    """The lines `program|text` of a file."""
    lines = (REPLIES / name).read_text("utf-8").splitlines()
    return [(line.split("|", 1)[0], line.split("|", 1)[1]) for line in lines if not line.startswith("#")]


def sections(name: str) -> list[tuple[str, str]]:
    """The sections of a file that begin with `### program`."""
    _, *found = (REPLIES / name).read_text("utf-8").split("\n### ")
    return [(section.split("\n", 1)[0], section.split("\n", 1)[1].rstrip("\n")) for section in found]


ATTRIBUTIONS = pairs("attributions.txt")
HEADERS = sections("headers.txt")


def squeezed(text: str) -> str:
    return " ".join(text.split())


def wrapped(line: str) -> str:
    """The line as a program breaks it that knows 60 columns."""
    at = line.rfind(" ", 0, 60)
    return line if at < 0 or at > len(line) - 3 or len(line) < 62 else line[:at] + "\n" + line[at + 1 :]


@pytest.mark.parametrize("line", [line for _, line in ATTRIBUTIONS], ids=[name for name, _ in ATTRIBUTIONS])
def test_attribution(line: str) -> None:
    words = "Where is order 1001?\n\n请问到哪里了"
    assert new_part(f"{words}\n\n{line}\n\n> Hello\n> 您好\n") == words
    assert new_part(f"{words}\n\n{line}\nHello\n\nYour lamp") == words
    assert new_part(f"{words}\n\n{wrapped(line)}\n\n> Hello\n") == words
    assert new_part(f"{words}\n\n> {line}\n> Hello\n") == words
    assert new_part(f"{line}\n> Hello\n\n{words}") == words


@pytest.mark.parametrize("block", [block for _, block in HEADERS], ids=[name for name, _ in HEADERS])
def test_copied_headers(block: str) -> None:
    assert (
        new_part(f"Where is it?\n\nIt is late.\n\n{block}\n\nHello Ines,\n\nit comes.") == "Where is it?\n\nIt is late."
    )
    assert new_part(f"还没收到\n{block}\n您好") == "还没收到"


@pytest.mark.parametrize("line", [line for _, line in pairs("signatures.txt")])
def test_line_of_a_phone(line: str) -> None:
    assert new_part(f"Where is it?\n\n{line}") == "Where is it?"
    assert new_part(f"到了\n{line}\n\nOn Fri, 3 May 2024 at 10:02, Lumen wrote:\n> Hello") == "到了"


@pytest.mark.parametrize("line", (REPLIES / "separators.txt").read_text("utf-8").splitlines()[1:])
def test_separator(line: str) -> None:
    assert new_part(f"Where is it?\n\n{line}\n\nHello Ines,\nit comes.") == "Where is it?"


@pytest.mark.parametrize(
    "line", ["--- 商品信息（原价） ---", "=== my lamps ===", "----- 2 of 3 -----", "— the original —"]
)
def test_own_headings_separate_nothing(line: str) -> None:
    words = f"I have two questions about this order.\n\n{line}\n\nWhere is it, and when does the other one come?"
    assert new_part(words) == words


@pytest.mark.parametrize(
    "mail", [mail for _, mail in sections("kept.txt")], ids=[name for name, _ in sections("kept.txt")]
)
def test_own_words_are_kept(mail: str) -> None:
    assert squeezed(new_part(mail)) == squeezed(mail)


@pytest.mark.parametrize(("program", "both"), sections("replies.txt"))
def test_whole_mail(program: str, both: str) -> None:
    mail, new = both.rsplit("\n===\n", 1)
    kind = "html" if program.startswith("html") else "plain"
    read = parse(f"From: i@example.com\nContent-Type: text/{kind}; charset=utf-8\n\n{mail}".encode())
    assert squeezed(read.reply_text) == squeezed(new)


ALTERNATIVE = """From: i@example.com
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

{plain}
--b
Content-Type: text/html; charset=utf-8

{html}
--b--
"""


@pytest.mark.parametrize(
    ("plain", "html", "new"),
    [
        ("Fine.\n\nFrá: Lumen\n\nHello", "<p>Fine.</p><div id=appendonsend></div>Frá: Lumen<p>Hello</p>", "Fine."),
        ("Fine.\nBest\nInes", "<p>Fine.</p><div id=Signature>Best<br>Ines</div>", "Fine."),
        ("Fine.\nBest\nInes", "<p>Other.</p><div id=Signature>Best<br>Ines</div>", "Fine. Best Ines"),
        ("Hi\n\n> a\n\nb\n\n> c\n\nd", "<p>Hi</p><div class=yahoo_quoted>a b c d</div>", "Hi > a b > c d"),
    ],
)
def test_marks_of_html_beside_plain_text(plain: str, html: str, new: str) -> None:
    assert squeezed(parse(ALTERNATIVE.format(plain=plain, html=html).encode()).reply_text) == new
