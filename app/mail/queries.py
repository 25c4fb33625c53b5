"""What the desk reads of the mails behind a conversation's messages: never their bytes."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.bundles import Bundle, Later
from core.sql import as_time

MOST_FORWARDS = 50  # of a conversation, the newest
MOST_TRIES = 200  # that are shown of all mails together, the newest
_MESSAGES = (
    "SELECT m.id FROM message AS m WHERE m.conversation_id = {conversation} AND m.number < {number}"
    " ORDER BY m.number DESC LIMIT {limit}"
)
_ARRIVED = f"""SELECT t.public_id, t.message_id, t.state, t.sender_check, t.headers, t.html IS NOT NULL AS has_html,
    LENGTH(t.text) AS characters, EXISTS (SELECT 1 FROM picture_sender AS p
    WHERE p.shop_id = t.shop_id AND p.address = t.headers->>'from') AS pictures FROM incoming_mail AS t
    WHERE t.message_id IN ({_MESSAGES}) AND t.state IN ('posted', 'quarantined') ORDER BY t.id"""  # noqa: S608 (constants)
_SENT = f"""SELECT t.public_id, t.message_id, t.state, t.kind, t.recipient, t."to" AS receivers, t.cc AS copies,
    t.attempts, t.error, t.created_at, t.sent_at, j.run_at
    FROM outgoing_mail AS t LEFT JOIN job AS j
    ON t.state = 'queued' AND j.key = COALESCE(t.job_key, 'mail.send:' || t.id)
    WHERE t.message_id IN ({_MESSAGES}) ORDER BY t.id"""  # noqa: S608 (constants)
_TRIES = f"""SELECT o.mail_id, t.public_id, o.recipient, o.outcome, o.detail, o.at FROM outgoing_try AS o
    JOIN outgoing_mail AS t ON t.id = o.mail_id WHERE t.message_id IN ({_MESSAGES})
    ORDER BY o.id DESC LIMIT {MOST_TRIES}"""  # noqa: S608 (constants)
_FORWARDS = f"""SELECT t.key, t.public_id, t.state, t.kind, t.recipient, t."to" AS receivers, t.cc AS copies,
    t.attempts, t.error, t.created_at, t.sent_at, j.run_at
    FROM outgoing_mail AS t LEFT JOIN job AS j
    ON t.state = 'queued' AND j.key = COALESCE(t.job_key, 'mail.send:' || t.id)
    WHERE t.conversation_id = {{conversation}} AND t.kind = 'forward'
    ORDER BY t.id DESC LIMIT {MOST_FORWARDS}"""  # noqa: S608 (constants)
_FORWARD_TRIES = f"""SELECT t.public_id, o.recipient, o.outcome, o.detail, o.at FROM outgoing_try AS o
    JOIN outgoing_mail AS t ON t.id = o.mail_id WHERE t.conversation_id = {{conversation}} AND t.kind = 'forward'
    ORDER BY o.id DESC LIMIT {MOST_TRIES}"""  # noqa: S608 (constants)
_ARRIVED_COLUMNS = "public_id message_id state sender_check headers has_html characters pictures"
_SENT_COLUMNS = "public_id message_id state kind recipient receivers copies attempts error created_at sent_at run_at"
_FORWARD_COLUMNS = "key public_id state kind recipient receivers copies attempts error created_at sent_at run_at"
_BEYOND = 2**62  # greater than every number


@dataclass(frozen=True, slots=True)
class ArrivedMail:
    """A mail that a customer's message came from."""

    public_id: str
    state: str
    sender_check: str
    headers: dict[str, Any]
    has_html: bool
    characters: int  # of the whole text, quotes included
    pictures: bool  # from elsewhere are shown unasked


@dataclass(frozen=True, slots=True)
class Try:
    """One try to hand a mail over."""

    recipient: str  # empty: everybody
    outcome: str
    detail: str  # the server's words
    at: datetime


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail that carries a message of the desk."""

    public_id: str
    state: str
    kind: str
    to: list[list[str]]  # pairs of name and address
    cc: list[list[str]]
    attempts: int
    error: str
    created_at: datetime
    sent_at: datetime | None
    next_at: datetime | None  # of the next try
    tries: tuple[Try, ...]  # oldest first


@dataclass
class Mails:
    """The mails behind messages, by the messages' ids."""

    arrived: dict[int, ArrivedMail] = field(default_factory=dict)
    sent: dict[int, SentMail] = field(default_factory=dict)


def mails_in(bundle: Bundle, conversation_id: int, number: int | None, limit: int) -> Later[Mails]:
    """The mails behind the newest `limit` messages below `number`."""
    which = {"conversation": conversation_id, "number": _BEYOND if number is None else number, "limit": limit}
    arrived = bundle.table(_ARRIVED_COLUMNS, _ARRIVED, **which)
    sent = bundle.table(_SENT_COLUMNS, _SENT, **which)
    tries = bundle.table("mail_id public_id recipient outcome detail at", _TRIES, **which)

    def found() -> Mails:
        log = _log(tries)
        return Mails(
            {row["message_id"]: _arrived(row) for row in arrived},
            {row["message_id"]: _sent(row, log[row["public_id"]]) for row in sent},
        )

    return found


def forwarded_in(bundle: Bundle, conversation_id: int) -> Later[dict[str, SentMail]]:
    """The newest forwards of a conversation, by the public id of the note that tells of each."""
    mails = bundle.table(_FORWARD_COLUMNS, _FORWARDS, conversation=conversation_id)
    tries = bundle.table("public_id recipient outcome detail at", _FORWARD_TRIES, conversation=conversation_id)

    def found() -> dict[str, SentMail]:
        log = _log(tries)
        return {row["key"].removeprefix("note:"): _sent(row, log[row["public_id"]]) for row in mails}

    return found


def _log(tries: Sequence[dict[str, Any]]) -> dict[str, list[Try]]:
    """The tries of each mail, oldest first, by its public id."""
    log: dict[str, list[Try]] = defaultdict(list)
    for row in reversed(tries):
        log[row["public_id"]].append(Try(row["recipient"], row["outcome"], row["detail"], _time(row["at"])))
    return log


def _arrived(row: dict[str, Any]) -> ArrivedMail:
    return ArrivedMail(
        public_id=row["public_id"],
        state=row["state"],
        sender_check=row["sender_check"],
        headers=_json(row["headers"]) or {},
        has_html=bool(row["has_html"]),
        characters=row["characters"] or 0,
        pictures=bool(row["pictures"]) and row["sender_check"] != "fail",
    )


def _sent(row: dict[str, Any], tries: Sequence[Try]) -> SentMail:
    return SentMail(
        public_id=row["public_id"],
        state=row["state"],
        kind=row["kind"],
        to=_json(row["receivers"]) or [["", row["recipient"]]],
        cc=_json(row["copies"]) or [],
        attempts=row["attempts"],
        error=row["error"] or "",
        created_at=_time(row["created_at"]),
        sent_at=as_time(row["sent_at"]),
        next_at=as_time(row["run_at"]),
        tries=tuple(tries),
    )


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _time(value: Any) -> datetime:
    moment = as_time(value)
    assert moment is not None
    return moment
