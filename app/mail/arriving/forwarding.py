"""A customer's mail that an agent passed on to the shop's address: held until somebody says who the customer is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.i18n import gettext
from app.mail.arriving.entering import add_mail_note, open_mail_ticket, post_words
from app.mail.arriving.senders import is_ours, language_of
from app.mail.models import FORWARDED, IncomingMail, MailSuggestion
from app.mail.reading.authentication import FAIL
from app.mail.reading.forwarding import Forwarded
from app.mail.reading.parsing import ParsedMail
from conversations.attachments import ArrivedFile
from conversations.handover import hand_to_queue
from conversations.models import EMAIL
from conversations.opening import open_conversation
from core.clock import now
from core.ids import new_id
from core.people import SYSTEM, Actor, Agent, Customer, shop_ids_of


async def forwarded_by(mail: IncomingMail, parsed: ParsedMail) -> tuple[Agent, Forwarded] | None:
    """The agent of the shop whose address the mail comes from, and what it passes on; nothing if that is forged."""
    found = parsed.forwarded
    if found is None or mail.sender_check == FAIL or parsed.senders != 1:
        return None
    agent = await Agent.get_or_none(email=parsed.from_address, active=True)
    if agent is None or mail.shop_id not in await shop_ids_of(agent):
        return None
    if await is_ours(found.address) or await Agent.exists(email=found.address):
        return None
    return agent, found


async def hold_forwarded(
    mail: IncomingMail, parsed: ParsedMail, agent: Agent, found: Forwarded, files: Sequence[ArrivedFile]
) -> None:
    """Open a conversation and a ticket with the words of the mail within. Its customer has no address before an agent
    confirms one, so nothing can be sent to anybody. The caller has a transaction open.
    """
    assert mail.shop is not None
    inner = _within(parsed, found)
    language = language_of(inner, mail.shop)
    customer = await Customer.create(
        public_id=new_id("cus"),
        shop=mail.shop,
        name=found.name or found.address.partition("@")[0],
        language=language,
        created_at=now(),
    )
    conversation = await open_conversation(
        mail.shop, customer, channel=EMAIL, language=language, subject=inner.subject[:300]
    )
    await hand_to_queue(conversation.id, SYSTEM, "mail")
    mail.headers = _as_passed_on(mail, found, agent.name)
    await post_words(mail, inner, conversation, Actor.of(customer), files)
    if found.cover:
        words = gettext("%(name)s forwarded this email and wrote:", language) % {"name": agent.name}
        await add_mail_note(conversation, mail, "cover", f"{words}\n\n{found.cover}")
    await open_mail_ticket(inner, conversation, Actor.of(customer))
    await MailSuggestion.create(
        public_id=new_id("mls"),
        kind=FORWARDED,
        mail_id=mail.id,
        conversation_id=conversation.id,
        address=found.address,
        name=found.name,
        forwarder_id=agent.id,
        created_at=now(),
    )


def read_within(mail: IncomingMail, before: Mapping[str, Any] | None, parsed: ParsedMail) -> ParsedMail:
    """What is read again of a mail that was held: the mail within and nothing else, or nothing when none is found now.

    `before` are the row's headers as they were.
    """
    by = str((before or {}).get("passed_on_by") or "")
    if not by:
        return parsed
    found = parsed.forwarded
    if found is None:
        mail.headers = before
        return replace(parsed, text="", reply_text="")
    mail.headers = _as_passed_on(mail, found, by)
    return _within(parsed, found)


def _within(parsed: ParsedMail, found: Forwarded) -> ParsedMail:
    return replace(parsed, subject=found.subject or parsed.subject, text=found.text, reply_text=found.text)


def _as_passed_on(mail: IncomingMail, found: Forwarded, by: str) -> dict[str, Any]:
    """The mail's fields as those of the mail within. Whom the agent wrote to takes part in nothing."""
    about = {"from": found.address, "from_name": found.name, "subject": found.subject, "passed_on_by": by}
    return (mail.headers or {}) | about | {"reply_to": [], "to": [], "cc": [], "in_reply_to": []}
