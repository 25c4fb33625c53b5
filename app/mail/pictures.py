"""Pictures of mails that lie elsewhere: who may fetch which, and from whom they are always shown."""

import hashlib
import hmac

from tortoise.exceptions import IntegrityError

from app.mail.models import IncomingMail
from app.mail.picture_models import PictureSender
from core.clock import now
from core.errors import Invalid
from core.people import Agent
from core.transactions import transaction

_CONTEXT = b"wismo mail picture v1"


def picture_signature(secret: bytes, mail: str, address: str) -> str:
    """Proof (hex) that `address` stands in the mail `mail`: without it our fetching would be at everybody's service."""
    said = b"\x00".join((_CONTEXT, mail.encode(), address.encode("utf-8", "surrogatepass")))
    return hmac.new(secret, said, hashlib.sha256).hexdigest()[:40]


def is_picture_of(secret: bytes, mail: str, address: str, signature: str) -> bool:
    """Whether we have signed this."""
    return hmac.compare_digest(picture_signature(secret, mail, address).encode(), signature.encode())


async def always_show(agent: Agent, mail: IncomingMail) -> None:
    """Show the pictures of everything that this sender writes to this shop. Raises Invalid for a sender in doubt."""
    address = sender_of(mail)
    if not address or mail.sender_check == "fail":
        raise Invalid("nobody vouches for this sender", code="sender_in_doubt")
    try:
        async with transaction():
            await PictureSender.create(shop_id=mail.shop_id, address=address, agent=agent, created_at=now())
    except IntegrityError:  # somebody was faster
        return


async def no_longer_show(mail: IncomingMail) -> None:
    """Ask again before showing pictures of this sender."""
    await PictureSender.filter(shop_id=mail.shop_id, address=sender_of(mail)).delete()


async def are_shown(mail: IncomingMail) -> bool:
    """Whether pictures of this sender are shown unasked; never those of a sender who may be forged."""
    if mail.sender_check == "fail" or not sender_of(mail):
        return False
    return await PictureSender.exists(shop_id=mail.shop_id, address=sender_of(mail))


def sender_of(mail: IncomingMail) -> str:
    """The address in From, as the mail room has written it down."""
    return str((mail.headers or {}).get("from") or "")[:320].lower()
