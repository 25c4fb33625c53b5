"""How forwards stand in the thread: those that can still be undone, and what became of the letters behind notes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.i18n import gettext
from app.mail.forward_models import UNWRITTEN, HeldForward
from app.mail.leaving.addressing import from_data
from app.mail.queries import SentMail
from app.web.mail_words import sent_letter, waiting_letter
from app.web.refusals import refusal
from app.web.times import iso
from conversations.composing_models import HELD, SENT, STOPPED
from conversations.models import Note
from core.clock import now
from core.errors import Conflict


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


def forwarded_letters(
    notes: Iterable[Note],
    mails: Mapping[str, SentMail],
    held: Sequence[HeldForward],
    *,
    base: str,
    timezone: str,
    language: str,
) -> dict[str, dict[str, Any]]:
    """What the thread shows of the letters behind `notes`, by the notes' public ids."""
    by_note = {row.note_id: row for row in held if row.note_id is not None}
    shown: dict[str, dict[str, Any]] = {}
    for note in notes:
        if (mail := mails.get(note.public_id)) is not None:
            shown[note.public_id] = sent_letter(mail, timezone, language)
        elif (row := by_note.get(note.id)) is not None and row.state in (SENT, UNWRITTEN):
            shown[note.public_id] = _unwritten(row, base, language)
    return shown


def waiting_forwards(held: Iterable[HeldForward], base: str, language: str) -> list[dict[str, Any]]:
    """The agent's forwards that have not left: counted down, or stopped with the reason."""
    return [_waiting(row, base, language) for row in held if row.state in (HELD, STOPPED)]


def _waiting(row: HeldForward, base: str, language: str) -> dict[str, Any]:
    wanted = from_data(row.addressing)
    problem = None
    if row.state == STOPPED:
        problem = refusal(Conflict(code=row.reason or "failed", **(row.detail or {})), language)["text"]
    return {
        "id": row.public_id,
        "dom": f"forward-{row.public_id}",
        "people": ", ".join(str(box) for box in (*wanted.to, *wanted.cc)),
        "text": row.text,
        "left": max(0, round((row.release_at - now()).total_seconds())),
        "iso": iso(row.created_at),
        "problem": problem,
        "url": f"{base}/forwards/{row.public_id}",
    }


def _unwritten(row: HeldForward, base: str, language: str) -> dict[str, Any]:
    wanted = from_data(row.addressing)
    people = [{"name": box.name, "address": box.address} for box in (*wanted.to, *wanted.cc)]
    if row.state == SENT:
        return waiting_letter(people, "queued", language)
    why = gettext(_("No letter could be made of it. Open it again, and send it with fewer files or words."), language)
    return waiting_letter(people, "failed", language) | {"why": why, "again": f"{base}/forward?held={row.public_id}"}
