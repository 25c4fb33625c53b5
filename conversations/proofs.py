"""What a customer has shown about themselves: one-time codes to the contact on an order, or the shop's own word.

Asking never looks for the order: known and unknown numbers look and take the same. A job finds out later whether there
is anybody to send a code to. A code has six digits, lives for ten minutes, fits once, in the conversation that asked,
and only until that asks for the next one.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from tortoise.expressions import Q

from conversations.events import CodeRequested, ContactProved
from conversations.models import CodeRequest, Conversation, Proof
from core.clock import now
from core.errors import NotFound, TooMany
from core.shops import Shop
from core.sql import fetch
from core.text import reference
from core.transactions import record, transaction
from orders.models import Order

CODE, TOKEN = "code", "token"  # how a contact was proved
CODE_DIGITS = 6
CODE_LIVES = timedelta(minutes=10)
PROOF_LIVES = timedelta(hours=12)
TRIES = 5  # per code
REQUESTS_PER_CONVERSATION = 5  # an hour
SAME_NUMBER = 3  # orders of one number that are looked at
CODES_PER_CONTACT = 3  # an hour: nobody's mailbox is flooded, and nobody gets more than 15 guesses an hour
_HOUR = timedelta(hours=1)
_KEY_LIMIT = 120
_LOOKED_AT = 100  # proofs of one contact

_TRY = (
    "UPDATE code_request SET attempts = attempts + 1"
    " WHERE id = (SELECT MAX(r.id) FROM code_request AS r"
    " WHERE r.conversation_id = {conversation} AND r.twin_of IS NULL)"
    " AND attempts < {tries} AND used_at IS NULL AND expires_at > {now} RETURNING id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeToSend:
    """A fresh code and where it goes: an e-mail address, or a phone number in E.164 when the order has no address."""

    contact: str
    code: str
    language: str
    shop: Shop


async def request_code(conversation_id: int, order_number: str) -> None:
    """Ask for a code to the contact on this order. Raises NotFound, and TooMany after five in an hour."""
    async with transaction():
        conversation = await Conversation.filter(id=conversation_id).select_for_update().first()
        if conversation is None:
            raise NotFound("no such conversation")
        moment = now()
        recent = CodeRequest.filter(conversation_id=conversation_id, twin_of=None, created_at__gt=moment - _HOUR)
        asked = [request.created_at for request in await recent.order_by("id")]
        if len(asked) >= REQUESTS_PER_CONVERSATION:
            wait = asked[-REQUESTS_PER_CONVERSATION] + _HOUR - moment
            raise TooMany("too many codes", code="too_many_codes", retry_after=int(wait.total_seconds()) + 1)
        request = await CodeRequest.create(
            conversation_id=conversation_id,
            number_key=reference(order_number)[:_KEY_LIMIT],
            code_hash=_hashed(_new_code()),  # fits nobody's code, but costs and looks the same
            created_at=moment,
            expires_at=moment + CODE_LIVES,
        )
        record(CodeRequested(conversation_id=conversation_id, code_request_id=request.id))


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
        for contact in await _contacts(shop, request.number_key):
            if await _had_enough(contact, request):
                continue
            code = CodeToSend(contact=contact, code=_new_code(), language=request.conversation.language, shop=shop)
            await _keep(request, code, first=not codes)
            codes.append(code)
    return codes


async def check_code(conversation_id: int, code: str) -> bool:
    """Does `code` fit the newest request of the conversation? Then its contact is proved, for twelve hours.

    Each try counts before it is looked at, so that parallel tries cannot have more than five. The code that has just
    proved something fits again, so that a repeated job comes to the same end; it proves nothing new.
    """
    typed = reference(code)
    if len(typed) != CODE_DIGITS or not typed.isascii() or not typed.isdigit():
        return False  # cannot be a code: not worth a try
    async with transaction():
        moment = now()
        rows = await fetch(_TRY, tries=TRIES, now=moment, conversation=conversation_id)
        if not rows:
            return await _has_just_fitted(conversation_id, typed)
        [row] = rows
        sent = await CodeRequest.filter(Q(id=row["id"]) | Q(twin_of=row["id"])).order_by("id")
        fitting = [request for request in sent if _fits(typed, request.code_hash) and request.contact]
        if not fitting:
            return False
        if not await CodeRequest.filter(id=row["id"], used_at=None).update(
            used_at=moment, code_hash=fitting[0].code_hash
        ):
            return False
        await Proof.create(
            conversation_id=conversation_id,
            kind=CODE,
            contact=fitting[0].contact,
            proved_at=moment,
            expires_at=moment + PROOF_LIVES,
        )
        record(ContactProved(conversation_id=conversation_id, contact=fitting[0].contact))
    return True


async def prove_by_token(conversation_id: int, contacts: Collection[str]) -> None:
    """The shop vouches for these contacts: they are proved in the conversation for twelve hours from now."""
    async with transaction():
        moment = now()
        for contact in contacts:
            mine = Proof.filter(conversation_id=conversation_id, kind=TOKEN, contact=contact)
            if not await mine.filter(expires_at__gt=moment).update(expires_at=moment + PROOF_LIVES):
                await Proof.create(
                    conversation_id=conversation_id,
                    kind=TOKEN,
                    contact=contact,
                    proved_at=moment,
                    expires_at=moment + PROOF_LIVES,
                )
            record(ContactProved(conversation_id=conversation_id, contact=contact))


async def withdraw_token_proofs(conversation_id: int) -> None:
    """The customer has signed out of the shop: what the shop vouched for counts no longer."""
    vouched = Proof.filter(conversation_id=conversation_id, kind=TOKEN, expires_at__gt=now())
    await vouched.update(expires_at=now())


async def tries_left(conversation_id: int) -> int:
    """How many tries the newest request leaves; 0 when there is none that could still fit."""
    request = await CodeRequest.filter(conversation_id=conversation_id, twin_of=None).order_by("-id").first()
    if request is None or request.used_at is not None or request.expires_at <= now():
        return 0
    return max(0, TRIES - request.attempts)


async def proven_contacts(conversation_id: int) -> tuple[str, ...]:
    """The contacts that this conversation's customer has proved and that have not expired."""
    proofs = Proof.filter(conversation_id=conversation_id, expires_at__gt=now()).order_by("id")
    return tuple(dict.fromkeys([proof.contact for proof in await proofs]))


async def contacts_beside(shop_id: int, contacts: Collection[str]) -> tuple[str, ...]:
    """Contacts of this shop's customers that were proved in the same conversations as one of `contacts`, ever.

    Who has shown both to be theirs is one person. For the desk: it opens nothing to customers.
    """
    proved = Proof.filter(contact__in=list(contacts), conversation__shop_id=shop_id).order_by("-id").limit(_LOOKED_AT)
    ids = await proved.values_list("conversation_id", flat=True)
    beside = Proof.filter(conversation_id__in=list(set(ids))).distinct().values_list("contact", flat=True)
    return tuple(sorted({str(contact) for contact in await beside} - set(contacts)))


async def _contacts(shop: Shop, number_key: str) -> list[str]:
    """Where the customers of the newest orders with this number can be reached. Two platforms may use one number."""
    orders = await Order.filter(shop_id=shop.id, number_key=number_key).order_by("-placed_at", "-id").limit(SAME_NUMBER)
    return list(dict.fromkeys(contact for order in orders if (contact := order.email or order.phone)))


async def _keep(request: CodeRequest, code: CodeToSend, *, first: bool) -> None:
    """Store the code's hash: in the request itself, or for a further contact in a twin."""
    hashed = _hashed(code.code)
    if first:
        # `used_at` again: the code of a first run may have been typed in meanwhile.
        await CodeRequest.filter(id=request.id, used_at=None).update(contact=code.contact, code_hash=hashed)
        return
    await CodeRequest.create(
        conversation_id=request.conversation_id,
        number_key=request.number_key,
        twin_of=request.id,
        contact=code.contact,
        code_hash=hashed,
        created_at=request.created_at,
        expires_at=request.expires_at,
    )


async def _had_enough(contact: str, request: CodeRequest) -> bool:
    sent = CodeRequest.filter(contact=contact, created_at__gt=now() - _HOUR).exclude(id=request.id)
    return await sent.count() >= CODES_PER_CONTACT


async def _has_just_fitted(conversation_id: int, typed: str) -> bool:
    used = await CodeRequest.filter(conversation_id=conversation_id, twin_of=None).order_by("-id").first()
    if used is None or used.used_at is None or not await proven_contacts(conversation_id):
        return False
    return used.expires_at > now() and _fits(typed, used.code_hash)


def _new_code() -> str:
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def _hashed(code: str) -> str:
    salt = secrets.token_hex(16)
    return f"{salt}:{hashlib.sha256((salt + code).encode()).hexdigest()}"


def _fits(code: str, stored: str) -> bool:
    salt, _, wanted = stored.partition(":")
    return hmac.compare_digest(hashlib.sha256((salt + code).encode()).hexdigest(), wanted)
