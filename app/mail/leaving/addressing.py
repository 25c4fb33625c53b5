"""To whom an answer goes: the agent's choice for one mail, checked, and what is offered before anybody chooses."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.mail.leaving.composing import Mailbox, is_address
from app.mail.models import IncomingMail
from app.mail.owning import ours_among
from app.mail.participants import COPIED, THIRD_PARTY, participants_of
from app.mail.reading.authentication import FAIL
from app.mail.reading.headers import one_line
from app.mail.threading import same_address
from conversations.models import Conversation, Message
from core.errors import Invalid

REPLY, REPLY_ALL, FORWARD = "reply", "reply_all", "forward"
MODES = (REPLY, REPLY_ALL, FORWARD)
MAX_RECIPIENTS = 20  # in To and Cc together
MAX_FORWARDED = 50  # messages
LOOKED_AT = 20  # mails of a conversation

_BETWEEN = re.compile(r'((?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^",;，；、<\r\n])*)[,;，；、\r\n]?')
_NAMED = re.compile(r"^\s*(?P<name>[^<>]*?)\s*<\s*(?P<address>[^<>]*?)\s*>\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressing:
    """The choice for one mail. Kept with drafts, held replies and messages as `as_data` writes it."""

    mode: str = REPLY
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    quote: bool = True  # the mail that is answered stands below
    identity: str = ""  # public id of the address it leaves from; empty: the one that the conversation came to
    numbers: tuple[int, ...] = ()  # of the messages that are forwarded

    def as_data(self) -> dict[str, Any]:
        """For a JSON column."""
        return {
            "mode": self.mode,
            "to": [[box.name, box.address] for box in self.to],
            "cc": [[box.name, box.address] for box in self.cc],
            "quote": self.quote,
            "identity": self.identity,
            "numbers": list(self.numbers),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a composer begins with."""

    reply: Addressing
    reply_all: Addressing | None  # none: nobody else takes part
    instead: tuple[Mailbox, ...]  # where the newest mail wants its answers: shown with a warning, never taken
    subject: str


def from_data(data: Mapping[str, Any] | None) -> Addressing:
    """What `as_data` wrote. Raises Invalid (bad_recipienting) for anything else."""
    if not data:
        return Addressing()
    try:
        return Addressing(
            mode=str(data.get("mode", REPLY)),
            to=_boxes(data.get("to", ())),
            cc=_boxes(data.get("cc", ())),
            quote=bool(data.get("quote", True)),
            identity=str(data.get("identity", "")),
            numbers=tuple(int(number) for number in data.get("numbers", ())),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise Invalid("not a choice of recipients", code="bad_recipienting") from error


def read_addressing(form: Mapping[str, str]) -> Addressing:
    """The fields of a form: mode, to, cc, quote ("0": none), identity, numbers. Raises Invalid (bad_recipient)."""
    return Addressing(
        mode=form.get("mail_mode", REPLY),
        to=read_mailboxes(form.get("mail_to", "")),
        cc=read_mailboxes(form.get("mail_cc", "")),
        quote=form.get("mail_quote", "1") != "0",
        identity=form.get("mail_identity", ""),
        numbers=tuple(int(number) for number in form.get("mail_numbers", "").split() if number.isdecimal()),
    )


def read_mailboxes(text: str) -> tuple[Mailbox, ...]:
    """`Anna <anna@shop.example>; lin@shop.example`: separated as people do. Raises Invalid (bad_recipient)."""
    pieces = (match[1].strip() for match in _BETWEEN.finditer(text[:20_000]))
    return tuple(_mailbox(piece) for piece in pieces if piece)


async def check_addressing(conversation: Conversation, wanted: Addressing) -> Addressing:
    """The choice as it will be used: each address once, none of ours; with nobody named, the usual ones.

    An answer goes to the customer or where their newest mail wants its answers; whoever shall see only a part of the
    talk gets it forwarded. Raises Invalid (bad_recipient, too_many_recipients, no_recipient, customer_missing,
    customer_in_forward, bad_mode).
    """
    if wanted.mode not in MODES:
        raise Invalid("a reply, a reply to all or a forwarded mail", code="bad_mode")
    if wanted.mode != FORWARD and not wanted.to:
        offer = await offer_for(conversation)
        usual = offer.reply_all if wanted.mode == REPLY_ALL and offer.reply_all else offer.reply
        wanted = replace(wanted, to=usual.to, cc=wanted.cc or usual.cc)
    to, cc = await _cleaned(wanted)
    _require_some(to, cc)
    customer = (conversation.customer.email or "").lower()
    if wanted.mode == FORWARD:
        if any(box.address.lower() == customer for box in (*to, *cc)):
            raise Invalid("what is forwarded is not for the customer", code="customer_in_forward")
        if len(wanted.numbers) > MAX_FORWARDED:
            raise Invalid("fifty messages at most", code="too_many_messages", limit=MAX_FORWARDED)
    elif not {box.address.lower() for box in to} & {customer, *await _wants_answers_at(conversation)}:
        raise Invalid("an answer goes to the customer", code="customer_missing", address=customer)
    return replace(wanted, to=to, cc=cc)


async def offer_for(conversation: Conversation) -> Offer:
    """What is offered in a conversation by mail: the customer; beside them everybody whom the newest mail named and
    whom an agent brought in. Needs `conversation.customer`."""
    customer = Mailbox(conversation.customer.name, conversation.customer.email or "")
    headers = await _newest_headers(conversation)
    people = await participants_of(conversation.id)
    copied = [Mailbox(person.name, person.address) for person in people.values() if person.role == COPIED]
    asked = {address for address, person in people.items() if person.role == THIRD_PARTY}
    written = [box for field in ("to", "cc") for box in _boxes(headers.get(field)) if is_address(box.address)]
    named = [box for box in written if box.address.lower() not in asked]
    to = (customer,) if is_address(customer.address) else ()
    _, others = await _cleaned(Addressing(to=to, cc=(*named, *copied)))
    elsewhere = tuple(box for box in _boxes(headers.get("reply_to")) if is_address(box.address))
    wanted, _ = await _cleaned(Addressing(to=elsewhere))
    everybody = Addressing(mode=REPLY_ALL, to=to, cc=others[: MAX_RECIPIENTS - 1])
    return Offer(
        reply=Addressing(to=to),
        reply_all=everybody if others else None,
        instead=tuple(box for box in wanted if box.address.lower() != customer.address.lower()),
        subject=conversation.subject,
    )


def addressing_of(message: Message) -> Addressing | None:
    """The choice that was stored with a message, if any."""
    return from_data(message.addressing) if message.addressing else None


def _boxes(data: Iterable[Sequence[str]] | None) -> tuple[Mailbox, ...]:
    return tuple(Mailbox(one_line(str(name))[:200], str(address)) for name, address in data or ())


def _mailbox(piece: str) -> Mailbox:
    named = _NAMED.match(piece)
    name, address = (named["name"], named["address"]) if named else ("", piece)
    if name.startswith('"') and name.endswith('"') and len(name) > 1:
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    if not is_address(address):
        raise Invalid("not an address", code="bad_recipient", address=piece[:320])
    return Mailbox(one_line(name)[:200], address)


async def _cleaned(wanted: Addressing) -> tuple[tuple[Mailbox, ...], tuple[Mailbox, ...]]:
    """To and Cc without our own mailboxes, each address once; what is in To is not in Cc."""
    everybody = (*wanted.to, *wanted.cc)
    for box in everybody:
        if not is_address(box.address):
            raise Invalid("not an address", code="bad_recipient", address=box.address[:320])
    seen = await ours_among(box.address for box in everybody)
    kept: list[list[Mailbox]] = []
    for boxes in (wanted.to, wanted.cc):
        kept.append([])
        for box in boxes:
            if box.address.lower() not in seen:
                seen.add(box.address.lower())
                kept[-1].append(box)
    return tuple(kept[0]), tuple(kept[1])


def _require_some(to: Sequence[Mailbox], cc: Sequence[Mailbox]) -> None:
    if not to:
        raise Invalid("nobody to write to", code="no_recipient")
    if len(to) + len(cc) > MAX_RECIPIENTS:
        raise Invalid("twenty recipients at most", code="too_many_recipients", limit=MAX_RECIPIENTS)


async def _wants_answers_at(conversation: Conversation) -> set[str]:
    headers = await _newest_headers(conversation)
    return {box.address.lower() for box in _boxes(headers.get("reply_to"))}


async def _newest_headers(conversation: Conversation) -> Mapping[str, Any]:
    """Of the customer's own newest mail: what others or forgers write decides nothing about who is written to."""
    mails = IncomingMail.filter(conversation_id=conversation.id, state="posted", message_id__isnull=False)
    rows = await mails.exclude(sender_check=FAIL).order_by("-id").limit(LOOKED_AT).values("headers")
    customer = same_address(conversation.customer.email or "")
    own = (
        row["headers"] for row in rows if row["headers"] and same_address(row["headers"].get("from", "")) == customer
    )
    return next(own, {})
