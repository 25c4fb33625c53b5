"""Drafts: what an agent is writing is kept at the desk, for this agent's other devices and for later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tortoise.exceptions import IntegrityError

from conversations.access import require_access
from conversations.composing_models import FORWARD, NOTE, REPLY, HeldMessage, WrittenDraft
from conversations.events import DraftKept
from conversations.models import Message, Note
from core.bundles import Bundle, Later
from core.clock import now
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.people import Actor, Agent
from core.text import clean, is_blank
from core.transactions import record, transaction

TEXT_LIMIT = 20_000  # characters: what is too long to be said is kept all the same
MOST_MARKED = 500
_MINE = (
    "SELECT c.public_id FROM written_draft AS d JOIN conversation AS c ON c.id = d.conversation_id"
    " WHERE d.agent_id = {agent} ORDER BY d.updated_at DESC LIMIT {most}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a composer holds: the words, the id under which they will be said, and what was on the screen."""

    text: str
    client_id: str
    attachments: Sequence[str] = ()  # public ids
    seen: int = 0
    orders: Mapping[str, Any] = field(default_factory=dict)
    addressing: Mapping[str, Any] | None = None  # to whom it goes by mail


async def keep_draft(
    conversation_id: int, agent: Agent, mode: str, written: Written, *, version: int
) -> WrittenDraft | None:
    """Keep what is written; nothing written forgets the draft. Returns the draft, or None when there is none now.

    `version` is that of the draft it was made from, 0 for none: when another device has changed it since, nothing is
    kept and Conflict (draft_moved) says so. Words that were said under this client id meanwhile are no draft.
    Raises Invalid (bad_mode, text_too_long) and NotFound.
    """
    if mode not in (REPLY, NOTE, FORWARD):
        raise Invalid("a reply, a note or a forwarded mail", code="bad_mode")
    if len(written.text) > TEXT_LIMIT or len(written.client_id) > 80:
        raise Invalid("that is too long", code="text_too_long", limit=TEXT_LIMIT)
    try:
        return await _keep(conversation_id, agent, mode, written, version)
    except IntegrityError as error:  # two devices began at the same moment
        raise Conflict("the draft was changed elsewhere", code="draft_moved") from error


async def drop_draft(conversation_id: int, agent: Agent, mode: str) -> None:
    """The words were said, or are not wanted any more."""
    async with transaction():
        await _forget(await _locked(conversation_id, agent.id, mode))


async def put_back(conversation_id: int, agent_id: int, words: Written) -> WrittenDraft:
    """Words that were not said after all stand before whatever was written since, under a new client id.

    The caller has locked the conversation.
    """
    async with transaction():
        known = await _locked(conversation_id, agent_id, REPLY)
        parts = [part for part in (words.text, known.text if known else "") if part]
        files = [*words.attachments, *(known.attachments if known else ())]
        joined = Written(
            text="\n\n".join(parts)[:TEXT_LIMIT],
            client_id=new_id("web"),
            attachments=list(dict.fromkeys(files)),
            seen=words.seen,
            orders={**(known.orders if known else {}), **words.orders},
            addressing=words.addressing or (known.addressing if known else None),
        )
        return await _write(conversation_id, agent_id, REPLY, joined, known)


def drafts_in(bundle: Bundle, conversation_id: int, agent_id: int) -> Later[dict[str, WrittenDraft]]:
    """The agent's drafts in a conversation by mode, as part of a bundle."""
    which = "WHERE t.conversation_id = {conversation} AND t.agent_id = {agent}"
    found = bundle.rows(WrittenDraft, which, conversation=conversation_id, agent=agent_id)
    return lambda: {row.mode: row for row in found}


def drafted_in(bundle: Bundle, agent_id: int) -> Later[set[str]]:
    """The conversations (public ids) in which the agent has a draft, as part of a bundle; the newest 500."""
    found = bundle.table("public_id", _MINE, agent=agent_id, most=MOST_MARKED)
    return lambda: {row["public_id"] for row in found}


async def forget_old_drafts(older_than: timedelta) -> int:
    """Delete drafts that nobody has touched for so long. Returns how many."""
    return await WrittenDraft.filter(updated_at__lt=now() - older_than).delete()


async def _keep(conversation_id: int, agent: Agent, mode: str, written: Written, version: int) -> WrittenDraft | None:
    async with transaction():
        await require_access(Actor.of(agent), conversation_id)
        known = await _locked(conversation_id, agent.id, mode)
        if await _is_said(conversation_id, agent, mode, written.client_id):
            return known
        words = clean(written.text, limit=TEXT_LIMIT)
        if (known.version if known else 0) != version and not (known is not None and known.text == words):
            raise Conflict("the draft was changed elsewhere", code="draft_moved")
        if is_blank(words) and not written.attachments:
            await _forget(known)
            return None
        return await _write(conversation_id, agent.id, mode, written, known)


async def _locked(conversation_id: int, agent_id: int, mode: str) -> WrittenDraft | None:
    mine = WrittenDraft.filter(conversation_id=conversation_id, agent_id=agent_id, mode=mode)
    return await mine.select_for_update().first()


async def _is_said(conversation_id: int, agent: Agent, mode: str, client_id: str) -> bool:
    """Whether these words have left the composer: a draft that arrives behind them must not bring them back."""
    if mode != REPLY:  # what was forwarded stands in a note
        return await Note.exists(conversation_id=conversation_id, client_id=client_id)
    held = HeldMessage.filter(conversation_id=conversation_id, client_id=client_id)
    if await held.exists():
        return True
    return await Message.exists(conversation_id=conversation_id, author_kind="agent", client_id=client_id)


async def _write(
    conversation_id: int, agent_id: int, mode: str, written: Written, known: WrittenDraft | None
) -> WrittenDraft:
    draft = known or WrittenDraft(conversation_id=conversation_id, agent_id=agent_id, mode=mode, version=0)
    draft.text, draft.client_id = clean(written.text, limit=TEXT_LIMIT), written.client_id
    draft.attachments, draft.orders = list(written.attachments), dict(written.orders)
    draft.addressing = dict(written.addressing) if written.addressing else None
    draft.seen, draft.updated_at = written.seen, now()
    draft.version += 1
    await draft.save()
    _tell(draft, draft.version)
    return draft


async def _forget(draft: WrittenDraft | None) -> None:
    if draft is not None:
        await draft.delete()
        _tell(draft, 0)


def _tell(draft: WrittenDraft, version: int) -> None:
    record(DraftKept(conversation_id=draft.conversation_id, agent_id=draft.agent_id, mode=draft.mode, version=version))
