"""A conversation as the desk reads it: words, notes and events in one line of time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.complaint_text import DISMISSAL_WORDS, ESCALATION_WORDS, OUTCOME_WORDS, REMEDY_WORDS, cause_name, named
from app.i18n import clock_time, day, gettext
from app.web.aftersale_words import EVENTS as CASE_EVENTS
from app.web.aftersale_words import TIMERS
from app.web.labels import CHANNELS, CLOCK_STAGES, CLOCKS, KINDS, PRIORITIES, STATUSES, word
from app.web.mail_words import body_of_note
from app.web.refund_words import EVENTS as REFUND_EVENTS
from app.web.shown_files import shown_files
from app.web.ticket_about import NEEDS
from app.web.times import iso, same_day
from conversations.models import EMAIL, Message, Note, Rating
from conversations.rating import LOW
from core.audit import AuditEntry
from core.money import Money, format_money
from tickets.models import TimelineEntry


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


RATED = _("%(who)s rated the help %(score)s of 5")
# action → icon, sentence. Entries of other actions are not shown: the messages say them.
EVENTS = {
    "opened": ("inbox", _("%(who)s opened this ticket")),
    "assigned": ("person", _("%(who)s assigned this to %(name)s")),
    "took": ("person", _("%(who)s took this")),
    "unassigned": ("unassigned", _("%(who)s unassigned this")),
    "prioritised": ("flag", _("%(who)s set the priority to %(after)s")),
    "reclassified": ("stack", _("%(who)s made this: %(kind)s")),
    "waits": ("clock", _("It is the customer’s turn")),
    "answered": ("inbox", _("%(who)s wrote; open again")),
    "resolved": ("check-circle", _("%(who)s resolved this")),
    "reopened": ("return", _("%(who)s reopened this")),
    "closed": ("cross-circle", _("%(who)s closed this")),
    "linked": ("link", _("%(who)s linked order %(number)s")),
    "suggested": ("link", _("Order %(number)s was suggested")),
    "link_confirmed": ("link", _("%(who)s confirmed order %(number)s")),
    "unlinked": ("link", _("%(who)s removed order %(number)s")),
    "promised": ("clock", _("%(who)s promised: %(words)s")),
    "promise_due": ("clock", _("Promised, and due soon: %(words)s")),
    "promise_kept": ("check", _("%(who)s kept the promise: %(words)s")),
    "promise_broken": ("alert", _("Promised, and not kept in time: %(words)s")),
    "promise_withdrawn": ("cross-circle", _("%(who)s withdrew the promise: %(words)s")),
    "clock_warned": ("clock", _("The clock for the %(clock)s: %(stage)s")),
    "merged_into": ("link", _("%(who)s merged this into ticket %(number)s")),
    "merged_in": ("link", _("%(who)s merged ticket %(number)s into this one")),
    "unmerged": ("return", _("%(who)s unmerged this from ticket %(number)s")),
    "parted": ("return", _("%(who)s unmerged ticket %(number)s from this one")),
    "came_by": ("forward", _("%(who)s switched to %(channel)s; the work continues there")),
    "split_from": ("link", _("%(who)s split this from ticket %(number)s")),
    "split_off": ("link", _("%(who)s split ticket %(number)s from this one")),
    "put_below": ("stack", _("%(who)s made this a case of ticket %(number)s")),
    "taken_out": ("stack", _("%(who)s took this out of the cases of ticket %(number)s")),
    "child_added": ("stack", _("%(who)s made ticket %(number)s a case of this one")),
    "tagged": ("flag", _("%(who)s added the tag %(tag)s")),
    "untagged": ("flag", _("%(who)s removed the tag %(tag)s")),
    "complaint_received": ("inbox", _("This is a complaint")),
    "complaint_acknowledged": ("check", _("The complaint was acknowledged")),
    "complaint_assessed": ("flag", _("%(who)s assessed the complaint: %(severity)s")),
    "complaint_investigating": ("search", _("%(who)s looks into the complaint")),
    "complaint_decided": ("check-circle", _("%(who)s decided: %(outcome)s. Cause: %(cause)s. Remedy: %(remedy)s.")),
    "complaint_informed": ("check", _("%(who)s told the customer the decision")),
    "complaint_followed_up": ("check-circle", _("%(who)s followed the complaint up: %(satisfied)s. %(words)s")),
    "complaint_dismissed": ("cross-circle", _("%(who)s dismissed the complaint: %(why)s")),
    "complaint_external": ("link", _("%(who)s noted who else has the case: %(name)s")),
    "compensation_offered": ("card", _("%(who)s offered compensation: %(sum)s")),
    "compensation_approved": ("check", _("%(who)s approved compensation: %(sum)s")),
    "compensation_refused": ("cross-circle", _("%(who)s rejected compensation: %(sum)s")),
    "compensation_issued": ("check-circle", _("%(who)s issued compensation: %(sum)s")),
    "compensation_withdrawn": ("cross-circle", _("%(who)s withdrew compensation: %(sum)s")),
    "undelivered": ("alert", _("An email to %(name)s bounced: this needs attention")),
    "mail_again": ("mail", _("%(who)s resumed email to %(name)s")),
    "recovery_opened": ("bell", _("Follow-up to win the customer back: %(name)s")),
    "recovery_done": ("check", _("%(who)s talked to the customer who gave a bad rating")),
    "complaint_escalated": ("alert", _("Escalated to supervisors: %(why)s")),
    "evidence_asked": ("note", _("%(who)s asked for: %(needs)s")),
    "evidence_waived": ("note", _("%(who)s marked as not needed: %(needs)s")),
    "rule_fired": ("bot", _("The rule “%(name)s” ran")),
    "rule_unanswered": ("alert", _("The rule “%(name)s” couldn’t answer: %(why)s")),
    "macro_used": ("note", _("%(who)s used the macro %(name)s")),
    "customer_named": ("person", _("%(who)s said that the customer is %(name)s")),
    "asked_again": ("bot", _("%(who)s asked again")),
    "claim_requested": ("pause", _("%(who)s asked to stop order %(number)s")),
    "claim_held": ("pause", _("Order %(number)s is stopped at the shop")),
    "claim_done": ("check", _("The shop did what was asked with order %(number)s")),
    "claim_refused": ("cross-circle", _("Too late, or not possible, for order %(number)s")),
    "claim_released": ("return", _("Order %(number)s may be sent again")),
    "claim_contradicted": ("alert", _("Order %(number)s was sent although it had been cancelled")),
    **CASE_EVENTS,
    **REFUND_EVENTS,
}


def entries(
    thread: Sequence[Message | Note],
    timeline: Sequence[TimelineEntry],
    *,
    timezone: str,
    language: str,
    guest: str,
    order_numbers: dict[int, str],
    ratings: Sequence[Rating] = (),
    home: int | None = None,
    attempts: Sequence[AuditEntry] = (),
    names: Mapping[int, str] | None = None,
    mails: Mapping[int, dict[str, Any]] | None = None,
    forwards: Mapping[str, dict[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """Everything by time, with a line where a new day begins. `guest` names the customer.

    What comes from another conversation than `home` is marked as such. `attempts` were refused; `names` are the agents,
    `mails` what is known of the mails behind messages, by message id, `forwards` of those behind notes, by public id.
    """
    items: list[tuple[datetime, dict[str, Any]]] = []
    for row in thread:
        made = _note(row, timezone, language) if isinstance(row, Note) else _message(row, timezone, language, guest)
        if isinstance(row, Message) and row.order_id is not None:
            made["order_number"] = order_numbers.get(row.order_id, "")
        if isinstance(row, Message):
            made["letter"] = (mails or {}).get(row.id)
        else:
            made["letter"] = (forwards or {}).get(row.public_id)
        made["elsewhere"] = home is not None and row.conversation_id != home
        items.append((row.created_at, made))
    items += [(entry.at, _event(entry, timezone, language, guest)) for entry in timeline if entry.action in EVENTS]
    items += [(rating.created_at, _rating(rating, timezone, language, guest)) for rating in ratings]
    items += [(attempt.at, _attempt(attempt, names or {}, timezone, language)) for attempt in attempts]
    items.sort(key=lambda item: item[0])
    shown: list[dict[str, Any]] = []
    last: datetime | None = None
    for moment, item in items:
        if last is None or not same_day(last, moment, timezone):
            shown.append({"kind": "day", "text": day(moment, timezone, language)})
        shown.append(item)
        last = moment
    return shown


def _message(message: Message, timezone: str, language: str, guest: str) -> dict[str, Any]:
    names = {"customer": guest, "bot": gettext("Bot", language), "system": ""}
    if message.channel == EMAIL and "@" in message.author_name:  # somebody else who takes part in the mails
        names["customer"] = message.author_name
    return {
        "kind": "message",
        "id": message.id,
        "number": message.number,
        "client_id": message.client_id,
        "author": message.author_kind,
        "name": names.get(message.author_kind, message.author_name),
        "icon": "bot" if message.author_kind == "bot" else "",
        "channel": message.channel,
        "failed": message.state == "failed",
        "text": message.text,
        "lang": "zh-Hans" if message.language == "zh" else message.language,
        "order_number": "",
        "letter": None,
        "quick_replies": message.quick_replies,
        "files": shown_files(message.attachments, language),
        **_time(message.created_at, timezone, language),
    }


def _note(note: Note, timezone: str, language: str) -> dict[str, Any]:
    return {
        "kind": "note",
        "id": note.public_id,
        "name": note.agent.name if note.agent else gettext("Bot", language),
        "text": note.text,
        "lang": "",
        "files": shown_files(note.attachments, language),
        "mail": body_of_note(note.client_id),
        **_time(note.created_at, timezone, language),
    }


def _event(entry: TimelineEntry, timezone: str, language: str, guest: str) -> dict[str, Any]:
    action = "took" if entry.action == "assigned" and entry.detail.get("name") == entry.actor_name else entry.action
    icon, sentence = EVENTS[action]
    names = {"customer": guest, "bot": gettext("The bot", language), "system": gettext("Wismo", language)}
    after, channel = str(entry.detail.get("after", "")), str(entry.detail.get("channel", ""))
    facts = {
        "clock": word(CLOCKS, str(entry.detail.get("clock", "")), language),
        "words": entry.detail.get("text", ""),
        "case": entry.detail.get("case", ""),
        "timer": word(TIMERS, str(entry.detail.get("timer", "")), language),
        "stage": word(CLOCK_STAGES, str(entry.detail.get("stage", "")), language),
        "who": entry.actor_name if entry.actor_kind == "agent" else names.get(entry.actor_kind, entry.actor_name),
        "name": entry.detail.get("name", ""),
        "number": " · ".join(str(entry.detail[name]) for name in ("number", "part") if entry.detail.get(name)),
        "needs": ", ".join(word(NEEDS, need, language) for need in entry.detail.get("needs", ())),
        "tag": entry.detail.get("tag", ""),
        "channel": gettext(CHANNELS[channel][0], language) if channel in CHANNELS else channel,
        "kind": word(KINDS, after, language),
        "after": gettext(PRIORITIES[after][0], language) if after in PRIORITIES else after,
        **_of_complaint(entry.detail, language),
    }
    return {
        "kind": "event",
        "id": f"event-{entry.id}",
        "icon": icon,
        "text": gettext(sentence, language) % facts,
        **_time(entry.at, timezone, language),
    }


def _of_complaint(detail: Mapping[str, Any], language: str) -> dict[str, str]:
    content = _("the customer is satisfied") if detail.get("satisfied") else _("the customer isn’t satisfied")
    return {
        "severity": str(detail.get("severity", "")),
        "outcome": named(OUTCOME_WORDS, detail.get("outcome"), language),
        "cause": cause_name(detail.get("cause"), language),
        "remedy": named(REMEDY_WORDS, detail.get("remedy"), language),
        "why": named(DISMISSAL_WORDS | ESCALATION_WORDS, detail.get("why"), language),
        "satisfied": gettext(content, language),
        "sum": _sum(detail, language),
    }


def _attempt(entry: AuditEntry, names: Mapping[int, str], timezone: str, language: str) -> dict[str, Any]:
    """A step that the ticket or a role did not allow."""
    wanted = str(entry.detail.get("wanted", ""))
    who = names.get(entry.actor_id or 0) or gettext(_("Somebody"), language)
    status = gettext(STATUSES[wanted][0], language) if wanted in STATUSES else wanted
    return {
        "kind": "event",
        "id": f"attempt-{entry.id}",
        "icon": "alert",
        "text": gettext(_("%(who)s tried to set this to “%(status)s”, which was refused"), language)
        % {"who": who, "status": status},
        **_time(entry.at, timezone, language),
    }


def _sum(detail: Mapping[str, Any], language: str) -> str:
    if not isinstance(detail.get("amount"), int):
        return ""
    return format_money(Money(detail["amount"], str(detail.get("currency"))), language)


def _rating(rating: Rating, timezone: str, language: str, guest: str) -> dict[str, Any]:
    sentence = _("%(who)s rated the help %(score)s of 5: “%(words)s”") if rating.text else RATED
    facts = {"who": guest, "score": rating.score, "words": rating.text}
    return {
        "kind": "event",
        "id": f"rating-{rating.id}",
        "icon": "alert" if rating.score <= LOW else "check-circle",
        "text": gettext(sentence, language) % facts,
        **_time(rating.created_at, timezone, language),
    }


def _time(moment: datetime, timezone: str, language: str) -> dict[str, str]:
    return {"iso": iso(moment), "time": clock_time(moment, timezone, language)}
