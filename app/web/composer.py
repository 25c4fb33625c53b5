"""What the composer of a conversation holds: kept words, replies that can still be undone, what is new since."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.i18n import gettext
from app.web.mail_recipients import as_fields, recipients
from app.web.order_changes import with_words
from app.web.refusals import refusal
from app.web.scene import Scene
from app.web.times import iso
from conversations.attachments import described
from conversations.composing_models import NOTE, REPLY, HeldMessage, WrittenDraft
from conversations.models import EMAIL, Attachment
from core.clock import now
from core.errors import Conflict
from core.ids import new_id
from orders.access import Viewer
from orders.sights import changed_since, from_data


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


class Draft:
    """What the form brought: after a refusal the agent's words, and why they were not sent."""

    def __init__(self, text: str = "", mode: str = REPLY, macro: str = "") -> None:
        self.macro = macro  # public id of the one whose words these were
        self.text, self.mode, self.client_id = text, mode, new_id("web")
        self.recipients: Mapping[str, str] = {}  # the fields that say to whom it goes by mail
        self.problem: dict[str, Any] | None = None
        self.status = 200


async def composer(scene: Scene, draft: Draft, language: str) -> dict[str, Any]:
    """Everything that the composer shows; words that were just refused come before those that were kept."""
    mail = scene.conversation.channel == EMAIL
    name = scene.conversation.customer.name or gettext(_("Guest"), language)
    drafts = unsaid(scene)
    kept = newest(drafts) if not draft.text and draft.problem is None else None
    problem = draft.problem
    if kept is not None and kept.mode == REPLY:
        problem = await whats_new(scene, kept, language)
    addressing = kept.addressing if kept else None
    return {
        "mail": await recipients(scene.conversation, scene.shop, addressing, draft.recipients, language)
        if mail
        else None,
        "base": scene.base,
        "seen": scene.conversation.last_number,
        "client_id": kept.client_id if kept else draft.client_id,
        "macro": draft.macro,
        "text": kept.text if kept else draft.text,
        "mode": kept.mode if kept else draft.mode,
        "drafts": await drafts_of(drafts.values()),
        "problem": problem,
        "files": True,
        "draft_key": f"{scene.agent.public_id}:{scene.conversation.public_id}",
        "reply_hint": gettext(_("Write to %(name)s"), language) % {"name": name},
        "to": gettext(_("In the chat with %(name)s"), language) % {"name": name},
        "undo_seconds": scene.agent.undo_seconds,
    }


def unsaid(scene: Scene) -> dict[str, WrittenDraft]:
    """The agent's drafts without those whose words stand in the thread: a draft ends a moment after they are said."""
    said = {row.client_id for row in scene.messages} | {row.client_id for row in scene.notes}
    return {mode: draft for mode, draft in scene.drafts.items() if draft.client_id not in said}


def newest(drafts: dict[str, WrittenDraft]) -> WrittenDraft | None:
    """The draft that was written last."""
    return max(drafts.values(), key=lambda draft: (draft.updated_at, draft.mode == NOTE), default=None)


async def whats_new(scene: Scene, kept: WrittenDraft, language: str) -> dict[str, Any] | None:
    """What has happened since a reply was begun: it is shown above the words, so that nobody sends them unknowingly."""
    viewer = Viewer.agent(scene.agent.id, [scene.shop.id], scene.agent.name)
    changed = await changed_since(viewer, from_data(kept.orders))
    if changed:
        error = Conflict(code="order_changed", orders=[order.as_data() for order in changed])
        return refusal(with_words(error, scene.shop.timezone, language), language)
    if scene.conversation.last_customer_number > kept.seen:
        return refusal(Conflict(code="stale"), language)
    return None


async def drafts_of(drafts: Sequence[WrittenDraft] | Any) -> dict[str, Any]:
    """Drafts by mode, as the page's script reads them."""
    found = list(drafts)
    files = await files_of([public_id for draft in found for public_id in draft.attachments])
    return {
        draft.mode: {
            "text": draft.text,
            "version": draft.version,
            "client_id": draft.client_id,
            "seen": draft.seen,
            "orders": draft.orders,
            "files": [files[public_id] for public_id in draft.attachments if public_id in files],
            "mail": as_fields(draft.addressing),
        }
        for draft in found
    }


def held_row(held: HeldMessage) -> dict[str, Any]:
    """A held reply as the thread shows it."""
    left = (held.release_at - now()).total_seconds()
    return {
        "id": held.public_id,
        "client_id": held.client_id,
        "text": held.text,
        "channel": held.channel,
        "files": len(held.attachments),
        "left": max(0, round(left)),
        "iso": iso(held.created_at),
    }


async def files_of(public_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Files that wait to be posted, by public id, as everybody may know them."""
    if not public_ids:
        return {}
    rows = await Attachment.filter(public_id__in=list(public_ids), message_id=None)
    return {row.public_id: described(row) for row in rows}
