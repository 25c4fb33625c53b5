"""Whom a letter is from: the address that was chosen, the one that was written to, the team's, the shop's."""

from dataclasses import dataclass
from typing import Any

from tortoise.expressions import Q

from app.mail.identity_models import MailIdentity
from app.mail.leaving.composing import Mailbox
from app.mail.models import IncomingMail
from app.mail.outlets import server_name
from app.mail.threading import mailbox_of
from conversations.models import Conversation
from core.shops import Shop


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom one letter is from."""

    address: str
    name: str
    signature: str = ""
    identity_id: int | None = None
    host: str = ""  # the server of its own, or of its account, that its mail leaves through
    account: bool = False  # of a mailbox


async def sender_of(shop: Shop, language: str, conversation: Conversation | None = None, chosen: str = "") -> Sender:
    """Whom a letter is from: the one that was chosen (the shop's own id for its first address), else the one that the
    conversation's newest mail came to, else its team's, else the shop's main one, else the shop's first address."""
    rows = await _live(shop).order_by("id")
    first = next((row for row in rows if _is_first(row, shop)), None)
    if chosen == shop.public_id or not rows:
        return _sender(first, shop, language)
    came_to = await _came_to(conversation) if conversation else ""
    named = any(row.public_id == chosen for row in rows)
    if came_to == shop.mail_address.lower() and not named:
        return _sender(first, shop, language)
    team_id = conversation.team_id if conversation else None
    best = max(rows, key=lambda row: _rank(row, chosen, came_to, team_id))
    return _sender(best if _rank(best, chosen, came_to, team_id) else first, shop, language)


async def senders_for(shop: Shop, conversation: Conversation, language: str) -> tuple[str, list[tuple[str, str]]]:
    """The address that an answer leaves from by itself, and what may be chosen instead: (id, `name <address>`). Nothing
    to choose for a shop with one address."""
    rows = await _live(shop).order_by("address")
    first = next((row for row in rows if _is_first(row, shop)), None)
    others = [row for row in rows if row is not first]
    if not others:
        return shop.mail_address, []
    usual = await sender_of(shop, language, conversation)
    named = [(shop.public_id, _sender(first, shop, language))]
    named += [(row.public_id, _sender(row, shop, language)) for row in others]
    return usual.address, [(key, str(Mailbox(one.name, one.address))) for key, one in named]


def _live(shop: Shop) -> Any:
    live = Q(retired_at__isnull=True) | Q(address=shop.mail_address.lower())
    return MailIdentity.filter(live, shop_id=shop.id).select_related("mailbox")


def _is_first(row: MailIdentity, shop: Shop) -> bool:
    return row.address == shop.mail_address.lower()


def _rank(row: MailIdentity, chosen: str, came_to: str, team_id: int | None) -> int:
    """By the first of these that holds."""
    reasons = (
        row.public_id == chosen,
        row.address == came_to,
        team_id is not None and row.team_id == team_id,
        row.main,
    )
    return max((len(reasons) - place for place, holds in enumerate(reasons) if holds), default=0)


def _sender(row: MailIdentity | None, shop: Shop, language: str) -> Sender:
    if row is None:
        return Sender(shop.mail_address, shop.name)
    name, signature = (row.name_zh, row.signature_zh) if language == "zh" else (row.name_en, row.signature_en)
    host, shown = server_name(row).rpartition(":")[0], name or row.name_en or row.name_zh or shop.name
    return Sender(row.address, shown, signature, row.id, host, row.mailbox is not None)


async def _came_to(conversation: Conversation) -> str:
    newest = IncomingMail.filter(conversation_id=conversation.id, state="posted", message_id__isnull=False)
    found: Any = await newest.order_by("-id").limit(1).values_list("recipient", flat=True)
    return mailbox_of(found[0]) if found else ""
