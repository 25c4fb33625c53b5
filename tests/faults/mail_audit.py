"""What the senders know against what the desk believes, and the desk against what the world has got."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from app.files.storage import FolderStorage
from app.mail.models import DUPLICATE, POSTED, IncomingMail, OutgoingMail
from conversations.models import Attachment, Message
from core.jobs import DEAD, Job
from tests.faults.mail_desks import Outside
from tests.faults.mail_letters import Letter, number_in, plain
from tests.faults.mail_ways import Sent
from tests.mail.smtp_sink import Taken
from tickets.models import Ticket

WE_LOOK = "We look for it: "


@dataclass
class Carried:
    """What a run has seen. Empty lists are what it hopes for."""

    mails: int
    sent: Sent
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    stored: int = 0  # mails that became a message
    recognised: int = 0  # second copies, which came by another way
    answers: int = 0
    left: int = 0  # mails that the world has got, each name once
    left_twice: int = 0
    may_leave_twice: int = 0
    lost: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    spoiled: list[str] = field(default_factory=list)  # words or bytes that are not those that were sent
    never_left: list[str] = field(default_factory=list)
    left_too_often: list[str] = field(default_factory=list)
    left_under_two_names: list[int] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing doubled but what nobody can know."""
        return not any(getattr(self, one.name) for one in fields(self) if isinstance(getattr(self, one.name), list))

    def table(self) -> str:
        """One line each."""
        return "\n".join(f"{one.name.replace('_', ' ')}: {getattr(self, one.name)}" for one in fields(self))


async def audit(seen: Carried, letters: Mapping[int, Letter], outside: Outside, files: Path) -> Carried:
    """Fill in what has become of `letters`; `files` is the folder where the desk keeps contents."""
    await _what_came(seen, letters, FolderStorage(files))
    await _what_left(seen, letters, outside)
    seen.odd += seen.sent.odd
    seen.odd += [f"{job.kind}: {job.error}" for job in await Job.filter(state=DEAD, kind__startswith="mail.")]
    return seen


def answer_to(mail: Taken) -> int | None:
    """The number of the letter that it answers; None for automatic ones."""
    text = _text(mail)
    return number_in(text) if WE_LOOK in text else None


async def _what_came(seen: Carried, letters: Mapping[int, Letter], storage: FolderStorage) -> None:
    messages = await Message.filter(author_kind="customer")
    rows: dict[int | None, list[Attachment]] = {}
    for row in await Attachment.all().order_by("id"):
        rows.setdefault(row.message_id, []).append(row)
    posted = Counter(number_in(message.text) for message in messages)
    seen.lost = [number for number in letters if not posted[number]]
    seen.doubled = [number for number, count in posted.items() if count > 1]
    for message in messages:
        letter = letters[number_in(message.text)]
        if plain(message.text) != plain(letter.words):
            seen.spoiled.append(f"words of {letter.number}: {message.text!r}")
        files = rows.pop(message.id, [])
        if await _contents(files, storage) != ([(letter.name, letter.file)] if letter.name else []):
            seen.spoiled.append(f"files of {letter.number}: {[file.name for file in files]}")
    seen.odd += [f"{len(left)} files without a message" for left in rows.values()]
    states = Counter([str(state) for state in await IncomingMail.all().values_list("state", flat=True)])
    seen.stored, seen.recognised = states[POSTED], states[DUPLICATE]
    seen.odd += [
        f"mails in state {state}: {count}" for state, count in states.items() if state not in (POSTED, DUPLICATE)
    ]
    if states.total() != seen.mails + seen.sent.both:
        seen.odd.append(f"{states.total()} mails are kept")
    tickets = await Ticket.all().count()
    seen.odd += [f"{tickets} tickets for {len(messages)} messages"] if tickets != len(messages) else []


async def _contents(rows: Sequence[Attachment], storage: FolderStorage) -> list[tuple[str, bytes]]:
    found = []
    for row in rows:
        with await storage.open(row.public_id) as file:
            found.append((row.name, file.read()))
    return found


async def _what_left(seen: Carried, letters: Mapping[int, Letter], outside: Outside) -> None:
    taken = outside.sink.mails()
    copies = Counter(mail.header_id for mail in taken)
    believed = dict(await OutgoingMail.all().values_list("header_id", "state"))
    seen.left, seen.left_twice = len(copies), copies.total() - len(copies)
    allowed = outside.last_words.allowed
    seen.may_leave_twice = allowed.total()
    seen.left_too_often = [f"{name}: {count}" for name, count in copies.items() if count > 1 + allowed[name]]
    seen.never_left += [f"{name}: {state}" for name, state in believed.items() if state != "sent" or not copies[name]]
    seen.odd += [f"{name}: not of the desk's" for name in copies if name not in believed]
    _answers(seen, letters, taken)


def _answers(seen: Carried, letters: Mapping[int, Letter], taken: Sequence[Taken]) -> None:
    names: dict[int, set[str]] = {}
    for mail in taken:
        number, text = answer_to(mail), _text(mail)
        if number is None:
            continue
        names.setdefault(number, set()).add(mail.header_id)
        if f"{WE_LOOK}{plain(letters[number].words)}" not in text or mail.recipient != letters[number].sender:
            seen.spoiled.append(f"answer to {number}, for {mail.recipient}: {text}")
    seen.never_left += [f"answer to {number}" for number in letters if number not in names]
    seen.left_under_two_names = [number for number, found in names.items() if len(found) > 1]


def _text(mail: Taken) -> str:
    body = mail.message.get_body(("plain",))
    return plain(str(body.get_content())) if body else ""
