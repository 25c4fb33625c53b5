"""To whom an answer by mail goes, as the composer shows it and sends it back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.i18n import gettext
from app.mail.leaving.addressing import (
    REPLY,
    REPLY_ALL,
    Addressing,
    Offer,
    check_addressing,
    from_data,
    offer_for,
    read_addressing,
)
from app.mail.leaving.choosing import senders_for
from app.mail.leaving.composing import Mailbox
from conversations.models import EMAIL, Conversation
from core.errors import Invalid
from core.shops import Shop

FIELDS = ("mail_mode", "mail_to", "mail_cc", "mail_quote", "mail_identity")


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


async def recipients(
    conversation: Conversation, shop: Shop, kept: Mapping[str, Any] | None, refused: Mapping[str, str], language: str
) -> dict[str, Any]:
    """What the composer begins with: what was just refused, else what a draft has kept, else the usual people."""
    offer = await offer_for(conversation)
    chosen = from_data(kept) if kept else offer.reply
    shown = _shown(chosen) | {name: refused[name] for name in FIELDS if name in refused}
    warnings = [
        gettext(_("The sender wants replies at %(address)s."), language) % {"address": box.address}
        for box in offer.instead
    ]
    usual, senders = await senders_for(shop, conversation, conversation.language)
    return shown | {
        "sender": usual,
        "senders": senders,
        "open": bool(refused or offer.instead) or shown != _shown(offer.reply),
        "everybody": _shown(offer.reply_all) if offer.reply_all else None,
        "usual": _shown(offer.reply),
        "short": _short(shown, language),
        "warnings": warnings,
        "instead": ", ".join(str(box) for box in offer.instead),
    }


async def chosen_recipients(conversation: Conversation, form: Mapping[str, str]) -> dict[str, Any] | None:
    """What the form says, checked, as a message keeps it; None for a chat and for a form without such fields.

    Raises Invalid as `check_addressing` does.
    """
    if conversation.channel != EMAIL or not any(name in form for name in FIELDS):
        return None
    wanted = read_addressing(form)
    if wanted.mode == REPLY_ALL and not wanted.cc:
        wanted = _with_everybody(wanted, await offer_for(conversation))  # ticked where no script filled in the names
    return (await check_addressing(conversation, wanted)).as_data()


def recipients_in_draft(form: Mapping[str, str]) -> dict[str, Any] | None:
    """What a draft keeps of the choice; None while an address is half written."""
    if not any(name in form for name in FIELDS):
        return None
    try:
        return read_addressing(form).as_data()
    except Invalid:
        return None


def as_fields(kept: Mapping[str, Any] | None) -> dict[str, str] | None:
    """What a draft has kept, as the fields of the form."""
    return _shown(from_data(kept)) if kept else None


def _with_everybody(wanted: Addressing, offer: Offer) -> Addressing:
    return replace(wanted, cc=offer.reply_all.cc) if offer.reply_all else replace(wanted, mode=REPLY)


def _shown(addressing: Addressing) -> dict[str, str]:
    return {
        "mail_mode": addressing.mode,
        "mail_to": _line(addressing.to),
        "mail_cc": _line(addressing.cc),
        "mail_quote": "1" if addressing.quote else "0",
        "mail_identity": addressing.identity,
    }


def _line(boxes: tuple[Mailbox, ...]) -> str:
    return ", ".join(str(box) for box in boxes)


def _short(shown: Mapping[str, str], language: str) -> str:
    """`To Anna <anna@shop.example> · copy to lin@shop.example`."""
    to = gettext(_("To %(people)s"), language) % {"people": shown["mail_to"] or "…"}
    if not shown["mail_cc"]:
        return to
    return f"{to} · {gettext(_('copy to %(people)s'), language) % {'people': shown['mail_cc']}}"
