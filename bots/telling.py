"""An answer in the making: facts of one order go in, sentences of one language come out."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bots.buttons import buttons
from bots.decisions import QuickReply
from bots.phrases import join, render
from orders.snapshots import OrderSnapshot

_STALE = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished answer about one order. `person` names the reason why a person has to take over at once."""

    phrase: str
    text: str
    quick_replies: tuple[QuickReply, ...]
    person: str | None = None
    wants_details: bool = False  # the customer was asked to write something that only a person can use


@dataclass(slots=True, kw_only=True)
class Telling:
    """Collects paragraphs and buttons about `order` as they become known."""

    order: OrderSnapshot
    language: str
    now: datetime
    paragraphs: list[str] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)
    person: str | None = None
    wants_details: bool = False

    def say(self, phrase: str, **facts: object) -> str:
        """One sentence with the order's number and time zone at hand."""
        return render(phrase, self.language, {"number": self.order.number, "timezone": self.order.timezone, **facts})

    def joined(self, *sentences: str) -> str:
        """Sentences of one paragraph."""
        return join(self.language, list(sentences))

    def paragraph(self, *sentences: str) -> None:
        """Add a paragraph of the sentences that are not empty."""
        if text := self.joined(*sentences):
            self.paragraphs.append(text)

    def offer(self, *names: str) -> None:
        """Add buttons; the last word of each answer is something to do."""
        self.offers.extend(names)

    def same_day(self, moment: datetime) -> bool:
        """Is it today, where the shop is?"""
        return self._local(moment).date() == self._local(self.now).date()

    def day_passed(self, moment: datetime) -> bool:
        """Has the whole local day of `moment` gone by?"""
        return self._local(moment).date() < self._local(self.now).date()

    def quick_replies(self) -> tuple[QuickReply, ...]:
        """The buttons offered so far."""
        return buttons(self.offers, self.language, number=self.order.number)

    def finish(self, phrase: str) -> Answer:
        """Close with the age of the facts."""
        stale = self.now - self.order.as_of > _STALE
        self.paragraphs.append(self.say("as_of_stale" if stale else "as_of", at=self.order.as_of))
        return Answer(
            phrase=phrase,
            text="\n".join(self.paragraphs),
            quick_replies=self.quick_replies(),
            person=self.person,
            wants_details=self.wants_details,
        )

    def _local(self, moment: datetime) -> datetime:
        try:
            return moment.astimezone(ZoneInfo(self.order.timezone))
        except (ZoneInfoNotFoundError, ValueError):
            return moment
