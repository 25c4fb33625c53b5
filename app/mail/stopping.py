"""Whoever wants no automatic messages by mail says so with one click (RFC 8058), and can take it back.

The address of the page names a letter of ours and is signed for its reader: it holds no address, and works for nobody
who did not get that letter.
"""

import hashlib
import hmac
from dataclasses import dataclass

from app.mail.holding import STOPPED, hold, holds_on
from app.mail.models import MailHold, OutgoingMail
from core.errors import NotFound
from core.ids import as_id
from core.shops import Shop
from core.transactions import transaction

_CONTEXT = b"wismo mail stop v1"
_LENGTH = 32  # characters: 128 bits


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose automatic messages it is about."""

    shop: Shop
    address: str
    stopped: bool


def stop_path(secret: bytes, mail: str, recipient: str) -> str:
    """The path of the page for the letter `mail` (public id) to `recipient`."""
    return f"/mail/stop/{mail}/{_signature(secret, mail, recipient)}"


async def wish_of(secret: bytes, mail: str, signature: str) -> Wish:
    """What a path of ours is about. Raises NotFound for every other."""
    found = await OutgoingMail.filter(public_id=as_id(mail)).only("id", "public_id", "recipient", "shop_id").first()
    expected = _signature(secret, found.public_id, found.recipient) if found else "-" * _LENGTH
    if not hmac.compare_digest(expected.encode(), signature.encode()) or found is None:
        raise NotFound("no such page")
    stopped = bool(await holds_on(found.shop_id, [found.recipient], STOPPED))
    return Wish(await Shop.get(id=found.shop_id), found.recipient, stopped)


async def stop(wish: Wish) -> None:
    """Nothing automatic leaves for this reader any more; what people write does."""
    async with transaction():
        await hold(wish.shop.id, wish.address, STOPPED)


async def go_on(wish: Wish) -> None:
    """Automatic messages leave again."""
    await MailHold.filter(shop_id=wish.shop.id, address=wish.address.lower(), kind=STOPPED).delete()


def _signature(secret: bytes, mail: str, recipient: str) -> str:
    words = "\x00".join((mail, recipient.lower())).encode()
    return hmac.new(secret, _CONTEXT + b"\x00" + words, hashlib.sha256).hexdigest()[:_LENGTH]
