"""What a ticket needs before it may be decided, by the reasons of its links, and how far that has come. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

PHOTO, LINE, UNITS, PARCEL = "photo", "line", "units", "parcel"
GIVEN, WAIVED, ASKED, MISSING = "given", "waived", "asked", "missing"


@dataclass(frozen=True, slots=True)
class Need:
    """Something that must be known or shown; what does not block is good to have."""

    code: str
    blocks: bool = True


# By the reasons that agents give a link.
NEEDS: dict[str, tuple[Need, ...]] = {
    "damaged": (Need(LINE), Need(PHOTO)),
    "defective": (Need(LINE), Need(PHOTO, blocks=False)),
    "wrong_item": (Need(LINE), Need(PHOTO)),
    "not_as_described": (Need(LINE), Need(PHOTO, blocks=False)),
    "missing": (Need(LINE), Need(UNITS)),
    "lost": (Need(PARCEL),),
}
ASKABLE = frozenset({PHOTO, LINE, UNITS})  # what a customer can tell; the parcel is for us to find


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A confirmed link: why, and how exactly it says what it is about."""

    reason: str
    line: bool = False
    units: bool = False
    parcel: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist."""

    code: str
    state: str  # given · waived · asked · missing
    blocks: bool

    @property
    def open(self) -> bool:
        """Whether it still stands in the way."""
        return self.blocks and self.state in (ASKED, MISSING)


def checklist(
    links: Iterable[About], photos: int, *, asked: Collection[str] = (), waived: Collection[str] = ()
) -> list[Item]:
    """What these links need, each once, with how it stands. `photos`: how many pictures the customer has sent."""
    abouts = list(links)
    blocks: dict[str, bool] = {}
    given: dict[str, bool] = {}
    for reason in dict.fromkeys(about.reason for about in abouts):
        same = [about for about in abouts if about.reason == reason]
        for need in NEEDS.get(reason, ()):
            blocks[need.code] = blocks.get(need.code, False) or need.blocks
            given[need.code] = given.get(need.code, True) and _is_given(need.code, same, photos)
    return [Item(code, _state(code, given[code], asked, waived), blocks[code]) for code in blocks]


def _is_given(code: str, same: list[About], photos: int) -> bool:
    match code:
        case "photo":
            return photos > 0
        case "line":
            return any(about.line for about in same)
        case "units":
            lines = [about for about in same if about.line]
            return bool(lines) and all(about.units for about in lines)
    return any(about.parcel for about in same)


def _state(code: str, given: bool, asked: Collection[str], waived: Collection[str]) -> str:
    if given:
        return GIVEN
    if code in waived:
        return WAIVED
    return ASKED if code in asked else MISSING
