"""How a mail stands in the thread: who wrote it, to whom, about what, who vouches for it, and what became of ours."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.i18n import gettext, when
from app.mail.leaving.failures import failure_of, words_of
from app.mail.queries import ArrivedMail, Mails, SentMail, Try
from app.web.mail_invitation import invitation_card
from app.web.times import iso
from conversations.models import Message

HERE = "/console/mails"
_NOTE = re.compile(r"mail:(mli_[0-9a-z]+):\w+")
_CLIPPED = 20  # characters that a whole text must have more than what is shown, to be worth a look
_ANSWER = re.compile(
    r"\s*(?:(?:re|aw|sv|antw|fwd?|fw|wg|tr|rv|回复|答复|回覆|转发|轉寄|轉發)\s*(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE
)


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


CHECKS = {
    "pass": (_("Sender confirmed"), "good", "shield"),
    "fail": (_("The sender may be forged"), "bad", "alert"),
}
KINDS = {
    "encrypted": (_("Encrypted"), "lock"),
    "signed": (_("Signed, not checked"), "pen"),
}
STATES = {
    "queued": (_("Waiting to be sent"), "", "clock"),
    "sent": (_("Handed to the mail server"), "", "check"),
    "failed": (_("Not delivered"), "bad", "alert"),
}


OUTCOMES = {
    "sent": _("Accepted by the mail server"),
    "deferred": _("Deferred, will be tried again"),
    "refused": _("Refused"),
    "expired": _("Given up"),
    "bounced": _("Bounced"),
    "retried": _("Sent again by an agent"),
}


def letters(
    messages: Sequence[Message], mails: Mails, *, subject: str, own: str, timezone: str, language: str
) -> dict[int, dict[str, Any]]:
    """What the thread shows of the mails behind `messages`, by message id; a subject only where it changes.

    `subject` is the conversation's, `own` the shop's address.
    """
    shown: dict[int, dict[str, Any]] = {}
    about = _plain(subject)
    for message in messages:
        if (arrived := mails.arrived.get(message.id)) is not None:
            letter = _arrived(arrived, message, own, timezone, language)
            if _plain(letter["subject"]) == about:
                letter["new_subject"] = ""
            about = _plain(letter["subject"]) or about
            shown[message.id] = letter
        elif (sent := mails.sent.get(message.id)) is not None:
            shown[message.id] = sent_letter(sent, timezone, language)
    return shown


def _arrived(mail: ArrivedMail, message: Message, own: str, timezone: str, language: str) -> dict[str, Any]:
    headers = mail.headers
    sender = str(headers.get("from") or "")
    to, cc = people_of(headers.get("to")), people_of(headers.get("cc"))
    elsewhere = [person for person in people_of(headers.get("reply_to")) if person["address"].lower() != sender.lower()]
    passed_on = str(headers.get("passed_on_by") or "")
    # A check of who passed it on says nothing of its writer.
    check = None if passed_on else CHECKS.get(mail.sender_check)
    by = gettext(_("forwarded by %(name)s"), language)
    kind = KINDS.get(str(headers.get("kind") or ""))
    subject = str(headers.get("subject") or "")
    remote, trackers = int(headers.get("remote_images") or 0), int(headers.get("trackers") or 0)
    return {
        "arrived": True,
        "id": mail.public_id,
        "from": sender,
        "from_name": str(headers.get("from_name") or ""),
        "to": to,
        "cc": cc,
        "short": by % {"name": passed_on} if passed_on else _short(to + cc, own, language),
        "reply_to": elsewhere,
        "subject": subject,
        "new_subject": subject,
        **_written(headers.get("date"), timezone, language),
        "check": _chip(check, language) if check else None,
        "kind": {"label": gettext(kind[0], language), "icon": kind[1]} if kind else None,
        "invitation": invitation_card(headers.get("invitation"), timezone, language),
        "all_files": f"{HERE}/{mail.public_id}/files.zip" if _many(message) else "",
        "unread": mail.state == "quarantined",
        "body": f"{HERE}/{mail.public_id}/body",
        "whole": mail.characters > len(message.text) + _CLIPPED,
        "original": mail.has_html,
        "remote": remote,
        "trackers": trackers,
        "pictures": mail.pictures,
        "doubtful": mail.sender_check == "fail",
    }


def body_of_note(client_id: str) -> str:
    """Where the mail is that a note tells of; empty for all other notes."""
    found = _NOTE.fullmatch(client_id)
    return f"{HERE}/{found[1]}/body" if found else ""


def _many(message: Message) -> bool:
    """Whether several files came with the words, and were kept."""
    return sum("refusal" not in file for file in message.attachments or ()) > 1


def sent_letter(mail: SentMail, timezone: str, language: str) -> dict[str, Any]:
    """What the thread shows of a letter of ours."""
    return waiting_letter(people_of(mail.to) + people_of(mail.cc), mail.state, language) | {
        "id": mail.public_id,
        "error": mail.error if mail.state != "sent" else "",
        "why": words_of(failure_of(mail.error), language) if mail.error and mail.state == "failed" else "",
        "attempts": mail.attempts if mail.state == "queued" else 0,
        "at": when(mail.sent_at, timezone, language) if mail.sent_at else "",
        "next": when(mail.next_at, timezone, language) if mail.next_at and mail.attempts else "",
        "retry": f"/console/sent-mails/{mail.public_id}/retry" if mail.state == "failed" else "",
        "tries": [_try(one, timezone, language) for one in mail.tries],
    }


def waiting_letter(people: Sequence[Mapping[str, str]], state: str, language: str) -> dict[str, Any]:
    """The same of a letter that is not written yet, or could not be; `again` is where it is begun anew."""
    label, tone, icon = STATES.get(state, (state, "", "clock"))
    empty = dict.fromkeys(("id", "error", "why", "at", "next", "retry", "again"), "")
    return empty | {
        "arrived": False,
        "short": _short(people, "", language),
        "everybody": ", ".join(person["address"] for person in people),
        "state": {"code": state, "label": gettext(label, language), "tone": tone, "icon": icon},
        "attempts": 0,
        "tries": [],
    }


def _try(one: Try, timezone: str, language: str) -> dict[str, str]:
    return {
        "at": when(one.at, timezone, language),
        "iso": iso(one.at),
        "outcome": gettext(OUTCOMES.get(one.outcome, one.outcome), language),
        "recipient": one.recipient,
        "detail": one.detail,
    }


def people_of(pairs: Any) -> list[dict[str, str]]:
    """Addresses as they were stored: pairs of name and address."""
    return [{"name": str(pair[0]), "address": str(pair[1])} for pair in pairs or () if len(pair) == 2]


def _short(people: Sequence[Mapping[str, str]], own: str, language: str) -> str:
    """To whom, in a few words: ourselves first, then how many more."""
    ours = [person for person in people if _mailbox(person["address"]) == own.lower()]
    if not people:
        return gettext(_("no recipient named"), language)
    first = (ours or people)[0]
    name = gettext(_("us"), language) if ours else first["name"] or first["address"]
    if len(people) == 1:
        return gettext(_("to %(name)s"), language) % {"name": name}
    return gettext(_("to %(name)s and %(more)s more"), language) % {"name": name, "more": len(people) - 1}


def _mailbox(address: str) -> str:
    """The address without what stands behind a plus."""
    local, _at, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _written(date: Any, timezone: str, language: str) -> dict[str, str]:
    try:
        moment = datetime.fromisoformat(str(date))
    except ValueError:
        return {"date": "", "date_iso": ""}
    return {"date": when(moment, timezone, language), "date_iso": iso(moment)}


def _chip(check: tuple[str, str, str], language: str) -> dict[str, str]:
    label, tone, icon = check
    return {"label": gettext(label, language), "tone": tone, "icon": icon}


def _plain(subject: str) -> str:
    """A subject without what mail programs put before it, to see whether it is another one."""
    return " ".join(_ANSWER.sub("", subject, count=1).split()).casefold()
