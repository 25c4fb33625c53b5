"""Which conversation a mail belongs to: the one that a token of ours names, signed for exactly this sender."""

from app.mail.models import IncomingMail
from app.mail.reading.parsing import ParsedMail
from app.mail.threading import Token, token_in_address, token_in_id, verify
from conversations.models import Conversation

MAX_TOKENS = 100  # Message-IDs of a thread that are looked at


async def conversation_named(mail: IncomingMail, parsed: ParsedMail, secret: bytes) -> Conversation | None:
    """The conversation that a token of ours names, if the sender is the customer it was made for."""
    tokens = [token_in_address(mail.recipient)]
    tokens += [token_in_id(header_id) for header_id in (*parsed.in_reply_to, *reversed(parsed.references))][:MAX_TOKENS]
    for token in dict.fromkeys(token for token in tokens if token is not None):
        conversation = await _named(token, mail, parsed, secret)
        if conversation is not None:
            return conversation
    return None


async def _named(token: Token, mail: IncomingMail, parsed: ParsedMail, secret: bytes) -> Conversation | None:
    if not parsed.from_address or not verify(secret, token, parsed.from_address):
        return None
    found = Conversation.filter(public_id=token.public_id, shop_id=mail.shop_id, customer__email=parsed.from_address)
    return await found.select_related("customer", "shop").first()
