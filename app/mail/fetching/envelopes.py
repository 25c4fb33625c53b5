"""The envelope of a mail that came without one, from the fields that mail servers leave, and stand-ins for mails that
cannot be fetched. Pure.
"""

from collections.abc import Collection, Iterator

from app.mail.reading.headers import addresses
from app.mail.reading.mime import walk
from app.mail.reading.parts import MAX_HEAD, Part
from app.mail.threading import mailbox_of

NOBODY = "unknown"  # an envelope sender for mails that name none: they are not bounces, whose sender is empty
_DELIVERED = ("x-original-to", "delivered-to", "x-delivered-to", "envelope-to", "x-envelope-to", "original-recipient")
_ADDRESSED = ("to", "cc", "resent-to", "bcc")
_FIELD_BYTES = 16 * 1024  # of one field; a hostile one may have megabytes
_KEPT = (
    *("from", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references"),
    *("return-path", "auto-submitted", "precedence", "list-id", "authentication-results"),
)


def envelope_of(content: bytes, ours: Collection[str], otherwise: str) -> tuple[str, str]:
    """Sender and recipient of a fetched mail. `ours` are the shop's addresses in lower case, without any `+` part.

    The sender is the Return-Path, which the last server writes (RFC 5321 section 4.4), else who the mail is from. The
    recipient is the first of the shop's addresses that it was delivered or written to, one with a `+` part before the
    others; `otherwise` when there is none.
    """
    root = walk(_head_of(content)).parts[0]
    named = [address for address in _named(root) if mailbox_of(address) in ours]
    tagged = (address for address in named if "+" in address.partition("@")[0])
    return _sender(root), next(tagged, next(iter(named), otherwise))


def stand_in(head: bytes, words: str) -> bytes:
    """A short mail with the fields of `head` that matter, for one that stays where it is; `words` say why."""
    root = walk(_head_of(head)).parts[0]
    lines = [
        name.title().encode() + b": " + b" ".join(value.replace(b"\0", b"").split())
        for name, value in root.fields
        if name in _KEPT and len(value) <= _FIELD_BYTES
    ]
    kind = [b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: 8bit"]
    return b"\r\n".join([*lines, *kind, b"", *words.encode().splitlines(), b""])


def _head_of(content: bytes) -> bytes:
    start = content[:MAX_HEAD]
    ends = [end for end in (start.find(b"\r\n\r\n"), start.find(b"\n\n")) if end >= 0]
    return start[: min(ends)] + b"\r\n\r\n" if ends else start


def _sender(root: Part) -> str:
    path = root.raw("return-path")[:_FIELD_BYTES].strip()
    if path in (b"<>", b'<"">'):
        return ""
    for raw in (path, root.raw("from")[:_FIELD_BYTES], root.raw("sender")[:_FIELD_BYTES]):
        found = next(iter(addresses(raw)), None)
        if found is not None and found.email:
            return found.email
    return NOBODY


def _named(root: Part) -> Iterator[str]:
    for name in (*_DELIVERED, *_ADDRESSED):
        for key, value in root.fields:
            if key == name:
                yield from (found.email for found in addresses(value[:_FIELD_BYTES]))
