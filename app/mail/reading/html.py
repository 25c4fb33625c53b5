"""HTML mail to plain text with its quotes marked. Pure and linear: one pass over tags, no tree.

A tree builder is of no use here: its time grows with the square of the nesting, and a mail may nest 100,000 deep.
The result is text only; HTML that anybody shall see goes through the sanitiser instead.
"""

import re
from html import unescape

from app.mail.reading.html_marks import Mark, is_hidden, mark_of
from app.mail.reading.html_tokens import Attributes, tokens
from app.mail.reading.quoting import new_part

MAX_HTML = 2_097_152  # characters; more is cut
MAX_QUOTE_DEPTH = 8

_PARAGRAPHS = frozenset("blockquote h1 h2 h3 h4 h5 h6 ol p pre ul".split())  # noqa: SIM905 - easier to read
_LINES = frozenset(
    "address article aside center dd div dl dt fieldset figure footer header li main nav section table tr".split()  # noqa: SIM905
)
_VOID = frozenset(("br", "hr", "img", "col", "meta", "link", "input", "base", "area", "wbr"))

_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_MANY_BREAKS = re.compile(r"\n{3,}")


def text_of_html(html: str) -> str:
    """The readable text of `html`, quotes included and marked with `>`; hidden words only if there are no others."""
    writer = _Writer(by_marks=False)
    text = writer.write(html[:MAX_HTML])
    return text if text and writer.ended else _Writer(by_marks=False, hides=False).write(html[:MAX_HTML])


def reply_of_html(html: str) -> str | None:
    """The new part, by what the mail program marked as quote or signature; None when that was nothing or everything."""
    writer = _Writer(by_marks=True)
    reply = new_part(writer.write(html[:MAX_HTML]))
    new = any(line and not line.startswith(">") for line in reply.split("\n"))
    return reply if writer.marked and writer.ended and new else None


class _Writer:
    """Writes text as a reader sees it: blocks on lines of their own, lists with dashes."""

    def __init__(self, *, by_marks: bool, hides: bool = True) -> None:
        self.by_marks = by_marks  # what programs mark is written as quote, or left out when it is a signature
        self.hides = hides  # what no reader sees is left out
        self.marked = False
        self._pieces: list[str] = []
        self._breaks = 2  # line breaks at the end of what is written; none are needed at the top
        self._skipped = ""  # the tag of the signature or hidden element that is being left out …
        self._depth = 0  # … and how many of its kind are open
        self._preformatted = 0
        self._quotes = 0
        self._marked_tag = ""  # the tag of the marked quote …
        self._marked_depth = 0  # … and how many of its kind are open
        self._introduces = False
        self._link = ""

    def write(self, html: str) -> str:
        """The text of `html`."""
        for tag, text, attributes in tokens(html):
            if self._skipped:
                self._pass_over(tag)
            elif not tag:
                self._say(unescape(text))
            elif tag.startswith("/"):
                self._close(tag[1:])
            else:
                if self.hides and tag not in _VOID and is_hidden(attributes):
                    self._skip(tag)
                elif self.by_marks:
                    self._heed(tag, mark_of(tag, attributes))
                if not self._skipped:
                    self._open(tag, attributes)
        lines = "".join(self._pieces).replace("\xa0", " ").split("\n")
        return _MANY_BREAKS.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")

    @property
    def ended(self) -> bool:
        """Whether whatever was left out had an end."""
        return not self._skipped

    def _skip(self, tag: str) -> None:
        self._skipped, self._depth = tag, 1

    def _forget_dashes(self) -> None:
        """The line "-- " above a signature goes with it."""
        at = len(self._pieces) - 1
        while at >= 0 and not self._pieces[at].strip():
            at -= 1
        if at > 0 and self._pieces[at].strip() == "--" and self._pieces[at - 1] in ("", "\n"):
            del self._pieces[at:]
            self._breaks = 1

    def _pass_over(self, tag: str) -> None:
        self._depth += (tag == self._skipped) - (tag == "/" + self._skipped)
        if self._depth == 0:
            if self._skipped in _PARAGRAPHS or self._skipped in _LINES:
                self._break(1)
            self._skipped = ""

    def _heed(self, tag: str, mark: Mark | None) -> None:
        """Begin what `mark` says, and end an introduction where the quote itself begins."""
        if tag == "blockquote" and self._introduces:
            self._end_mark()
        elif tag == self._marked_tag:
            self._marked_depth += 1
        if mark is None:
            return
        self.marked = True
        if mark is Mark.SIGNATURE:
            if tag not in _VOID:
                self._forget_dashes()
                self._skip(tag)
        elif mark is Mark.REST:
            self._begin_quote()
        elif not self._marked_tag and tag not in _VOID and tag != "blockquote":
            self._begin_quote()
            self._marked_tag, self._marked_depth, self._introduces = tag, 1, mark is Mark.INTRODUCTION

    def _begin_quote(self) -> None:
        self._break(1)
        self._quotes += 1

    def _end_mark(self) -> None:
        self._break(1)
        self._quotes -= 1
        self._marked_tag, self._introduces = "", False

    def _say(self, text: str) -> None:
        if self._preformatted:
            first, *more = text.split("\n")
            self._write(first)
            for line in more:
                self._newline()
                self._write(line)
            return
        words = _SPACES.sub(" ", text)
        self._write(words.lstrip(" ") if self._breaks else words)

    def _open(self, tag: str, attributes: Attributes) -> None:
        if tag == "br":
            self._newline()
        elif tag in _PARAGRAPHS or tag in _LINES:
            self._break(2 if tag in _PARAGRAPHS else 1)
        if tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._preformatted += 1
        elif tag == "li":
            self._write("- ")
            self._breaks = 1
        elif tag == "hr":
            self._break(1)
            self._write("----------")
            self._break(1)
        elif tag in ("td", "th") and not self._breaks:
            self._write("  ")
        elif tag == "img" and attributes.get("alt"):
            self._write(f"[{_SPACES.sub(' ', attributes['alt'])[:200]}]")
        elif tag == "a":
            self._link = attributes.get("href", "")

    def _close(self, tag: str) -> None:
        if tag == self._marked_tag:
            self._marked_depth -= 1
            if not self._marked_depth:
                self._end_mark()
        if tag == "a" and self._link:
            self._write_link()
        if tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)
        if tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        if tag in _PARAGRAPHS or tag in _LINES:
            self._break(2 if tag in _PARAGRAPHS else 1)

    def _write_link(self) -> None:
        """The address behind a link is written once, after its text, if the text does not say it already."""
        said = self._pieces[-1].strip() if self._pieces else ""
        if (
            self._link.startswith(("http://", "https://"))
            and said
            and said not in self._link
            and self._link not in said
        ):
            self._write(f" <{self._link}>")
        self._link = ""

    def _write(self, text: str) -> None:
        if not text:
            return
        if self._breaks:
            self._pieces.append("> " * min(self._quotes, MAX_QUOTE_DEPTH))
        self._pieces.append(text)
        self._breaks = 0

    def _newline(self) -> None:
        self._pieces.append("\n")
        self._breaks += 1

    def _break(self, count: int) -> None:
        """End the line, and leave an empty one if `count` is 2."""
        while self._breaks < count:
            self._newline()
