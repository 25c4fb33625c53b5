"""What somebody who looks for an order may mean by what they typed. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from core.text import clean, query_words, reference
from orders.contacts import normal_email, normal_phone

MOST_TERMS = 6  # of a longer text the rest is left out
PHONE_TAIL = 4  # digits that make a useful end of a phone number
_EMAIL_START = 3  # characters that make a useful beginning of an e-mail address
_KEY = 120
# "no. 1001", "订单号1001", "尾号 0142": what people put before a number and no number contains.
_PREFIX = re.compile(
    r"^(?:ORDER|BESTELLUNG|COMMANDE|PEDIDO|NUMBER|NUMMER|NR|NO|N°|订单|運單|运单|快递|物流|单号|單號|编号|手机|電話|电话|尾号|后四位|号|[:：])+(?=.*\d)"
)
_PHONE = re.compile(r"[+＋]?[\d０-９\s()（）\-‐-―./．－]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word, or the whole text, in the forms in which an order may hold it. Empty forms fit nothing."""

    text: str
    keys: frozenset[str]  # of order numbers and tracking numbers
    words: tuple[str, ...]  # of names and goods, as the index splits them
    email: str  # the whole address, or how it begins
    phones: frozenset[str]  # whole numbers in E.164
    tail: str  # last digits of a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The whole text as one name, and its words, all of which an order must have if it is not that one."""

    whole: Term
    terms: tuple[Term, ...]

    @property
    def everything(self) -> tuple[Term, ...]:
        return (self.whole, *self.terms) if len(self.terms) > 1 else (self.whole,)


def search_of(text: str, countries: Iterable[str] = ()) -> Search:
    """Read what was typed. Phone numbers without a prefix are those of `countries` (ISO 3166)."""
    regions = sorted({country for country in countries if country})
    pieces = [piece for piece in text.split() if reference(piece) or query_words(piece)]
    return Search(whole=_term(text, regions), terms=tuple(_term(piece, regions) for piece in pieces[:MOST_TERMS]))


def _term(text: str, regions: list[str]) -> Term:
    key = reference(text)[:_KEY]
    bare = _PREFIX.sub("", key)
    digits = _digits(bare if bare != key else text)
    return Term(
        text=clean(text, limit=_KEY),
        keys=frozenset({key, bare} - {""}),
        words=tuple(query_words(text)),
        email=_email(text),
        phones=_phones(text, regions) if len(digits) > PHONE_TAIL else frozenset(),
        tail=digits.lstrip("0") if len(digits) > PHONE_TAIL else digits if len(digits) == PHONE_TAIL else "",
    )


def _digits(text: str) -> str:
    """The digits of a text that could be a phone number; without any other signs."""
    if not _PHONE.fullmatch(text):
        return ""
    return "".join(str(unicodedata.digit(sign)) for sign in text if sign.isdecimal())


def _phones(text: str, regions: list[str]) -> frozenset[str]:
    normal = unicodedata.normalize("NFKC", text)
    return frozenset(number for region in ("", *regions) if (number := normal_phone(normal, region)))


def _email(text: str) -> str:
    bare = unicodedata.normalize("NFKC", text).strip()
    whole = normal_email(bare)
    if whole is not None:
        return whole
    begins = bare.lower() if len(bare) >= _EMAIL_START and " " not in bare else ""
    return begins if re.fullmatch(r"[\w.+\-]+(@[\w.\-]*)?", begins) else ""
