"""Files that people send: kept first, posted with a message later, read only by who may read the conversation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from tortoise.expressions import Q

from conversations.models import Attachment, Conversation, Message
from core.clock import now
from core.errors import Invalid, NotFound, TooMany
from core.ids import as_id
from core.people import Actor, Agent, Customer, shop_ids_of
from core.transactions import transaction

FILES_LIMIT = 5  # of one message
UNPOSTED_LIMIT = 20  # of one person
UNPOSTED_LIVE = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file that is safely in the storage under `public_id`: what we found out about it ourselves. Its fields are
    columns of `Attachment`."""

    public_id: str
    name: str
    media_type: str
    size: int
    sha256: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedFile(KeptFile):
    """A file that came with the words it belongs to. A refused one has a name and a reason, but no content."""

    refusal: str | None = None
    content_id: str | None = None  # of a picture that stands within the words


async def register(shop_id: int, uploader: Actor, file: KeptFile, *, conversation_id: int | None = None) -> Attachment:
    """Note whose `file` this is. It can be posted for 24 hours, by its uploader alone, and then expires.

    Raises TooMany (too_many_files) for somebody who keeps sending files and posts none.
    """
    async with transaction():
        waiting = Attachment.filter(uploader_kind=uploader.kind, uploader_id=uploader.id, message_id=None)
        if await waiting.count() >= UNPOSTED_LIMIT:
            raise TooMany("too many files that were never posted", code="too_many_files")
        return await Attachment.create(
            **asdict(file),
            shop_id=shop_id,
            conversation_id=conversation_id,
            uploader_kind=uploader.kind,
            uploader_id=uploader.id,
            created_at=now(),
        )


def described(attachment: Attachment) -> dict[str, Any]:
    """What everybody in the conversation may know of a file; the same in a message and in the answer to an upload."""
    return {
        "id": attachment.public_id,
        "name": attachment.name,
        "media_type": attachment.media_type,
        "size": attachment.size,
        "width": attachment.width,
        "height": attachment.height,
        **({"refusal": attachment.refusal} if attachment.refusal else {}),
        **({"inline": True} if attachment.content_id else {}),
    }


def arrived(shop_id: int, uploader: Actor, files: Iterable[ArrivedFile]) -> list[Attachment]:
    """The rows, not stored yet, of files that came with their message."""
    at = now()
    return [
        Attachment(
            **asdict(file),
            shop_id=shop_id,
            uploader_kind=uploader.kind,
            uploader_id=uploader.id or 0,
            state="refused" if file.refusal else "ready",
            created_at=at,
        )
        for file in files
    ]


def checked_ids(public_ids: Sequence[str]) -> list[str]:
    """The ids of a message's files, each once. Raises Invalid (too_many_files) above five."""
    if not public_ids:
        return []
    wanted = [as_id(public_id) for public_id in dict.fromkeys(public_ids)]
    if len(wanted) > FILES_LIMIT:
        raise Invalid("a message has five files at most", code="too_many_files", limit=FILES_LIMIT)
    return wanted


async def hold(public_ids: Sequence[str], uploader: Actor) -> list[Attachment]:
    """Lock those of these files that `uploader` has sent, in the order in which they were named."""
    sent = Attachment.filter(
        public_id__in=public_ids, uploader_kind=uploader.kind, uploader_id=uploader.id, state="ready"
    )
    found = {row.public_id: row for row in await sent.order_by("id").select_for_update()}
    return [found[public_id] for public_id in public_ids if public_id in found]


async def require_postable(rows: Sequence[Attachment], public_ids: Sequence[str], conversation_id: int) -> None:
    """Raises Invalid (attachment_gone) unless each file is there, is for this conversation and was never posted."""
    conversation = await Conversation.get(id=conversation_id)
    fit = [
        row
        for row in rows
        if row.message_id is None
        and row.shop_id == conversation.shop_id
        and row.conversation_id in (None, conversation_id)
    ]
    if len(fit) != len(public_ids):
        raise Invalid("a file is not there (any more)", code="attachment_gone")


async def bind(rows: Iterable[Attachment], message: Message) -> None:
    """The files belong to `message` from now on."""
    await Attachment.filter(id__in=[row.id for row in rows]).update(
        message_id=message.id, conversation_id=message.conversation_id
    )


async def attachment_of(customer: Customer, public_id: str) -> Attachment:
    """A file of the customer's own conversations, or one that they have sent and not posted. Raises NotFound."""
    theirs = Q(message_id__isnull=False, conversation__customer_id=customer.id)
    unposted = Q(message_id=None, uploader_kind="customer", uploader_id=customer.id)
    return await _found(Attachment.filter(theirs | unposted, public_id=as_id(public_id), shop_id=customer.shop_id))


async def attachment_for(agent: Agent, public_id: str) -> Attachment:
    """A file of one of the agent's shops that came with words or a note, or the agent's own unposted one.

    Raises NotFound.
    """
    posted = Q(message_id__isnull=False) | Q(note_id__isnull=False)
    unposted = Q(message_id=None, uploader_kind="agent", uploader_id=agent.id)
    shops = await shop_ids_of(agent) if agent.active else []
    return await _found(Attachment.filter(posted | unposted, public_id=as_id(public_id), shop_id__in=shops))


async def forget_unposted(limit: int = 500) -> list[str]:
    """Delete the rows of files that nobody has posted within 24 hours; returns the ids whose content may go now."""
    async with transaction():
        old = Attachment.filter(message_id=None, note_id=None, created_at__lt=now() - UNPOSTED_LIVE)
        rows = await old.order_by("id").limit(limit).select_for_update()
        await Attachment.filter(id__in=[row.id for row in rows]).delete()
    return [row.public_id for row in rows]


async def known(public_ids: Sequence[str]) -> set[str]:
    """Those of these ids that are files of ours."""
    rows = await Attachment.filter(public_id__in=public_ids).values_list("public_id", flat=True)
    return {str(public_id) for public_id in rows}


def is_picture(file: Mapping[str, Any]) -> bool:
    """Whether a described file is a picture that we have drawn anew, and may be shown."""
    return file["width"] is not None


async def _found(query: Any) -> Attachment:
    row: Attachment | None = await query.filter(state="ready").first()
    if row is None:
        raise NotFound("no such file")
    return row
