"""What a customer has shown about themselves: one-time codes to the contact on an order or to an address they typed, or
the shop's own word.

Asking never looks for the order: known and unknown numbers look and take the same. A job finds out later whether there
is anybody to send a code to. A code has six digits, lives for ten minutes, fits once, in the conversation that asked,
and only until that asks for the next one.
"""

from collections.abc import Collection
from datetime import timedelta

from tortoise.expressions import Q

from conversations.codes import CODE_DIGITS, fits, hashed, new_code
from conversations.events import CodeRequested, ContactProved
from conversations.models import CodeRequest, Conversation, Proof
from core.bundles import Bundle, Later, alone
from core.clock import now
from core.errors import Invalid, NotFound, TooMany
from core.sql import fetch
from core.text import reference
from core.transactions import record, transaction
from orders.contacts import normal_email

CODE, TOKEN = "code", "token"  # how a contact was proved
CODE_LIVES = timedelta(minutes=10)
PROOF_LIVES = timedelta(hours=12)
TRIES = 5  # per code
REQUESTS_PER_CONVERSATION = 5  # an hour
_HOUR = timedelta(hours=1)
_KEY_LIMIT = 120
_LOOKED_AT = 100  # proofs of one contact

_BESIDE = (
    "SELECT DISTINCT b.contact FROM proof AS b WHERE b.conversation_id IN (SELECT p.conversation_id FROM proof AS p"
    " JOIN conversation AS c ON c.id = p.conversation_id WHERE p.contact IN ({contacts}) AND c.shop_id = {shop}"
    " ORDER BY p.id DESC LIMIT {most})"
)
_TRY = (
    "UPDATE code_request SET attempts = attempts + 1"
    " WHERE id = (SELECT MAX(r.id) FROM code_request AS r"
    " WHERE r.conversation_id = {conversation} AND r.twin_of IS NULL AND (r.address IS NOT NULL) = {by_address})"
    " AND attempts < {tries} AND used_at IS NULL AND expires_at > {now} RETURNING id"
)


async def request_code(conversation_id: int, order_number: str) -> None:
    """Ask for a code to the contact on this order. Raises NotFound, and TooMany after five in an hour."""
    await _ask(conversation_id, number_key=reference(order_number)[:_KEY_LIMIT])


async def request_address_code(conversation_id: int, address: str) -> None:
    """Ask for a code to an e-mail address that somebody has typed, whether anybody knows it or not.

    Raises Invalid (bad_address), NotFound, and TooMany after five codes in an hour.
    """
    email = normal_email(address)
    if email is None:
        raise Invalid("not an e-mail address", code="bad_address")
    await _ask(conversation_id, address=email)


async def check_code(conversation_id: int, code: str, *, by_address: bool = False) -> bool:
    """Does `code` fit the newest request of the conversation? Then its contact is proved, for twelve hours.

    `by_address` looks at requests for a typed address, otherwise at those for orders: the two do not end each other.

    Each try counts before it is looked at, so that parallel tries cannot have more than five. The code that has just
    proved something fits again, so that a repeated job comes to the same end; it proves nothing new.
    """
    typed = reference(code)
    if len(typed) != CODE_DIGITS or not typed.isascii() or not typed.isdigit():
        return False  # cannot be a code: not worth a try
    async with transaction():
        moment = now()
        rows = await fetch(_TRY, tries=TRIES, now=moment, conversation=conversation_id, by_address=by_address)
        if not rows:
            return await _has_just_fitted(conversation_id, typed, by_address)
        [row] = rows
        sent = await CodeRequest.filter(Q(id=row["id"]) | Q(twin_of=row["id"])).order_by("id")
        fitting = [request for request in sent if fits(typed, request.code_hash) and request.contact]
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


async def tries_left(conversation_id: int, *, by_address: bool = False) -> int:
    """How many tries the newest request leaves; 0 when there is none that could still fit."""
    request = await _newest(conversation_id, by_address)
    if request is None or request.used_at is not None or request.expires_at <= now():
        return 0
    return max(0, TRIES - request.attempts)


async def proven_contacts(conversation_id: int) -> tuple[str, ...]:
    """The contacts that this conversation's customer has proved and that have not expired."""
    return await alone(lambda bundle: proven_in(bundle, conversation_id))


def proven_in(bundle: Bundle, conversation_id: int) -> Later[tuple[str, ...]]:
    """What `proven_contacts` gives, as part of a bundle."""
    proofs = bundle.table(
        "contact",
        "SELECT contact FROM proof WHERE conversation_id = {conversation} AND expires_at > {now} ORDER BY id",
        conversation=conversation_id,
        now=now(),
    )
    return lambda: tuple(dict.fromkeys(row["contact"] for row in proofs))


def contacts_beside_in(bundle: Bundle, shop_id: int, contacts: Collection[str]) -> Later[tuple[str, ...]]:
    """Contacts of this shop's customers that were proved in the same conversations as one of `contacts`, ever.

    Who has shown both to be theirs is one person. For the desk: it opens nothing to customers.
    """
    values = {"contacts": list(contacts), "shop": shop_id, "most": _LOOKED_AT}
    proofs = bundle.table("contact", _BESIDE, **values)
    return lambda: tuple(sorted({row["contact"] for row in proofs} - set(contacts)))


async def _ask(conversation_id: int, *, number_key: str = "", address: str | None = None) -> None:
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
            number_key=number_key,
            address=address,
            code_hash=hashed(new_code()),  # fits nobody's code, but costs and looks the same
            created_at=moment,
            expires_at=moment + CODE_LIVES,
        )
        record(CodeRequested(conversation_id=conversation_id, code_request_id=request.id))


async def _newest(conversation_id: int, by_address: bool) -> CodeRequest | None:
    asked = CodeRequest.filter(conversation_id=conversation_id, twin_of=None, address__not_isnull=by_address)
    return await asked.order_by("-id").first()


async def _has_just_fitted(conversation_id: int, typed: str, by_address: bool) -> bool:
    used = await _newest(conversation_id, by_address)
    if used is None or used.used_at is None or not await proven_contacts(conversation_id):
        return False
    return used.expires_at > now() and fits(typed, used.code_hash)
