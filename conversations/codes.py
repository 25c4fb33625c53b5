"""The one-time codes themselves: made by a job, stored as salted hashes, sent to whom the request means."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from conversations.models import CodeRequest
from core.clock import now
from core.shops import Shop
from core.transactions import transaction
from orders.models import Order

CODE_DIGITS = 6
SAME_NUMBER = 3  # orders of one number that are looked at
CODES_PER_CONTACT = 3  # an hour: nobody's mailbox is flooded, and nobody gets more than 15 guesses an hour
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeToSend:
    """A fresh code and where it goes: an e-mail address, or a phone number in E.164 when the order has no address."""

    contact: str
    code: str
    language: str
    shop: Shop
    by_address: bool = False  # somebody typed the address, and named no order


async def fulfil_code_request(code_request_id: int) -> list[CodeToSend]:
    """Make the codes that were asked for: one for each contact on an order with this number, almost always one.

    Nothing when there is nobody to send one to or they had three in the last hour. A repeat makes other codes and
    forgets the first, because those are stored nowhere: whoever gets both mails can use the later one. Send them in
    the same transaction, so that a stored code is always one that leaves.
    """
    async with transaction():
        request = await CodeRequest.get_or_none(id=code_request_id).select_related("conversation")
        if request is None or request.used_at is not None or request.expires_at <= now():
            return []
        # One code of a shop at a time, or two at once would both be the third of their contact.
        shop = await Shop.filter(id=request.conversation.shop_id).select_for_update(no_key=True).get()
        await CodeRequest.filter(twin_of=request.id).delete()
        codes: list[CodeToSend] = []
        for contact in await _contacts(shop, request):
            if await _had_enough(contact, request):
                continue
            code = CodeToSend(
                contact=contact,
                code=new_code(),
                language=request.conversation.language,
                shop=shop,
                by_address=request.address is not None,
            )
            await _keep(request, code, first=not codes)
            codes.append(code)
    return codes


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def hashed(code: str) -> str:
    """What is stored of a code."""
    salt = secrets.token_hex(16)
    return f"{salt}:{hashlib.sha256((salt + code).encode()).hexdigest()}"


def fits(code: str, stored: str) -> bool:
    """Whether `stored` was made of `code`; takes the same time for any."""
    salt, _, wanted = stored.partition(":")
    return hmac.compare_digest(hashlib.sha256((salt + code).encode()).hexdigest(), wanted)


async def _contacts(shop: Shop, request: CodeRequest) -> list[str]:
    """The address that was typed, or where the customers of the newest orders with the number can be reached.

    Two platforms may use one number.
    """
    if request.address is not None:
        return [request.address]
    named = Order.filter(shop_id=shop.id, number_key=request.number_key)
    orders = await named.order_by("-placed_at", "-id").limit(SAME_NUMBER)
    return list(dict.fromkeys(contact for order in orders if (contact := order.email or order.phone)))


async def _keep(request: CodeRequest, code: CodeToSend, *, first: bool) -> None:
    """Store the code's hash: in the request itself, or for a further contact in a twin."""
    stored = hashed(code.code)
    if first:
        # `used_at` again: the code of a first run may have been typed in meanwhile.
        await CodeRequest.filter(id=request.id, used_at=None).update(contact=code.contact, code_hash=stored)
        return
    await CodeRequest.create(
        conversation_id=request.conversation_id,
        number_key=request.number_key,
        twin_of=request.id,
        contact=code.contact,
        code_hash=stored,
        created_at=request.created_at,
        expires_at=request.expires_at,
    )


async def _had_enough(contact: str, request: CodeRequest) -> bool:
    sent = CodeRequest.filter(contact=contact, created_at__gt=now() - _HOUR).exclude(id=request.id)
    return await sent.count() >= CODES_PER_CONTACT
