"""Which conversation a mail belongs to: the one that a token of ours names, and as whose words it enters.

A token counts for the address it was signed for. In another hand it names the conversation all the same, and that is
all: who takes part there already and is proved to be the sender joins in their own name; anybody else is suggested.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.mail.models import ACCEPTED, IncomingMail, MailSuggestion
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


@dataclass(frozen=True, slots=True)
class Trace:
    """A conversation that a token names, without making the sender a part of it."""

    conversation: Conversation


async def place_of(mail: IncomingMail, parsed: ParsedMail, secret: bytes) -> Place | Trace | None:
    """Where the tokens of a mail lead. `mail.sender_check` must be known."""
    tokens = list(dict.fromkeys(_tokens(mail, parsed)))[:MAX_TOKENS]
    if not tokens or not parsed.from_address:
        return None
    ids = {token.public_id for token in tokens}
    talks = await Conversation.filter(public_id__in=ids, shop_id=mail.shop_id).select_related("customer", "shop")
    found = lead(tokens, talks, parsed.from_address, secret)
    if not isinstance(found, Trace) or mail.sender_check != PASS:
        return found
    if not await takes_part(found.conversation, parsed.from_address):
        return found
    return Place(found.conversation, Actor("customer", found.conversation.customer_id, shown_sender(parsed)))


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
        if trace is None and any(verify(secret, token, address) for address in (customer, sender) if address):
            trace = Trace(talk)
    return trace


async def takes_part(conversation: Conversation, address: str) -> bool:
    """Whether the customer wrote to `address` in this conversation by mail, or an agent let them in."""
    if conversation.channel != EMAIL:
        return False
    wanted = same_address(address)
    let_in = MailSuggestion.filter(target_id=conversation.id, state=ACCEPTED, address=wanted)
    if await let_in.exists():
        return True
    mails = IncomingMail.filter(conversation_id=conversation.id, state="posted").exclude(sender_check=FAIL)
    rows = await mails.order_by("-id").limit(_THREAD).values("headers")
    return any(wanted in _copied(row["headers"], conversation.customer.email or "") for row in rows)


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
