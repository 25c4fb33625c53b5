"""Who a mail is from, as far as a mail can say: a customer known by mail only, our own addresses, the language."""

import re

from app.mail.leaving.composing import is_address
from app.mail.reading.parsing import ParsedMail
from app.mail.threading import mailbox_of
from conversations.models import EMAIL, Conversation
from core.clock import now
from core.ids import new_id
from core.people import Customer
from core.shops import Shop

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_LATIN = re.compile(r"[A-Za-z]{2}")
_LIKELY_ROWS = 20


async def customer_for(shop: Shop, parsed: ParsedMail, envelope_sender: str, language: str) -> Customer:
    """The customer row that was born of mails from this address, or a new one.

    A chat visitor may have typed the same address without proving it; a mail must not be put among their words.
    """
    email = parsed.from_address or envelope_sender.lower()
    email = email if is_address(email) and len(email) <= 254 else ""
    if email:
        for customer in await Customer.filter(shop_id=shop.id, email=email).order_by("id").limit(_LIKELY_ROWS):
            first = await Conversation.filter(customer_id=customer.id).order_by("id").first()
            if first is not None and first.channel == EMAIL:
                return customer
    return await Customer.create(
        public_id=new_id("cus"),
        shop=shop,
        name=(parsed.from_name or email.partition("@")[0])[:200],
        email=email or None,
        language=language,
        created_at=now(),
    )


async def is_ours(address: str) -> bool:
    """Whether `address` is one of our shops' own: a mail from there is our own voice coming back."""
    return bool(address) and await Shop.exists(mail_address__iexact=mailbox_of(address))


def language_of(parsed: ParsedMail, shop: Shop) -> str:
    """Chinese or English by the letters of what was written; the shop's language when they do not tell."""
    text = f"{parsed.subject} {parsed.reply_text[:4000]}"
    if _KANA_HANGUL.search(text):
        return shop.language
    if len(_HAN.findall(text)) >= 2:
        return "zh"
    return "en" if _LATIN.search(text) else shop.language
