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
    "excluded": _("By law, goods of this kind can’t be returned without a reason."),
    "excepted": _("By law, the right of withdrawal doesn’t cover goods of this kind."),
    "too_late": _("The time limit for this has passed."),
    "changed_mind_excluded": _("We can’t take back goods of this kind for a change of mind."),
    "changed_mind_late": _("The shop’s return period has ended."),
}
_REMINDERS = {
    "needs_info": _("Please reply here by %(time)s; after that we’ll close the case."),
    "awaiting_return": _("Please send the goods back by %(time)s and post the tracking number here."),
    "rejected": _("If you disagree, reply here by %(time)s; after that the case will be closed."),
}
_OTHER_REFUSAL = _("The shop’s return policy doesn’t allow it.")


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
    first = words.say(_("We’ve received your request. A person will review it and decide."))
    return [
        words.title(),
        words.until(_("We’ve received your request. A person will review it and decide by %(time)s."), first),
    ]


def _asked(words: _Words) -> list[str]:
    later = words.until(_("Please reply here by %(time)s."), _("Please reply here."), whole_day=True)
    return [words.title(), words.say(_("We need one more thing from you: %(answer)s")), later]


def _granted(words: _Words) -> list[str]:
    return [
        words.title(),
        words.say(_("Your request is approved. We’re stopping the goods at the warehouse; your refund will follow.")),
    ]


def _send_back(words: _Words) -> list[str]:
    facts = words.facts
    ways = {
        "customer": _("You choose the carrier and pay for the parcel."),
        "seller": _("Return shipping is free: a person will send you the label here."),
    }
    send = words.until(
        _("Your request is approved. Please send the goods back by %(time)s."),
        _("Your request is approved. Please send the goods back."),
        whole_day=True,
    )
    way = words.say(ways[facts.way_back_by]) if facts.way_back_by in ways else ""
    track = words.say(_("Then post the carrier and the tracking number here so we can follow the parcel."))
    return [words.title(), send, way, track, _money_when(words), _basis(words)]


def _money_when(words: _Words) -> str:
    days, facts = words.facts.refund_within, words.facts
    if facts.kind == "exchange":
        return words.say(_("Once the goods have arrived and been checked, we’ll send you the replacement."))
    if facts.kind == "repair":
        return words.say(_("Once the goods have arrived, we’ll repair them and send them back to you."))
    if days is None:
        return words.say(_("Once the goods have arrived and been checked, we’ll refund you the way you paid."))
    span = ngettext("%(num)s day", "%(num)s days", days, words.language) % {"num": days}
    if facts.refund_from == "goods_back":
        return words.say(
            _("You’ll be refunded the way you paid within %(span)s of the goods arriving here."), span=span
        )
    return words.say(
        _("You’ll be refunded the way you paid within %(span)s, once we have the goods or proof that you sent them."),
        span=span,
    )


def _basis(words: _Words) -> str:
    """The rule that has decided; a person's decision needs none."""
    if not words.facts.by_policy or not words.facts.source:
        return ""
    return words.say(_("Based on: %(source)s."), source=gettext(words.facts.source, words.language))


def _rejected(words: _Words) -> list[str]:
    facts = words.facts
    why = facts.answer or gettext(REFUSALS.get(facts.row, _OTHER_REFUSAL), words.language)
    later = words.until(
        _("If you disagree, tell us here by %(time)s what we should look at again."),
        _("If you disagree, tell us here what we should look at again."),
        whole_day=True,
    )
    return [
        words.title(),
        words.say(_("We’re sorry, we can’t approve this. %(why)s"), why=why),
        _basis(words),
        later,
        options(words.language),
    ]


def _on_its_way_back(words: _Words) -> list[str]:
    return [
        words.title(),
        words.say(_("Thank you. We’re following parcel %(tracking)s and will let you know when it arrives.")),
    ]


def _received(words: _Words) -> list[str]:
    later = _("Your goods have arrived. We’ll check them and let you know the result.")
    return [
        words.title(),
        words.until(
            _("Your goods have arrived. We’ll check them and let you know the result by %(time)s."),
            later,
            whole_day=True,
        ),
    ]


def _paying(words: _Words) -> list[str]:
    if words.facts.approval:
        return [words.title(), words.say(_("You’ll get %(amount)s back. A second person approves the payment first."))]
    return [
        words.title(),
        words.say(
            _("Your refund of %(amount)s is on its way to the payment method you used. Banks take a few business days.")
        ),
    ]


def _paid(words: _Words) -> list[str]:
    return [words.title(), words.say(_("%(amount)s has been refunded to the payment method you used. All done."))]


def _unpaid(words: _Words) -> list[str]:
    return [
        words.title(),
        words.say(
            _("The refund hasn’t gone through yet. A person is looking into it; there’s nothing you need to do.")
        ),
    ]


def _replacing(words: _Words) -> list[str]:
    return [words.title(), words.say(_("We’re getting your parcel ready and will post its tracking number here."))]


def _sent(words: _Words) -> list[str]:
    return [words.title(), words.say(_("Your parcel is on its way: %(carrier)s %(tracking)s."))]


def _arrived(words: _Words) -> list[str]:
    return [
        words.title(),
        words.say(_("Your parcel has arrived, so this is settled. If anything is wrong with it, just reply here.")),
    ]


def _over(words: _Words) -> list[str]:
    return [
        words.title(),
        words.say(_("The time limit has passed, so we’ve closed this case. If you still need it, just reply here.")),
    ]


def _done(words: _Words) -> list[str]:
    return [words.title(), words.say(_("All done."))]


def _cancelled(words: _Words) -> list[str]:
    return [words.title(), words.say(_("It’s cancelled, as you asked. Nothing needs to be sent back."))]


def _platform(words: _Words) -> list[str]:
    return [
        words.title(),
        words.say(_("The platform where you bought it is deciding now. We’ll let you know the result.")),
    ]


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
