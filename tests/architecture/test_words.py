"""Words that have no place in the project's files: unfinished work, secrets, real people's addresses, other places."""

import re

import pytest

from tests.architecture.sources import complain, texts

THIS = "tests/architecture/test_words.py"
FORBIDDEN = (
    (r"\b(TODO|FIXME|XXX|HACK)\b", "Finish it, or write it down as an issue of its own; code is not a list of wishes."),
    (r"/work/|/home/[a-z]|/root/|/Users/", "A path of one machine works on no other."),
    (r"\bissue #\d|\bsee #\d|\(#\d+\)", "Say what the reason was: numbers of a tracker mean nothing in another one."),
    (
        r"pypi\.org/simple|files\.pythonhosted|registry\.npmjs|registry\.npmmirror|deb\.debian\.org|--(extra-)?index-url",
        "Which mirror a machine uses is that machine's business.",
    ),
    (
        r"-----BEGIN [A-Z ]*PRIVATE KEY|\b(sk_live|AKIA|ghp|xox[bp])[_-]?[0-9A-Za-z]{16}",
        "That looks like a real secret.",
    ),
    (r"^(<{7}|>{7}) ", "A merge was not finished."),
)
# Addresses that can never be somebody's: RFC 2606 and RFC 6761, and Apple's and git's scheme-like uses of @.
SAFE_DOMAIN = re.compile(r"(^|\.)(example|example\.(com|net|org|cn)|test|invalid|localhost|local)$")
ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24})\b")


@pytest.mark.parametrize(("pattern", "lesson"), FORBIDDEN, ids=lambda value: value[:20])
def test_no_file_says(pattern: str, lesson: str) -> None:
    search = re.compile(pattern, re.MULTILINE)
    places = [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for path, text in texts()
        if path != THIS and not path.startswith("tests/data/")
        for match in search.finditer(text)
    ]
    complain(lesson, places)


def test_addresses_belong_to_nobody() -> None:
    """Demo shops, samples and tests must never write to a person."""
    places = [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for path, text in texts(".py", ".html", ".txt", ".md", ".toml", ".po", ".js", ".json")
        if not path.startswith(("tests/data/", "LICENSE"))
        for match in ADDRESS.finditer(text)
        if not SAFE_DOMAIN.search(match.group(1).lower())
    ]
    complain("Use addresses below example.com, .example, .test or .invalid.", places)


def test_text_files_are_tidy() -> None:
    """As .editorconfig says: line feeds, no blanks at the end of lines, a newline at the end."""
    untidy = [
        path
        for path, text in texts(".py", ".html", ".css", ".js", ".md", ".toml", ".sh", ".svg")
        if not path.startswith("tests/data/")
        and text
        and (not text.endswith("\n") or re.search(r"[ \t\r]$", text, re.MULTILINE))
    ]
    complain("Trailing blanks, carriage returns or no newline at the end:", untidy)
