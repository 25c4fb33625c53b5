"""Faults of the ways to the desk, as data: each letter's fate is drawn against a seed. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from random import Random

from app.gateways.simulators.wire import Letter
from app.gateways.simulators.world import Said, Story

LATEST, SHUFFLED_WITHIN, DOUBLED_WITHIN = timedelta(hours=24), timedelta(hours=6), timedelta(hours=1)
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Faults:
    """How often each happens to a letter, from 0 to 1."""

    late: float = 0.0  # up to a day
    doubled: float = 0.0  # sent twice
    shuffled: float = 0.0  # overtaken by others
    lost: float = 0.0  # never sent
    forged: float = 0.0  # a stranger sends it, too, changed and with a signature of his own
    timeouts: float = 0.0  # of each try: the sender never sees the answer, and repeats as its platform does


USUAL = Faults(late=0.1, doubled=0.1, shuffled=0.2, lost=0.02, forged=0.05, timeouts=0.3)
# The pauses before the second try, the third …, as the platforms document them; where they give only a number or a
# span, doubling pauses within it. WooCommerce never repeats a delivery.
RETRIES: Mapping[str, Sequence[timedelta]] = {
    "shopify": [minutes * _MINUTE for minutes in (1, 2, 4, 8, 16, 32, 64, 110)],  # 8 within 4 hours
    "woocommerce": [],
    "generic": [timedelta(seconds=5), 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR],
    "stripe": [minutes * _MINUTE for minutes in (5, 30, 120, 300, 600, 1200, 2000)],  # within 3 days
    "alipay": [4 * _MINUTE, 10 * _MINUTE, 10 * _MINUTE, 1 * _HOUR, 2 * _HOUR, 6 * _HOUR, 15 * _HOUR],
    "wechatpay": [
        timedelta(seconds=seconds)
        for seconds in (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)
    ],
    "aftership": [timedelta(seconds=30 * 2**doubling) for doubling in range(13)],  # 14 tries
    "17track": [5 * _MINUTE, 15 * _MINUTE, 60 * _MINUTE],
    "kuaidi100": [30 * _MINUTE, 30 * _MINUTE, 30 * _MINUTE],
    "easypost": [minutes * _MINUTE for minutes in (1, 5, 15, 60, 180, 360)],
}


@dataclass(frozen=True, slots=True)
class Sending:
    """One try: when it is due after the begin of the story, and how it goes wrong ("" if it does not)."""

    due: timedelta
    said: Said
    fault: str  # "" · late · doubled · shuffled · forged · repeated
    heard: bool = True  # does the sender see the answer?
    forged: bool = False
    last: bool = False  # the sender gives up after it without ever having heard

    @property
    def letter(self) -> Letter:
        return self.said.letter


@dataclass(frozen=True, slots=True)
class Plan:
    """All tries in the order in which they are due, and what was lost on the way."""

    sendings: tuple[Sending, ...]
    lost: tuple[Said, ...]

    @property
    def span(self) -> timedelta:
        return max((sending.due for sending in self.sendings), default=timedelta())


def parse_faults(words: Iterable[str]) -> Faults:
    """Read `late=0.2`, or `late` for as often as usual, or `all`. Raises ValueError with the word."""
    faults, known = Faults(), {field.name for field in fields(Faults)}
    for word in words:
        name, _, amount = word.partition("=")
        if word == "all":
            faults = USUAL
            continue
        try:
            rate = float(amount) if amount else float(getattr(USUAL, name))
        except (ValueError, AttributeError):
            raise ValueError(word) from None
        if name not in known or not 0 <= rate <= 1:
            raise ValueError(word)
        faults = replace(faults, **{name: rate})
    return faults


def plan(story: Story, faults: Faults, seed: int) -> Plan:
    """Draw the fate of every letter. The same story, faults and seed give the same plan."""
    random = Random(f"faults {seed}")
    begin = min((said.at for said in story.said), default=None)
    sendings: list[Sending] = []
    lost: list[Said] = []
    for said in story.said:
        assert begin is not None
        late, doubled, shuffled, is_lost, forged = (
            random.random() < rate
            for rate in (faults.late, faults.doubled, faults.shuffled, faults.lost, faults.forged)
        )
        moved = random.random() * (LATEST if late else SHUFFLED_WITHIN if shuffled else timedelta())
        due, again = said.at - begin + moved, random.random() * DOUBLED_WITHIN
        if forged:
            sendings.append(Sending(due, _falsified(said), "forged", forged=True))
        if is_lost:
            lost.append(said)
            continue
        fault = "late" if late else "shuffled" if shuffled else ""
        sendings += _tries(Sending(due, said, fault), faults.timeouts, random)
        if doubled:
            sendings.append(Sending(due + again, said, "doubled"))
    sendings.sort(key=lambda sending: sending.due)
    return Plan(tuple(sendings), tuple(lost))


def _tries(first: Sending, timeouts: float, random: Random) -> list[Sending]:
    """The first try, and those that follow because the sender has not seen the answer of the one before."""
    tries, due = [first], first.due
    for pause in RETRIES[first.letter.source]:
        if random.random() >= timeouts:
            return tries
        tries[-1] = replace(tries[-1], heard=False)
        due += pause
        tries.append(Sending(due, first.said, "repeated"))
    if random.random() < timeouts:
        tries[-1] = replace(tries[-1], heard=False, last=True)
    return tries


def _falsified(said: Said) -> Said:
    """A stranger would have what is sent go to himself."""
    letter = said.letter
    body = letter.body.replace(b"@example.com", b"@thief.example")
    return replace(said, letter=replace(letter, body=body))
