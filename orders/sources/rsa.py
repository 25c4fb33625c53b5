"""RSA-SHA256 signatures (PKCS #1 v1.5) with the keys that Alipay and WeChat Pay hand out in various wrappings. Pure."""

import base64
import binascii
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from core.errors import Invalid

SMALLEST = 2048


def fits(key: str, signature: str, content: bytes) -> bool:
    """Has the owner of `key` signed `content`? `signature` is base64; rubbish in either is only wrong."""
    try:
        given = base64.b64decode(signature, validate=True)
        public_key(key).verify(given, content, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, Invalid, binascii.Error, ValueError):
        return False
    return True


@lru_cache(maxsize=64)
def public_key(key: str) -> RSAPublicKey:
    """The key in a PEM, in a PEM certificate, or in bare base64 as Alipay's console shows it.

    Raises Invalid(bad_key) for anything else, and for keys below 2048 bits.
    """
    try:
        if "BEGIN CERTIFICATE" in key:
            found = x509.load_pem_x509_certificate(key.encode()).public_key()
        elif "BEGIN" in key:
            found = serialization.load_pem_public_key(key.encode())  # type: ignore[assignment]
        else:
            found = serialization.load_der_public_key(base64.b64decode("".join(key.split()), validate=True))  # type: ignore[assignment]
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Invalid("not a public key", code="bad_key") from error
    if not isinstance(found, RSAPublicKey) or found.key_size < SMALLEST:
        raise Invalid("not an RSA key of 2048 bits or more", code="bad_key")
    return found
