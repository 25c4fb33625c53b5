"""Values people type: order numbers, codes, e-mail addresses, phone and tracking numbers. Finds, never guesses."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bots.order_numbers import Around, cleaned, look_around, meaning
from bots.value_labels import label_before
from bots.value_shapes import SCANNER, groups_of

NOTHING_ASKED: frozenset[str] = frozenset()
_LOOK_AT = 6_000  # characters; longer messages are pasted letters, whose head says what they are about
_MOST = 40  # values of one message
_WEIGHED = frozenset({"token", "phone", "card", "amount", "tracking", "grouped"})
_HAS_VALUE = re.compile(r"[\d@]|://|www\.|\w/", re.ASCII)
_LIST = re.compile(r"[\s,、，;/&+]*(?:and|or|和|与|跟|及|还有|以及)?\s*#?\s*", re.IGNORECASE)
_CODE = re.compile(r"(?<![\w#-])(\d{3})[ -]?(\d{3})(?![\w-])", re.ASCII)
_CORRECTS = re.compile(r"\b(?:no|not|meant|instead|wrong)\b|不是|不对|应该是|写错|發錯|发错", re.IGNORECASE)
_DENIED_BEFORE = re.compile(
    r"(?<!did )(?<!do )(?<!have )(?<!has )(?<!had )(?<!does )"
    r"\b(?:not|isn'?t|wasn'?t|instead of|rather than|ignore|forget)\s(?:the\s|for\s)?"
    r"(?:order\s|number\s|no\.?\s|#\s?){0,2}\Z"
    r"|(?<!是)不是(?:订单|单号|这个|那个)?[\s:：]*\Z|(?:而不是|别用|别查|不用查)\s*\Z",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"\s?(?:is|was)\s(?:the\s)?(?:wrong|incorrect|a mistake|a typo|not (?:the|my) )"
    r"|\s?(?:这个)?(?:是错的|错了|不对|写错|发错|输错|打错|搞错)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A found value and where it stood in the width-folded text. `denied`: named only to say that it is not it."""

    kind: str  # order_number · email · phone · tracking · money · date · time · amount · url · number
    value: str
    start: int
    end: int
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Entities:
    """All values of one message, in the order in which they were written."""

    text: str  # NFKC, capped
    spans: tuple[Span, ...] = ()

    @property
    def order_numbers(self) -> tuple[str, ...]:
        """Every order number that was typed."""
        return self._values("order_number")

    @property
    def meant_numbers(self) -> tuple[str, ...]:
        """The order numbers without those that were taken back ("1002, not 1001")."""
        return tuple(
            dict.fromkeys(span.value for span in self.spans if span.kind == "order_number" and not span.denied)
        )

    @property
    def emails(self) -> tuple[str, ...]:
        return self._values("email")

    @property
    def phones(self) -> tuple[str, ...]:
        return self._values("phone")

    @property
    def tracking_numbers(self) -> tuple[str, ...]:
        return self._values("tracking")

    def _values(self, kind: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(span.value for span in self.spans if span.kind == kind))


def find_entities(text: str, asked: frozenset[str] = NOTHING_ASKED) -> Entities:
    """Find all values in one pass over the first 6,000 characters.

    `asked`: what was just asked for (`bots.asking.KINDS`). A weak candidate ("1001 it was") counts as an order number
    when one was asked for, and not when a postcode was.
    """
    folded = unicodedata.normalize("NFKC", text[:_LOOK_AT])[:_LOOK_AT]
    if not _HAS_VALUE.search(folded):
        return Entities(folded)
    around: Around | None = None
    spans: list[Span] = []
    for match in islice(SCANNER.finditer(folded), _MOST):
        shape = match.lastgroup or "token"
        if shape not in _WEIGHED:
            spans.append(_span(_KINDS.get(shape, shape), match.group(), match.start(), match.end()))
            continue
        around = around or look_around(folded, asked)
        spans.extend(_weighed(shape, match, around, spans))
    return Entities(folded, tuple(spans))


def find_code(text: str) -> str | None:
    """The six digits of a one-time code, if the message holds exactly one such group and does not call it an order."""
    folded = unicodedata.normalize("NFKC", text[:200])
    if _CORRECTS.search(folded):
        return None
    codes = [
        match
        for match in _CODE.finditer(folded)
        if label_before(folded, match.start(), match.group()) not in ("order", "generic")
    ]
    return "".join(codes[0].groups()) if len(codes) == 1 else None


_KINDS = {"emoticon": "number", "uuid": "order_number", "base64": "order_number"}


def _weighed(shape: str, match: re.Match[str], around: Around, before: list[Span]) -> Iterator[Span]:
    """Find out what a number is; one match may be several numbers ("1001/1002", "1001 1002 1003")."""
    at = match.start()
    for part in _parts(shape, match.group()):
        found = around.text.find(part, at, match.end())
        start, end = (found, found + len(part)) if found >= 0 else match.span()  # typed with spaces inside: all of it
        follows = (
            bool(before) and before[-1].kind == "order_number" and _continues(before[-1], part, start, around.text)
        )
        kind = meaning(part, start, end, shape, around, follows=follows)
        if kind == "order_number" and _goes_on_otherwise(before, part, start, around.text):
            kind = "number"
        span = _span(kind, part, start, end, around.text)
        before = [*before[-1:], span]
        at = end
        yield span


def _parts(shape: str, value: str) -> list[str]:
    if shape == "grouped":
        return groups_of(value)
    halves = value.split("/")
    if (
        shape == "token"
        and len(halves) > 1
        and all(half.isdigit() and len(half) == len(halves[-1]) >= 4 for half in halves)
    ):
        return halves
    return [value]


def _goes_on_otherwise(before: list[Span], value: str, start: int, text: str) -> bool:
    """Is it in a list of something else: "invoices #417 and #418"?"""
    if not before or before[-1].kind != "number" or label_before(text, start, value):
        return False
    last = before[-1]
    return label_before(text, last.start, last.value) == "other" and _continues(last, value, start, text)


def _continues(last: Span, value: str, start: int, text: str) -> bool:
    """Does this number go on with the list that `last` began?"""
    one, other = last.value.lstrip("# "), value.lstrip("# ")
    alike = abs(len(one) - len(other)) <= 1 and one[:1].isdigit() == other[:1].isdigit()
    return alike and len(value) >= 3 and _LIST.fullmatch(text, last.end, start) is not None


def _span(kind: str, value: str, start: int, end: int, text: str = "") -> Span:
    if kind == "order_number":
        denied = bool(
            text
            and (_DENIED_BEFORE.search(text[max(0, start - 40) : start]) or _DENIED_AFTER.match(text[end : end + 24]))
        )
        return Span(kind, cleaned(value), start, end, denied)
    return Span(kind, value.casefold() if kind == "email" else value, start, end)
