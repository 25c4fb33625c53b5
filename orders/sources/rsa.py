"""RSA-SHA256 signatures (PKCS #1 v1.5) with keys as Alipay and WeChat Pay hand them out, in various wrappings. Pure."""

import base64
import binascii
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

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


def signed(key: str, content: bytes) -> str:
    """The signature of the owner of the private `key` under `content`, as base64. Raises Invalid(bad_key)."""
    return base64.b64encode(private_key(key).sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


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


@lru_cache(maxsize=64)
def private_key(key: str) -> RSAPrivateKey:
    """The key in a PEM (PKCS #1 or #8, without a password) or in bare base64, as Alipay's key tool writes it.

    Raises Invalid(bad_key) for anything else, and for keys below 2048 bits; the error does not hold the key.
    """
    try:
        if "BEGIN" in key:
            found = serialization.load_pem_private_key(key.encode(), None)
        else:
            found = serialization.load_der_private_key(base64.b64decode("".join(key.split()), validate=True), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Invalid("not a private key without a password", code="bad_key") from None
    if not isinstance(found, RSAPrivateKey) or found.key_size < SMALLEST:
        raise Invalid("not an RSA key of 2048 bits or more", code="bad_key")
    return found
