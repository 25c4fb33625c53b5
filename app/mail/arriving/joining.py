"""Which conversation a mail belongs to: the one that a token of ours names, and as whose words it enters.

A token counts for the address it was signed for. In another hand it names the conversation all the same, and that is
all: who takes part there already and is proved to be the sender joins in their own name; anybody else is suggested.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.mail.models import IncomingMail
from app.mail.participants import COPIED, THIRD_PARTY, role_of
from app.mail.reading.authentication import FAIL, PASS
from app.mail.reading.parsing import ParsedMail
from app.mail.threading import REPLY, Token, same_address, token_in_address, token_in_id, verify
from conversations.models import EMAIL, Conversation
from core.people import Actor

MAX_TOKENS = 100  # of a mail that are looked at
_THREAD = 50  # mails of a conversation that are asked who takes part


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail belongs, and as whose words."""

    conversation: Conversation  # with customer and shop
    author: Actor
    internal: bool = False  # for the desk alone: of somebody whom an agent asked behind the customer's back


@dataclass(frozen=True, slots=True)
class Trace:
    """A conversation that a token names, without making the sender a part of it."""

    conversation: Conversation
    own: bool = False  # it was made for exactly this sender, who got it from us


async def place_of(mail: IncomingMail, parsed: ParsedMail, secret: bytes) -> Place | Trace | None:
    """Where the tokens of a mail lead. `mail.sender_check` must be known."""
    tokens = list(dict.fromkeys(_tokens(mail, parsed)))[:MAX_TOKENS]
    if not tokens or not parsed.from_address:
        return None
    ids = {token.public_id for token in tokens}
    talks = await Conversation.filter(public_id__in=ids, shop_id=mail.shop_id).select_related("customer", "shop")
    found = lead(tokens, talks, parsed.from_address, secret)
    if not isinstance(found, Trace) or not (found.own or mail.sender_check == PASS):
        return found
    role, talk = await role_in(found.conversation, parsed.from_address), found.conversation
    if role == THIRD_PARTY:
        return Place(talk, Actor("other", None, shown_sender(parsed)), internal=True)
    return Place(talk, Actor("customer", talk.customer_id, shown_sender(parsed))) if role else found


def lead(tokens: Sequence[Token], talks: Sequence[Conversation], sender: str, secret: bytes) -> Place | Trace | None:
    """What the tokens say of `sender`: the customer of one of the talks (with their customers), somebody with a token
    of ours that was made for another, or nothing. Pure.
    """
    named, trace = {talk.public_id: talk for talk in talks}, None
    for token in tokens:
        talk = named.get(token.public_id)
        if talk is None or token.kind != REPLY:
            continue
        customer = talk.customer.email or ""
        if customer and same_address(customer) == same_address(sender) and verify(secret, token, sender):
            return Place(talk, Actor.of(talk.customer))
        own = verify(secret, token, sender)
        if own or (trace is None and customer and verify(secret, token, customer)):
            trace = Trace(talk, own)
    return trace


async def role_in(conversation: Conversation, address: str) -> str:
    """As what `address` takes part beside the customer: as an agent brought them in, or `copied` when the customer
    wrote to them, too. Empty: not at all. In a chat nobody else speaks.
    """
    wanted = same_address(address)
    role = await role_of(conversation.id, wanted)
    if role == THIRD_PARTY or conversation.channel != EMAIL:
        return role if role == THIRD_PARTY else ""
    if role:
        return role
    mails = IncomingMail.filter(conversation_id=conversation.id, state="posted").exclude(sender_check=FAIL)
    rows = await mails.order_by("-id").limit(_THREAD).values("headers")
    return COPIED if any(wanted in _copied(row["headers"], conversation.customer.email or "") for row in rows) else ""


def shown_sender(parsed: ParsedMail) -> str:
    """How somebody who is not the customer is named in a thread: never by a name alone, which they choose."""
    name = parsed.from_name.strip()[: 198 - len(parsed.from_address)]
    return (f"{name} <{parsed.from_address}>" if name else parsed.from_address)[:200]


def _tokens(mail: IncomingMail, parsed: ParsedMail) -> Iterable[Token]:
    addresses = [mail.recipient, *(box.email for box in (*parsed.to, *parsed.cc)[:MAX_TOKENS])]
    found = [token_in_address(address) for address in addresses]
    found += [token_in_id(header_id) for header_id in (*parsed.in_reply_to, *reversed(parsed.references))]
    return (token for token in found if token is not None)


def _copied(headers: Mapping[str, Any] | None, customer: str) -> set[str]:
    """The addresses in To and Cc of a mail of the customer's."""
    if not headers or same_address(str(headers.get("from", ""))) != same_address(customer):
        return set()
    return {same_address(address) for field in ("to", "cc") for _, address in headers.get(field) or ()}
