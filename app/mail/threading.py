"""Which conversation a mail belongs to: signed tokens in our addresses and Message-IDs. Pure.

A token names a public id and carries an HMAC over its kind, that id and the address it was made for. It is verified,
never matched by pattern; subjects decide nothing.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

REPLY, BOUNCE = "r", "b"  # what an address is for: the customer's answer; the mail system's complaint
CONVERSATION_PREFIX, OUTGOING_PREFIX = "cnv_", "mlo_"

_SIGNATURE_BYTES = 10  # 80 bits in 16 characters: an address has 64 before the @
_CONTEXT = b"wismo mail token v1"
MAX_ID = 500  # characters that are looked at
_NAME, _SIGNATURE = r"(?P<name>[0-9a-z]{26})", r"(?P<signature>[a-z2-7]{16})"
_IN_ADDRESS = re.compile(rf"(?P<mailbox>.+?)[+\-=_#](?P<kind>[{REPLY}{BOUNCE}]){_NAME}\.{_SIGNATURE}")
_IN_ID = re.compile(rf"(?<![0-9a-z]){_NAME}\.(?P<detail>[a-z2-7]{{16}})\.{_SIGNATURE}(?![0-9a-z])")


@dataclass(frozen=True, slots=True)
class Token:
    """What an address or a Message-ID claims; worth nothing before `verify`."""

    kind: str
    public_id: str
    detail: str  # which mail of the conversation; empty in addresses
    signature: str


def reply_address(secret: bytes, mailbox: str, conversation: str, customer: str) -> str:
    """Where the customer's answer should go: `help+r01k9….signature@lumen.example`."""
    return _with_token(secret, mailbox, REPLY, conversation, customer)


def bounce_address(secret: bytes, mailbox: str, outgoing: str, recipient: str) -> str:
    """The envelope sender of one mail of ours: whatever comes back to it is about that mail."""
    return _with_token(secret, mailbox, BOUNCE, outgoing, recipient)


def message_id(secret: bytes, mailbox: str, key: str, conversation: str = "", customer: str = "") -> str:
    """A Message-ID (without brackets), the same whenever it is made for `key`; it names the conversation, if any."""
    detail = _encode(hashlib.sha256(key.encode()).digest())
    domain = mailbox.rpartition("@")[2]
    if not conversation:
        return f"{detail}.{_sign(secret, 'm', detail, '', '')}@{domain}"
    name = conversation.removeprefix(CONVERSATION_PREFIX)
    return f"{name}.{detail}.{_sign(secret, REPLY, conversation, customer, detail)}@{domain}"


def token_in_address(address: str) -> Token | None:
    """The token after the `+` of one of our addresses, or after what some mail systems write in its place."""
    match = _IN_ADDRESS.fullmatch(_local_part(address))
    if match is None:
        return None
    prefix = CONVERSATION_PREFIX if match["kind"] == REPLY else OUTGOING_PREFIX
    return Token(match["kind"], prefix + match["name"], "", match["signature"])


def token_in_id(header_id: str) -> Token | None:
    """The token in a Message-ID of ours that names a conversation; also in one that was cut off after it."""
    match = _IN_ID.search(header_id[:MAX_ID].lower())
    if match is None:
        return None
    return Token(REPLY, CONVERSATION_PREFIX + match["name"], match["detail"], match["signature"])


def verify(secret: bytes, token: Token, address: str) -> bool:
    """Whether we made `token`, and made it for `address`."""
    expected = _sign(secret, token.kind, token.public_id, address, token.detail)
    return hmac.compare_digest(expected.encode(), token.signature.encode())


def mailbox_of(address: str) -> str:
    """The shop's own address that an address with a token (or any other `+` part) belongs to, in lower case."""
    local, domain = _local_part(address), address.lower().rpartition("@")[2]
    match = _IN_ADDRESS.fullmatch(local)
    return f"{match['mailbox'] if match else local.partition('+')[0]}@{domain}"


def same_address(address: str) -> str:
    """`address` in the one form in which addresses are compared and signed: lower case, the domain as it is sent."""
    local, at, domain = address.strip().lower().rpartition("@")
    return local + at + ascii_domain(domain)


def ascii_domain(domain: str) -> str:
    """A domain in lower case as it is sent (RFC 5890); as it is written, if that cannot be."""
    domain = domain.strip().rstrip(".").lower()
    try:
        return domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return domain


def _local_part(address: str) -> str:
    return address[:MAX_ID].lower().rpartition("@")[0].strip().strip('"')


def _with_token(secret: bytes, mailbox: str, kind: str, public_id: str, address: str) -> str:
    local, _, domain = mailbox.rpartition("@")
    name = public_id.partition("_")[2]
    return f"{local.partition('+')[0]}+{kind}{name}.{_sign(secret, kind, public_id, address, '')}@{domain}"


def _sign(secret: bytes, kind: str, public_id: str, address: str, detail: str) -> str:
    words = "\x00".join((kind, public_id, same_address(address), detail)).encode()
    return _encode(hmac.new(secret, _CONTEXT + b"\x00" + words, hashlib.sha256).digest())


def _encode(digest: bytes) -> str:
    return base64.b32encode(digest[:_SIGNATURE_BYTES]).decode().lower()
