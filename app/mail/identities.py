"""The addresses that a shop answers from: added, changed and signed for by administrators."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.mail.dkim_keys import new_key
from app.mail.identity_models import MailIdentity
from app.mail.leaving.composing import is_address, wire_address
from app.mail.mailbox_models import Mailbox
from app.mail.outlets import server_name
from app.mail.reading.headers import one_line
from app.mail.threading import mailbox_of
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


async def add_identity(
    shop: Shop, address: str, words: Words, actor: Actor, *, team: Team | None = None, main: bool = False
) -> MailIdentity:
    """Let answers leave from another address, or give the shop's first one a name, a signature and a server of its own.

    It may be a mailbox of this shop's. Raises Invalid (bad_recipient, too_many_identities), Conflict (address_taken).
    """
    written = address.strip().lower()
    if not is_address(written) or len(written) > 254 or mailbox_of(written) != written:
        raise Invalid("not an address", code="bad_recipient", address=address[:320])
    async with transaction():
        if await MailIdentity.filter(shop_id=shop.id).count() >= MOST:
            raise Invalid("too many addresses", code="too_many_identities", limit=MOST)
        if await _belongs_to_another(shop, written):
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
    """Change what readers see, whose answers leave from it, and whether any do. Raises Invalid (first_address_stays):
    what fits no other address leaves from the first one."""
    async with transaction():
        row = await MailIdentity.filter(id=identity.id).select_for_update().get()
        if retired and await Shop.filter(id=row.shop_id, mail_address__iexact=row.address).exists():
            raise Invalid("answers that fit no other address leave from here", code="first_address_stays")
        for name, value in asdict(_cleaned(words)).items():
            setattr(row, name, value)
        row.team_id = team.id if team else None
        row.retired_at = (row.retired_at or now()) if retired else None
        row.main = False
        await row.save()
        if main and not retired:
            await _make_main(row)
        await audit.note(actor, "mail_identity.changed", row.public_id, retired=retired)


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


def key_of(identity: MailIdentity, secret: bytes) -> str:
    """Its signing key as PEM, or nothing. Raises Invalid (cannot_unseal)."""
    return unseal(secret, identity.public_id, identity.signing_key)["pem"] if identity.signing_key else ""


async def identities_of(shop: Shop) -> list[MailIdentity]:
    """All of a shop's, with their teams and mailboxes, retired ones last."""
    rows = await MailIdentity.filter(shop_id=shop.id).order_by("address").select_related("team", "mailbox")
    return sorted(rows, key=lambda row: row.retired_at is not None)


async def identity_named(shop_ids: list[int], public_id: str) -> MailIdentity:
    """One of these shops'. Raises NotFound."""
    found = MailIdentity.filter(public_id=as_id(public_id), shop_id__in=shop_ids)
    row = await found.select_related("shop", "team", "mailbox").first()
    if row is None:
        raise NotFound("no such address")
    return row


async def _belongs_to_another(shop: Shop, address: str) -> bool:
    """Whether it is a sender already, or another shop's first address or mailbox."""
    return (
        await MailIdentity.filter(address=address).exists()
        or await Shop.filter(mail_address__iexact=address).exclude(id=shop.id).exists()
        or await Mailbox.filter(address=address).exclude(shop_id=shop.id).exists()
    )


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
    """What pages tell of it, with its team and mailbox at hand: no secrets."""
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
        "server": server_name(row),
        "mailbox": row.mailbox.public_id if row.mailbox else "",
        "selector": row.selector,
        "retired": row.retired_at is not None,
    }
