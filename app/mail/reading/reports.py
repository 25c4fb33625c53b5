"""Delivery reports (RFC 3464): what became of a mail, recipient by recipient. Pure, linear; never raises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.mail.reading.headers import text_of

MAX_REPORT = 65_536  # bytes of a report that are read
MAX_RECIPIENTS = 200

# In running text an address may touch Chinese words; in a field nothing else does (RFC 6533).
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,128}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}")
_WIDE_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'=]{1,128}@[^\s<>()\[\],;:\"']{1,255}")
_FIELD = re.compile(r"([A-Za-z-]{1,60})[ \t]*:[ \t]*(.*)")
_STATUS = re.compile(r"(?<!\d)([245])\.(\d{1,3})\.(\d{1,3})(?!\d)")
_ENDS = ("delivered", "relayed", "expanded")  # actions of RFC 3464 §2.3.3 that are no failure
_RECIPIENTS = ("final-recipient", "original-recipient", "x-actual-recipient")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What happened for one recipient. Empty strings where the report does not say."""

    recipient: str = ""  # lower case
    action: str = ""  # failed · delayed · delivered · relayed · expanded
    status: str = ""  # RFC 3463: `5.1.1`
    diagnostic: str = ""

    @property
    def lost(self) -> bool:
        """It failed, or may yet fail."""
        return self.action not in _ENDS


def outcomes(report: bytes) -> tuple[Outcome, ...]:
    """The recipients that a `message/delivery-status` part, or text that holds the same fields, tells of."""
    found: list[Outcome] = []
    group: dict[str, str] = {}
    for name, value in _fields(report[:MAX_REPORT]):
        begins_next = name == "final-recipient" and ("final-recipient" in group or "action" in group)
        if (not name or begins_next) and _is_told(group):
            found.append(_outcome(group))
        if not name or begins_next:
            group = {}
        if name:
            group.setdefault(name, value)
    if _is_told(group):
        found.append(_outcome(group))
    return tuple(found[:MAX_RECIPIENTS])


def status_in(text: str) -> str:
    """The first enhanced status code (RFC 3463) in `text`."""
    match = _STATUS.search(text)
    return ".".join(match.groups()) if match else ""


def _fields(report: bytes) -> Iterator[tuple[str, str]]:
    """Unfolded fields with names in lower case; an empty name stands for the line between two recipients."""
    name, pieces = "", list[str]()
    for line in report.replace(b"\r", b"").split(b"\n"):
        text = line.decode("latin-1")
        if text[:1] in (" ", "\t") and text.strip() and name:
            pieces.append(text.strip())
            continue
        if name:
            yield name, _readable(" ".join(pieces))
        match = _FIELD.match(text.lstrip("> \t"))
        name, pieces = (match[1].lower(), [match[2].strip()]) if match else ("", [])
        if not text.strip():
            yield "", ""
    if name:
        yield name, _readable(" ".join(pieces))


def _readable(value: str) -> str:
    return text_of(value[:2000].encode("latin-1", "replace"))


def _is_told(group: dict[str, str]) -> bool:
    return any(name in group for name in _RECIPIENTS) or ("action" in group and "status" in group)


def _outcome(group: dict[str, str]) -> Outcome:
    diagnostic = group.get("diagnostic-code", "")
    kind, semicolon, words = diagnostic.partition(";")
    if semicolon and len(kind) < 20:
        diagnostic = words.strip()
    status = status_in(group.get("status", ""))
    return Outcome(
        recipient=_recipient(group),
        action=_action(group.get("action", ""), status),
        status=status or status_in(diagnostic),
        diagnostic=" ".join(diagnostic.split())[:1000],
    )


def _recipient(group: dict[str, str]) -> str:
    for name in _RECIPIENTS:
        match = _WIDE_ADDRESS.search(group.get(name, ""))
        if match is not None:
            return match[0].strip(".").lower()[:320]
    return ""


def _action(written: str, status: str) -> str:
    """The action, tolerant of `failure` and of systems that leave it out."""
    word = written.strip().lower()
    for action, beginning in (("failed", "fail"), ("delayed", "delay"), ("delivered", "deliver")):
        if word.startswith(beginning):
            return action
    if word.startswith(("relay", "expand")):
        return "relayed" if word.startswith("relay") else "expanded"
    return "delivered" if status.startswith("2") else "failed"
