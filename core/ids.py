"""Public identifiers: a readable prefix and 26 characters that sort by time and cannot be guessed."""

import secrets

from core.clock import now

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
_TIME_CHARACTERS, _RANDOM_CHARACTERS = 10, 16


def new_id(prefix: str) -> str:
    """Return e.g. `tkt_01k9q3v6m2…`: 48 bits of milliseconds, then 80 random bits (the layout of a ULID)."""
    milliseconds = int(now().timestamp() * 1000)
    value = (milliseconds << 80) | secrets.randbits(80)
    return f"{prefix}_{_encode(value, _TIME_CHARACTERS + _RANDOM_CHARACTERS)}"


def new_token(prefix: str = "") -> str:
    """Return a secret with 256 random bits. Store only its hash."""
    return prefix + secrets.token_urlsafe(32)


def _encode(value: int, length: int) -> str:
    characters = []
    for _ in range(length):
        value, digit = divmod(value, 32)
        characters.append(_ALPHABET[digit])
    return "".join(reversed(characters))
