"""The addresses that a shop answers from: added and changed by administrators, chosen for each letter."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from app.gateways.smtp import SmtpMailer
from app.mail.dkim_keys import new_key
from app.mail.identity_models import MailIdentity
from app.mail.leaving.composing import Mailbox, is_address, wire_address
from app.mail.models import IncomingMail
from app.mail.owning import ours_among
from app.mail.reading.headers import one_line
from app.mail.threading import mailbox_of
from conversations.models import Conversation
from core import audit
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from core.ids import as_id, new_id
from core.people import Actor
from core.sealing import seal, unseal
from core.shops import Shop
from core.teams import Team
from core.text import clean
from core.transactions import transaction

MOST = 50  # of one shop
_SELECTOR = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What readers see of an identity, in both languages. Empty: as the shop has it."""

    name_en: str = ""
    name_zh: str = ""
    signature_en: str = ""
    signature_zh: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom one letter is from."""

    address: str
    name: str
    signature: str = ""
    identity_id: int | None = None


async def add_identity(
    shop: Shop, address: str, words: Words, actor: Actor, *, team: Team | None = None, main: bool = False
) -> MailIdentity:
    """Let answers leave from another address. Raises Invalid (bad_recipient, too_many_identities), Conflict
    (address_taken)."""
    written = address.strip().lower()
    if not is_address(written) or len(written) > 254 or mailbox_of(written) != written:
        raise Invalid("not an address", code="bad_recipient", address=address[:320])
    async with transaction():
        if await MailIdentity.filter(shop_id=shop.id).count() >= MOST:
            raise Invalid("too many addresses", code="too_many_identities", limit=MOST)
        taken = await MailIdentity.filter(address=written).exists()
        if taken or written == shop.mail_address.lower() or await ours_among([written]):
            raise Conflict("the desk has this address already", code="address_taken")
        identity = await MailIdentity.create(
            public_id=new_id("idt"), shop=shop, team=team, address=written, created_at=now(), **asdict(_cleaned(words))
        )
        await audit.note(actor, "mail_identity.added", identity.public_id)
        if main:
            await _make_main(identity)
    return identity


async def change_identity(
    identity: MailIdentity, words: Words, actor: Actor, *, team: Team | None, main: bool, retired: bool
) -> None:
    """Change what readers see, whose answers leave from it, and whether any do."""
    async with transaction():
        row = await MailIdentity.filter(id=identity.id).select_for_update().get()
        for name, value in asdict(_cleaned(words)).items():
            setattr(row, name, value)
        row.team_id = team.id if team else None
        row.retired_at = (row.retired_at or now()) if retired else None
        row.main = False
        await row.save()
        if main and not retired:
            await _make_main(row)
        await audit.note(actor, "mail_identity.changed", row.public_id, retired=retired)


async def set_server(identity: MailIdentity, url: str, actor: Actor, *, secret: bytes) -> None:
    """Send this identity's mail through its own server; an empty `url`: through the desk's. The URL is sealed, and only
    its host is shown again. Raises Invalid (bad_smtp_url)."""
    written, name = url.strip(), ""
    if written:
        SmtpMailer(written)
        parts = urlsplit(written)
        name = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    async with transaction():
        row = await MailIdentity.filter(id=identity.id).select_for_update().get()
        row.server = seal(secret, row.public_id, {"url": written}) if written else None
        row.server_name, row.revision = name[:300], row.revision + 1
        await row.save(update_fields=["server", "server_name", "revision"])
        await audit.note(actor, "mail_identity.server_set", row.public_id, own=bool(written))


async def set_signing_key(
    identity: MailIdentity, selector: str, actor: Actor, *, secret: bytes, pem: str = ""
) -> MailIdentity:
    """Sign this identity's mail (DKIM) with the key in `pem`, or a new one; an empty selector: not at all.

    The key is sealed and never shown again. Raises Invalid (bad_selector, bad_signing_key).
    """
    name = selector.strip().lower()
    if name and not _SELECTOR.fullmatch(name):
        raise Invalid("letters, digits and hyphens", code="bad_selector")
    key = new_key(pem) if name else ""
    async with transaction():
        row = await MailIdentity.filter(id=identity.id).select_for_update().get()
        row.selector, row.revision = name, row.revision + 1
        row.signing_key = seal(secret, row.public_id, {"pem": key}) if name else None
        await row.save(update_fields=["selector", "signing_key", "revision"])
        await audit.note(actor, "mail_identity.key_set", row.public_id, signs=bool(name))
    return row


def server_of(identity: MailIdentity, secret: bytes) -> str:
    """The URL of its own server, or nothing. Raises Invalid (cannot_unseal)."""
    return unseal(secret, identity.public_id, identity.server)["url"] if identity.server else ""


def key_of(identity: MailIdentity, secret: bytes) -> str:
    """Its signing key as PEM, or nothing. Raises Invalid (cannot_unseal)."""
    return unseal(secret, identity.public_id, identity.signing_key)["pem"] if identity.signing_key else ""


async def identities_of(shop: Shop) -> list[MailIdentity]:
    """All of a shop's, with their teams, retired ones last."""
    rows = await MailIdentity.filter(shop_id=shop.id).order_by("address").select_related("team")
    return sorted(rows, key=lambda row: row.retired_at is not None)


async def identity_named(shop_ids: list[int], public_id: str) -> MailIdentity:
    """One of these shops'. Raises NotFound."""
    found = MailIdentity.filter(public_id=as_id(public_id), shop_id__in=shop_ids)
    row = await found.select_related("shop", "team").first()
    if row is None:
        raise NotFound("no such address")
    return row


async def sender_of(shop: Shop, language: str, conversation: Conversation | None = None, chosen: str = "") -> Sender:
    """Whom a letter is from: the one that was chosen (the shop's own id for its first address), else the one that the
    conversation's newest mail came to, else its team's, else the shop's main one, else the shop's first address."""
    if chosen == shop.public_id:
        return _first(shop)
    rows = await MailIdentity.filter(shop_id=shop.id, retired_at=None).order_by("id")
    came_to = await _came_to(conversation) if conversation and rows else ""
    if not rows or (came_to == shop.mail_address.lower() and not any(row.public_id == chosen for row in rows)):
        return Sender(shop.mail_address, shop.name)
    team_id = conversation.team_id if conversation else None
    ranked = sorted(rows, key=lambda row: -_rank(row, chosen, came_to, team_id))
    return _sender(ranked[0], shop, language) if _rank(ranked[0], chosen, came_to, team_id) else _first(shop)


async def senders_for(shop: Shop, conversation: Conversation, language: str) -> tuple[str, list[tuple[str, str]]]:
    """The address that an answer leaves from by itself, and what may be chosen instead: (id, `name <address>`). Nothing
    to choose for a shop with one address."""
    rows = await MailIdentity.filter(shop_id=shop.id, retired_at=None).order_by("address")
    if not rows:
        return shop.mail_address, []
    usual = await sender_of(shop, language, conversation)
    first = (shop.public_id, str(Mailbox(shop.name, shop.mail_address)))
    others = [(row, _sender(row, shop, language)) for row in rows]
    return usual.address, [first, *((row.public_id, str(Mailbox(one.name, one.address))) for row, one in others)]


def _rank(row: MailIdentity, chosen: str, came_to: str, team_id: int | None) -> int:
    """By the first of these that holds."""
    reasons = (
        row.public_id == chosen,
        row.address == came_to,
        team_id is not None and row.team_id == team_id,
        row.main,
    )
    return max((len(reasons) - place for place, holds in enumerate(reasons) if holds), default=0)


def _sender(row: MailIdentity, shop: Shop, language: str) -> Sender:
    name, signature = (row.name_zh, row.signature_zh) if language == "zh" else (row.name_en, row.signature_en)
    return Sender(row.address, name or row.name_en or row.name_zh or shop.name, signature, row.id)


def _first(shop: Shop) -> Sender:
    return Sender(shop.mail_address, shop.name)


async def _came_to(conversation: Conversation) -> str:
    newest = IncomingMail.filter(conversation_id=conversation.id, state="posted", message_id__isnull=False)
    found: Any = await newest.order_by("-id").limit(1).values_list("recipient", flat=True)
    return mailbox_of(found[0]) if found else ""


async def _make_main(row: MailIdentity) -> None:
    await MailIdentity.filter(shop_id=row.shop_id).exclude(id=row.id).update(main=False)
    await MailIdentity.filter(id=row.id).update(main=True)
    row.main = True


def _cleaned(words: Words) -> Words:
    return Words(
        name_en=one_line(words.name_en)[:200],
        name_zh=one_line(words.name_zh)[:200],
        signature_en=clean(words.signature_en, limit=1000).strip(),
        signature_zh=clean(words.signature_zh, limit=1000).strip(),
    )


def described(row: MailIdentity) -> Mapping[str, Any]:
    """What the API and pages tell of it: no secrets."""
    return {
        "id": row.public_id,
        "address": row.address,
        "domain": wire_address(row.address).rpartition("@")[2],
        "name_en": row.name_en,
        "name_zh": row.name_zh,
        "signature_en": row.signature_en,
        "signature_zh": row.signature_zh,
        "team": row.team.public_id if row.team else "",
        "main": row.main,
        "server": row.server_name,
        "selector": row.selector,
        "retired": row.retired_at is not None,
    }
