"""Public identifiers: a readable prefix and 26 characters that sort by time and cannot be guessed."""

import re
import secrets

from core.clock import now

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_TIME_CHARACTERS, _RANDOM_CHARACTERS = 10, 16
_FORM = re.compile(r"[a-z]{2,8}_[0-9a-z]{1,30}", re.ASCII)


def new_id(prefix: str) -> str:
    """Return e.g. `tkt_01k9q3v6m2…`: 48 bits of milliseconds, then 80 random bits (the layout of a ULID)."""
    milliseconds = int(now().timestamp() * 1000)
    value = (milliseconds << 80) | secrets.randbits(80)
    return f"{prefix}_{_encode(value, _TIME_CHARACTERS + _RANDOM_CHARACTERS)}"


def new_unguessable_id(prefix: str) -> str:
    """Return an id of the same form with 130 random bits and no time in it: for what is reached by an address."""
    length = _TIME_CHARACTERS + _RANDOM_CHARACTERS
    return f"{prefix}_{_encode(secrets.randbits(5 * length), length)}"


def as_id(text: str) -> str:
    """`text` if it has the form of a public id, else "", which nothing is called. For ids that strangers send: the
    database refuses to look for what is too long or holds a NUL."""
    return text if _FORM.fullmatch(text) else ""


def new_token(prefix: str = "") -> str:
    """Return a secret with 256 random bits. Store only its hash."""
    return prefix + secrets.token_urlsafe(32)


def _encode(value: int, length: int) -> str:
    """`length` characters, which is even: two at a time."""
    pairs = []
    for _ in range(length // 2):
        pairs.append(_PAIRS[value & 1023])
        value >>= 10
    pairs.reverse()
    return "".join(pairs)
