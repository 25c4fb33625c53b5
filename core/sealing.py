"""Secrets of others that we must be able to use again: sealed with the installation's own secret before they are kept.

AES-256-GCM (NIST SP 800-38D) under a key derived by HKDF (RFC 5869). Whoever has only the database, or only a backup of
it, has nothing.
"""

import base64
import json
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import Invalid

_VERSION = "v1."
_NONCE_BYTES, _KEY_BYTES = 12, 32


def seal(secret: bytes, owner: str, values: Mapping[str, str]) -> str:
    """`values` as text that only `unseal` with the same secret and owner (a public id) can read."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _cipher(secret).encrypt(nonce, json.dumps(dict(values)).encode(), owner.encode())
    return _VERSION + base64.b64encode(nonce + sealed).decode()


def unseal(secret: bytes, owner: str, sealed: str) -> dict[str, str]:
    """What was sealed for `owner`. Raises Invalid (cannot_unseal): another secret, or changed text."""
    try:
        if not sealed.startswith(_VERSION):
            raise ValueError
        raw = base64.b64decode(sealed.removeprefix(_VERSION), validate=True)
        values = json.loads(_cipher(secret).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], owner.encode()))
    except (ValueError, InvalidTag):
        raise Invalid("this was sealed with another secret", code="cannot_unseal") from None
    return {str(name): str(value) for name, value in values.items()}


def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"wismo sealing v1").derive(secret))
