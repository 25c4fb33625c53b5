"""Saleor's two signatures: a detached JWS (RFC 7515, RFC 7797) against a stored JWKS, and the old HMAC. Pure.

A stored secret that is a JSON object is a JWKS and serves the first form only, any other serves the second only: a
public key must never be taken for a shared secret.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from core.errors import Unauthenticated

SIGNATURES = 4  # one delivery is tried against at most so many secrets
_KEYS = 8  # and so many keys of each
_LONGEST = 8192
_SMALLEST_BITS = 2048


def check(secrets: Sequence[str], given: str, body: bytes) -> None:
    """Raises Unauthenticated(bad_signature) unless `given` is the signature of `body` by one of `secrets`."""
    tried, is_jws = secrets[:SIGNATURES], given.count(".") == 2
    if is_jws:
        matches = [_jws_fits(_keys(secret), given, body) for secret in tried if is_jwks(secret)]
    else:
        matches = [hmac.compare_digest(given.encode(), _mac(s, body)) for s in tried if not is_jwks(s)]
    if not any(matches):
        raise Unauthenticated("the signature does not fit the body", code="bad_signature")


def is_jwks(secret: str) -> bool:
    return secret.lstrip().startswith("{")


def _mac(secret: str, body: bytes) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()


def _jws_fits(keys: tuple[tuple[str, RSAPublicKey], ...], given: str, body: bytes) -> bool:
    if len(given) > _LONGEST:
        return False
    protected, between, signature = given.split(".")
    try:
        header, proof = json.loads(_decoded(protected)), _decoded(signature)
    except (ValueError, RecursionError):
        return False
    if between or not isinstance(header, dict) or not _understood(header):
        return False
    content = body if header.get("b64") is False else base64.urlsafe_b64encode(body).rstrip(b"=")
    message, named = protected.encode() + b"." + content, header.get("kid")
    return any(_made_by(key, proof, message) for kid, key in keys if named is None or kid == named)


def _understood(header: dict[str, Any]) -> bool:
    """Only RS256, and no extension but the unencoded payload; one that we ignored could change the meaning."""
    critical = header.get("crit", [])
    unencoded = header.get("b64", True)
    named = critical == ["b64"] if unencoded is False else critical in ([], ["b64"])
    return header.get("alg") == "RS256" and unencoded in (True, False) and named


def _made_by(key: RSAPublicKey, proof: bytes, message: bytes) -> bool:
    try:
        key.verify(proof, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=256)
def _keys(jwks: str) -> tuple[tuple[str, RSAPublicKey], ...]:
    """The RSA keys of a JWKS by their names; what cannot be read is left out."""
    try:
        document = json.loads(jwks)
    except (ValueError, RecursionError):
        return ()
    listed = document.get("keys", [document]) if isinstance(document, dict) else []
    found = []
    for entry in listed[:_KEYS] if isinstance(listed, list) else []:
        if isinstance(entry, dict) and entry.get("kty") == "RSA" and entry.get("use", "sig") == "sig":
            try:
                numbers = RSAPublicNumbers(_number(entry.get("e")), _number(entry.get("n")))
                key = numbers.public_key()
            except (ValueError, TypeError):
                continue
            if key.key_size >= _SMALLEST_BITS:
                found.append((str(entry.get("kid", "")), key))
    return tuple(found)


def _number(value: Any) -> int:
    return int.from_bytes(_decoded(value if isinstance(value, str) else ""), "big")


def _decoded(part: str) -> bytes:
    """Base64url without padding. Raises ValueError."""
    try:
        return base64.b64decode(part.encode("ascii") + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
