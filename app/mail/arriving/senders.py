"""Who a mail is from, as far as a mail can say: a customer known by mail only, our own addresses, the language."""

import re

from app.mail.leaving.composing import is_address
from app.mail.models import IncomingMail
from app.mail.owning import ours_among
from app.mail.reading.authentication import FAIL
from app.mail.reading.parsing import ParsedMail
from conversations.models import EMAIL
from core.clock import now
from core.ids import new_id
from core.people import Customer
from core.shops import Shop
from core.sql import fetch

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_LATIN = re.compile(r"[A-Za-z]{2}")
_BORN_OF_MAIL = (
    "SELECT c.id FROM customer AS c JOIN conversation AS t ON t.id ="
    " (SELECT MIN(f.id) FROM conversation AS f WHERE f.customer_id = c.id)"
    " WHERE c.shop_id = {shop} AND c.email = {email} AND t.channel = {email_channel} AND NOT EXISTS"
    " (SELECT 1 FROM incoming_mail AS m WHERE m.conversation_id = t.id AND m.sender_check = {fail} AND m.id ="
    " (SELECT MIN(n.id) FROM incoming_mail AS n WHERE n.conversation_id = t.id))"
    " ORDER BY c.id LIMIT 1"
)


async def customer_for(mail: IncomingMail, parsed: ParsedMail, language: str) -> Customer:
    """The customer row that was born of mails from this address, or a new one; always a new one for a sender whom our
    mail servers speak against.

    A chat visitor may have typed the same address without proving it; a mail must not be put among their words.
    """
    assert mail.shop is not None
    email = parsed.from_address or mail.sender.lower()
    email = email if is_address(email) and len(email) <= 254 else ""
    if email and mail.sender_check != FAIL and (known := await customer_of_mail(mail.shop.id, email)) is not None:
        return known
    return await Customer.create(
        public_id=new_id("cus"),
        shop=mail.shop,
        name=(parsed.from_name or email.partition("@")[0])[:200],
        email=email or None,
        language=language,
        created_at=now(),
    )


async def customer_of_mail(shop_id: int, email: str) -> Customer | None:
    """The customer known by mails from this address: not one who only typed it, or whose first mail was forged."""
    rows = await fetch(_BORN_OF_MAIL, shop=shop_id, email=email.lower(), email_channel=EMAIL, fail=FAIL)
    return await Customer.get(id=rows[0]["id"]) if rows else None


async def is_ours(address: str) -> bool:
    """Whether `address` is one of our shops' own: a mail from there is our own voice coming back."""
    return bool(await ours_among([address]))


def language_of(parsed: ParsedMail, shop: Shop) -> str:
    """Chinese or English by the letters of what was written; the shop's language when they do not tell."""
    text = f"{parsed.subject} {parsed.reply_text[:4000]}"
    if _KANA_HANGUL.search(text):
        return shop.language
    if len(_HAN.findall(text)) >= 2:
        return "zh"
    return "en" if _LATIN.search(text) else shop.language
