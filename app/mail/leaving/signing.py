"""Mail is signed as it leaves (DKIM, RFC 6376), where an identity has a key. Needs the extra `wismo[mailauth]`."""

from types import ModuleType

from core.errors import Invalid

try:
    import dkim as _loaded

    _dkim: ModuleType | None = _loaded
except ImportError:  # the relay signs, or nobody
    _dkim = None

# Signed once more than they are there (RFC 6376 8.15): a second one, added on the way, breaks the signature.
_ONCE = ("From", "To", "Cc", "Subject", "Date", "Reply-To")
_HEADERS = (
    *_ONCE, "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type", "Auto-Submitted",
    "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip


def can_sign() -> bool:
    """Whether the extra is installed."""
    return _dkim is not None


def sign(content: bytes, *, domain: str, selector: str, pem: str) -> bytes:
    """`content` with a DKIM-Signature before everything else. Raises Invalid (cannot_sign) without the extra."""
    if _dkim is None:
        raise Invalid("install wismo[mailauth] to sign mail", code="cannot_sign")
    head = content.partition(b"\r\n\r\n")[0].lower()
    present = [name.encode() for name in _HEADERS if b"\n" + name.lower().encode() + b":" in b"\n" + head]
    signature: bytes = _dkim.sign(
        content,
        selector.encode(),
        domain.encode(),
        pem.encode(),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[*present, *(name.encode() for name in _ONCE)],
    )
    return signature + content
