"""What customers are told about their after-sales case at each step: how it stands, and what comes next."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.complaint_letters import options
from app.i18n import day, gettext, ngettext, when
from core.money import Money, format_money


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """A case as its customer may hear of it. `step`: its state, or what has happened in it. Times in UTC."""

    step: str
    number: int
    kind: str
    order: str
    items: tuple[tuple[str, int], ...] = ()  # titles and units
    timezone: str = "UTC"
    due_at: datetime | None = None  # until when whoever acts now has time
    by_policy: bool = False
    row: str = ""
    source: str = ""  # the law or document that the decision rests on
    answer: str = ""  # what was asked, or why it was refused, in the words of a person
    way_back_by: str = "customer"  # customer · seller · nobody
    refund_within: int | None = None  # days
    refund_from: str = "notice"  # notice · goods_back
    amount: Money | None = None
    approval: bool = False  # the money waits for a second person
    carrier: str = ""
    tracking: str = ""


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


KINDS = {
    "cancel": _("cancellation"),
    "refund_only": _("refund"),
    "return_refund": _("return"),
    "exchange": _("exchange"),
    "resend": _("new delivery"),
    "repair": _("repair"),
    "price_protection": _("price adjustment"),
    "invoice": _("invoice"),
    "compensation": _("compensation"),
}
# By the row of a policy that refuses.
REFUSALS = {
    "excluded": _("The law excepts goods of this kind from the return without a reason."),
    "excepted": _("The law excepts goods of this kind from the right of withdrawal."),
    "too_late": _("The time in which that is possible is over."),
    "changed_mind_excluded": _("Goods of this kind are not taken back when somebody has changed their mind."),
    "changed_mind_late": _("The time in which the shop takes goods back is over."),
}
_REMINDERS = {
    "needs_info": _("Please answer here by %(time)s; after that we close the case."),
    "awaiting_return": _("Please send the goods back by %(time)s, and write the tracking number here."),
    "rejected": _("If you see it differently, write here by %(time)s; after that the case is closed."),
}
_OTHER_REFUSAL = _("The return policy of the shop does not allow it.")


def case_news(facts: CaseFacts, language: str) -> str:
    """The message for this step; empty for a step of which nobody is told."""
    write = _STEPS.get(facts.step)
    return "\n".join(part for part in write(_Words(facts, language)) if part) if write else ""


def case_reminder(facts: CaseFacts, language: str) -> str:
    """That the customer's own time in this step is nearly over; empty where nothing is theirs to do."""
    message = _REMINDERS.get(facts.step)
    if message is None or facts.due_at is None:
        return ""
    words = _Words(facts, language)
    asked = words.say(_("We still need something from you: %(answer)s")) if facts.step == "needs_info" else ""
    return "\n".join(part for part in (words.title(), asked, words.until(message, message)) if part)


class _Words:
    """The facts, said in one language."""

    def __init__(self, facts: CaseFacts, language: str) -> None:
        self.facts, self.language = facts, language
        self.about = {
            "kind": gettext(KINDS[facts.kind], language),
            "number": facts.number,
            "order": facts.order,
            "carrier": facts.carrier,
            "tracking": facts.tracking,
            "answer": facts.answer,
            "amount": format_money(facts.amount, language) if facts.amount else "",
        }

    def say(self, message: str, **more: object) -> str:
        return gettext(message, self.language) % (self.about | more)

    def title(self) -> str:
        """`Return 12, order 1042: 2 × Shirt`."""
        units = [f"{units} × {title}" for title, units in self.facts.items]
        items = ("、" if self.language == "zh" else ", ").join(units)
        return (
            self.say(_("Case %(number)s (%(kind)s, order %(order)s): %(items)s"), items=items)
            if items
            else self.say(_("Case %(number)s (%(kind)s, order %(order)s)"))
        )

    def until(self, message: str, otherwise: str, *, whole_day: bool = False) -> str:
        """A sentence with the time, or the one without when there is none."""
        due, zone = self.facts.due_at, self.facts.timezone
        if due is None:
            return self.say(otherwise)
        last = due - timedelta(seconds=1)  # a day's end is the next one's midnight
        return self.say(message, time=day(last, zone, self.language) if whole_day else when(due, zone, self.language))


def _review(words: _Words) -> list[str]:
    first = words.say(_("We have it. A person looks at it and decides."))
    return [words.title(), words.until(_("We have it. A person looks at it and decides by %(time)s."), first)]


def _asked(words: _Words) -> list[str]:
    later = words.until(_("Please answer here by %(time)s."), _("Please answer here."), whole_day=True)
    return [words.title(), words.say(_("We need something more from you: %(answer)s")), later]


def _granted(words: _Words) -> list[str]:
    return [words.title(), words.say(_("It is granted. We stop the goods at the warehouse; the money follows."))]


def _send_back(words: _Words) -> list[str]:
    facts = words.facts
    ways = {
        "customer": _("You choose the carrier and pay for the parcel."),
        "seller": _("The parcel costs you nothing: a person sends you the label here."),
    }
    send = words.until(
        _("It is granted. Please send the goods back by %(time)s."),
        _("It is granted. Please send the goods back."),
        whole_day=True,
    )
    way = words.say(ways[facts.way_back_by]) if facts.way_back_by in ways else ""
    track = words.say(_("Then write the carrier and the tracking number here, so that we can follow the parcel."))
    return [words.title(), send, way, track, _money_when(words), _basis(words)]


def _money_when(words: _Words) -> str:
    days, facts = words.facts.refund_within, words.facts
    if facts.kind == "exchange":
        return words.say(_("As soon as the goods are here and checked, we send you the other ones."))
    if facts.kind == "repair":
        return words.say(_("As soon as the goods are here, we repair them and send them back to you."))
    if days is None:
        return words.say(_("As soon as the goods are here and checked, you get your money back the way you paid."))
    span = ngettext("%(num)s day", "%(num)s days", days, words.language) % {"num": days}
    if facts.refund_from == "goods_back":
        return words.say(
            _("You get your money back the way you paid within %(span)s after the goods are here."), span=span
        )
    return words.say(
        _("You get your money back the way you paid within %(span)s, once the goods or proof of sending are here."),
        span=span,
    )


def _basis(words: _Words) -> str:
    """The rule that has decided; a person's decision needs none."""
    if not words.facts.by_policy or not words.facts.source:
        return ""
    return words.say(_("Decided by: %(source)s."), source=gettext(words.facts.source, words.language))


def _rejected(words: _Words) -> list[str]:
    facts = words.facts
    why = facts.answer or gettext(REFUSALS.get(facts.row, _OTHER_REFUSAL), words.language)
    later = words.until(
        _("If you see it differently, write here until %(time)s what we should look at again."),
        _("If you see it differently, write here what we should look at again."),
        whole_day=True,
    )
    return [
        words.title(),
        words.say(_("We cannot grant this. %(why)s"), why=why),
        _basis(words),
        later,
        options(words.language),
    ]


def _on_its_way_back(words: _Words) -> list[str]:
    return [words.title(), words.say(_("Thank you. We follow the parcel %(tracking)s and tell you when it is here."))]


def _received(words: _Words) -> list[str]:
    later = _("The goods are here. We check them and tell you the result.")
    return [
        words.title(),
        words.until(_("The goods are here. We check them and tell you the result by %(time)s."), later, whole_day=True),
    ]


def _paying(words: _Words) -> list[str]:
    if words.facts.approval:
        return [words.title(), words.say(_("You get %(amount)s back. A second person approves the payment first."))]
    return [
        words.title(),
        words.say(_("%(amount)s are on their way back to you, the way you paid. Banks take a few working days.")),
    ]


def _paid(words: _Words) -> list[str]:
    return [words.title(), words.say(_("%(amount)s have been paid back the way you paid. It is done."))]


def _unpaid(words: _Words) -> list[str]:
    return [
        words.title(),
        words.say(_("The refund could not be paid yet. A person is looking into it; you need not do anything.")),
    ]


def _replacing(words: _Words) -> list[str]:
    return [words.title(), words.say(_("We get your parcel ready and tell you its tracking number here."))]


def _sent(words: _Words) -> list[str]:
    return [words.title(), words.say(_("Your parcel is on its way: %(carrier)s %(tracking)s."))]


def _arrived(words: _Words) -> list[str]:
    return [
        words.title(),
        words.say(_("Your parcel has arrived, so this is done. If anything is wrong with it, write here.")),
    ]


def _over(words: _Words) -> list[str]:
    return [words.title(), words.say(_("The time is over, so we have closed it. If you still need it, write here."))]


def _done(words: _Words) -> list[str]:
    return [words.title(), words.say(_("It is done."))]


def _cancelled(words: _Words) -> list[str]:
    return [words.title(), words.say(_("It is cancelled, as you wished. Nothing has to be sent back."))]


def _platform(words: _Words) -> list[str]:
    return [words.title(), words.say(_("The platform on which you bought decides now. We tell you the result."))]


_STEPS: dict[str, Callable[[_Words], list[str]]] = {
    "under_review": _review,
    "needs_info": _asked,
    "approved": _granted,
    "awaiting_return": _send_back,
    "return_in_transit": _on_its_way_back,
    "received": _received,
    "rejected": _rejected,
    "refund_pending": _paying,
    "refunded": _paid,
    "refund_failed": _unpaid,
    "replacing": _replacing,
    "sent": _sent,
    "arrived": _arrived,
    "expired": _over,
    "closed": _done,
    "cancelled": _cancelled,
    "platform_review": _platform,
}
