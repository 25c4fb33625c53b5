"""Mails of ours that came back: which, why, and whether the address is to blame. Pure, linear; never raises.

A delivery report (RFC 3464) decides. Without one there must be a sender that no person has or an empty return path,
and words of a mail system; people forward bounces and ask about them, and their mails must never be taken for one.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from app.mail.reading.headers import addresses, text_of
from app.mail.reading.mime import walk
from app.mail.reading.parts import Part
from app.mail.reading.reports import Outcome, outcomes, status_in
from app.mail.reading.returned import (
    MAX_TEXT,
    OPENING,
    SERVER_SAID,
    before_copy,
    beginning,
    diagnostic_in,
    failed_recipients,
    holds_copy,
    returned_ids,
    returned_subject,
)
from app.mail.reading.severity import is_hard, is_hard_text

_TABLES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("bounces.toml").read_text("utf-8"))
_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_OTHER_REPORTS = (
    "message/disposition-notification",
    "message/global-disposition-notification",
    "message/feedback-report",
)

_NULL_RECEIVED = re.compile(rb"envelope-from <>|invoked for bounce|\(from <>\)|envelope-sender <>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A mail of ours came back. What is quoted is the sender's word and unverified."""

    hard: bool  # there is no such address
    delayed: bool = False  # not yet lost
    recipient: str = ""  # the first that failed
    recipients: tuple[str, ...] = ()
    hard_recipients: tuple[str, ...] = ()  # those of `recipients` that do not exist
    diagnostic: str = ""
    status: str = ""  # RFC 3463
    subject: str = ""  # of the mail that came back
    message_ids: tuple[str, ...] = ()


def bounce(parts: list[Part], text: str) -> Bounce | None:
    """What came back and why, or None when the mail is no bounce."""
    root = parts[0]
    if root.type_parameters.get("report-type", "").lower() in ("disposition-notification", "feedback-report", "tlsrpt"):
        return None
    if any(part.type in _OTHER_REPORTS for part in parts):
        return None
    by_system = root.type == "multipart/report" or _nobody(root) or _is_in(_sender(root), "daemons")
    if by_system or _is_likely(root, text):
        told = _told(parts, text, by_system=by_system)
        if told:
            lost = [outcome for outcome in told if outcome.lost]
            return _from_report(parts, lost, text) if lost else None
    if _is_spoken(parts, text):
        return _from_words(parts, text)
    return _returned_inside(parts) if by_system else None


def _is_likely(root: Part, text: str) -> bool:
    """A report may come in another wrapping than its own, but people put one into their mails, too."""
    if _is_sent_on(root):
        return False
    if _is_in(_sender(root), "systems"):
        return True
    opening = _opening(before_copy(text))
    speaks = not opening or _is_in(opening, "openings") or SERVER_SAID.search(text[:MAX_TEXT]) is not None
    return speaks and _is_in(_subject(root), "subjects") and not _by_mail_program(root)


def _told(parts: list[Part], text: str, *, by_system: bool) -> list[Outcome]:
    """What the delivery reports of the mail say, also where a system writes one as plain text."""
    reports = [beginning(part) for part in parts[:50] if part.type in _REPORTS]
    found = [outcome for report in reports for outcome in outcomes(report)]
    if found or not by_system:
        return found
    plain = [text[:MAX_TEXT].encode("utf-8"), *(beginning(part) for part in parts[1:10] if part.type == "text/plain")]
    told = (outcomes(words) for words in plain if b"-recipient:" in words.lower())
    return [outcome for outcome in chain.from_iterable(told) if outcome.status]


def _from_report(parts: list[Part], lost: list[Outcome], text: str) -> Bounce:
    failed = [outcome for outcome in lost if outcome.action != "delayed"] or lost
    hard = [outcome for outcome in failed if is_hard(outcome) or _is_hard_beside(outcome, text)]
    first = (hard or failed)[0]
    return Bounce(
        hard=bool(hard),
        delayed=all(outcome.action == "delayed" for outcome in lost),
        recipient=first.recipient or next(iter(failed_recipients(parts, text)), ""),
        recipients=_named(failed),
        hard_recipients=_named(hard),
        diagnostic=first.diagnostic or diagnostic_in(text) or first.status,
        status=first.status,
        subject=returned_subject(parts),
        message_ids=returned_ids(parts),
    )


def _is_hard_beside(outcome: Outcome, text: str) -> bool:
    """Some reports say nothing but `5.0.0`; then the words beside them tell."""
    if outcome.diagnostic or outcome.action == "delayed" or not outcome.status.endswith("0.0"):
        return False
    return outcome.status.startswith("5") and is_hard_text(before_copy(text))


def _from_words(parts: list[Part], text: str) -> Bounce:
    said = before_copy(text)
    recipients, hard = failed_recipients(parts, said), is_hard_text(said)
    delayed = _is_delay(f"{_subject(parts[0])} {said[:OPENING].lower()}")
    return Bounce(
        hard=hard and not delayed,
        delayed=delayed,
        recipient=next(iter(recipients), ""),
        recipients=recipients,
        hard_recipients=recipients if len(recipients) == 1 and hard and not delayed else (),
        diagnostic=diagnostic_in(said),
        status=status_in(said),
        subject=returned_subject(parts),
        message_ids=returned_ids(parts),
    )


def _returned_inside(parts: list[Part]) -> Bounce | None:
    """A gateway passed a bounce on as a whole: the first message inside, when it is one by its report."""
    for part in parts[:10]:
        if part.type == "message/rfc822" and part.depth <= 2:
            inner = walk(beginning(part)).parts
            lost = [outcome for outcome in _told(inner, "", by_system=True) if outcome.lost]
            return _from_report(inner, lost, "") if lost else None
    return None


def _named(found: Iterable[Outcome]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(outcome.recipient for outcome in found if outcome.recipient))


def _is_spoken(parts: list[Part], text: str) -> bool:
    """Whether sender, subject and words together are those of a mail system."""
    root = parts[0]
    subject, sent_on = _subject(root), _is_sent_on(root)
    if not sent_on and any(key in ("x-failed-recipients", "x-ms-exchange-message-is-ndr") for key, _ in root.fields):
        return True
    said = before_copy(text)
    opening = _opening(said)
    if _is_in(subject, "success") or (_is_in(opening, "arrived") and SERVER_SAID.search(said) is None):
        return False
    sender = _sender(root)
    daemon, nobody = _is_in(sender, "daemons"), _nobody(root)
    by_subject = _is_in(subject, "subjects")
    by_words = _is_in(opening, "openings")
    evidence = int(SERVER_SAID.search(said) is not None) + int(len(said) < len(text) or holds_copy(parts))
    if root.type_parameters.get("report-type", "").lower() == "delivery-status":
        return True
    if daemon:
        return nobody or not sent_on
    if sent_on:
        return nobody and by_subject and by_words and evidence > 0
    if nobody:
        return (by_subject and (by_words or evidence > 0 or not opening)) or (by_words and evidence > 0) or evidence > 1
    if _is_in(sender, "systems"):
        named = failed_recipients(parts, said)
        by_postmaster = _is_in(sender, "postmasters")
        spoken = by_words and (by_postmaster or bool(named))
        spoken = spoken or (by_postmaster and _are_elsewhere(named, root) and not _by_person(root))
        return (by_subject and spoken) or (evidence > 0 and (by_subject or by_words))
    return (
        by_subject and evidence > 0 and _begins_as_bounce(opening) and "?" not in opening and not _by_mail_program(root)
    )


def _are_elsewhere(named: tuple[str, ...], root: Part) -> bool:
    """Whether there are any, none at our own domain: about those a person writes to us, no mail system."""
    ours = {box.email.rpartition("@")[2] for box in addresses(root.raw("to"))}
    return bool(named) and ours.isdisjoint(address.rpartition("@")[2] for address in named)


def _begins_as_bounce(opening: str) -> bool:
    return any(opening.find(word, 0, len(word) + 20) >= 0 for word in _TABLES["openings"] if len(word) > 20)


def _by_person(root: Part) -> bool:
    """A person's mail program names itself, or the mail answers another."""
    return bool(root.raw("user-agent") or root.raw("in-reply-to") or root.raw("thread-index"))


def _by_mail_program(root: Part) -> bool:
    return bool(root.raw("x-mailer")) or _by_person(root)


def _opening(said: str) -> str:
    return " ".join(said[:OPENING].lower().replace("’", "'").split())


def _sender(root: Part) -> str:
    return text_of(root.raw("from")).lower() or text_of(root.raw("sender")).lower()


def _subject(root: Part) -> str:
    return " ".join(text_of(root.raw("subject")).lower().replace("’", "'").split())


def _is_sent_on(root: Part) -> bool:
    subject = _subject(root)
    return subject.startswith(tuple(_TABLES["relayed"])) and not subject.startswith("re: [bounce]")  # Apache James


def _nobody(root: Part) -> bool:
    """Whether it was sent with an empty return path (RFC 5321 §4.5.5), as far as the headers kept it."""
    for name in (
        "return-path",
        "x-envelope-from",
        "envelope-from",
        "x-original-return-path",
        "x-sender",
        "x-mail-from",
    ):
        if text_of(root.raw(name)).strip() == "<>":
            return True
    if b".FML" in root.raw("message-id"):  # the list manager of that name, which keeps the numbers of people's mails
        return True
    return any(key == "received" and _NULL_RECEIVED.search(value) for key, value in root.fields[:60])


def _is_in(text: str, table: str) -> bool:
    return any(word in text for word in _TABLES[table])


def _is_delay(text: str) -> bool:
    return _is_in(text, "delays") and not _is_in(text, "final")
