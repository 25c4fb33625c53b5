"""Words with blanks: what an answer that is kept ready says, and what stands in its blanks. Pure.

A blank is a known name in braces, `{order.number}`. Everything else is kept as it was written, other braces too: there
is nothing that could be computed, called or escaped from.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.errors import Conflict, Invalid

LONGEST = 4000  # characters of a macro in one language
_BLANK = re.compile(r"\{ {0,4}([a-z]{2,20}\.[a-z_]{2,30}) {0,4}\}")

# name → what it depends on: an order, one of its lines, parcels or refunds, or nothing but the ticket
BLANKS: dict[str, str] = {
    "customer.name": "",
    "agent.name": "",
    "shop.name": "",
    "ticket.number": "",
    "promise.due": "",
    "order.number": "order",
    "order.state": "order",
    "order.next": "order",
    "order.placed": "order",
    "order.total": "order",
    "order.promised": "order",
    "line.title": "line",
    "line.units": "line",
    "line.expected": "line",
    "parcel.carrier": "parcel",
    "parcel.tracking_number": "parcel",
    "parcel.state": "parcel",
    "parcel.expected": "parcel",
    "parcel.pickup_point": "parcel",
    "refund.amount": "refund",
    "refund.state": "refund",
}


class Piece(NamedTuple):
    """A part of filled words: as written, or what stands in a blank (`name`)."""

    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a macro says now. `missing` are the blanks without a value, in the order of their first use."""

    pieces: tuple[Piece, ...]
    missing: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words; a blank without a value stays a blank, so that nobody overlooks it."""
        return "".join(piece.text for piece in self.pieces)


def checked(words: str) -> str:
    """The words of a macro as they are kept. Raises Invalid (unknown_blank with `name`, text_too_long)."""
    if len(words) > LONGEST:
        raise Invalid(f"{LONGEST} characters at most", code="text_too_long", limit=LONGEST)
    for match in _BLANK.finditer(words):
        if match[1] not in BLANKS:
            raise Invalid("there is no such value", code="unknown_blank", name=match[1], known=sorted(BLANKS))
    return words


def needs(words: str) -> frozenset[str]:
    """What the blanks of these words depend on: order, line, parcel, refund."""
    return frozenset(BLANKS[name] for name in blanks(words) if BLANKS[name])


def blanks(words: str) -> list[str]:
    """The blanks of these words by name, each once."""
    found = (match[1] for match in _BLANK.finditer(words))
    return list(dict.fromkeys(name for name in found if name in BLANKS))


def fill(words: str, values: Mapping[str, str]) -> Filled:
    """Put `values` by name into the blanks. An empty value is none. Values are never read for blanks themselves."""
    pieces = tuple(_pieces(words, values))
    missing = dict.fromkeys(name for name in blanks(words) if not values.get(name))
    return Filled(pieces, tuple(missing))


def require_filled(text: str) -> None:
    """Nothing with a blank in it is sent. Raises Conflict (missing_value with `names`)."""
    if names := blanks(text):
        raise Conflict("the words have a blank that nothing stands in", code="missing_value", names=names)


def _pieces(words: str, values: Mapping[str, str]) -> Iterator[Piece]:
    end = 0
    for match in _BLANK.finditer(words):
        if match[1] not in BLANKS:
            continue
        if match.start() > end:
            yield Piece(words[end : match.start()])
        yield Piece(values.get(match[1]) or match[0], match[1])
        end = match.end()
    if end < len(words):
        yield Piece(words[end:])
