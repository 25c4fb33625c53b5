"""Keys that sign mail (DKIM, RFC 6376): made, read, and told to the world as a DNS record."""

import base64

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from core.errors import Invalid

BITS = 2048  # RFC 8301: at least 1,024, better 2,048; longer ones do not fit into what many DNS servers take


def new_key(pem: str = "") -> str:
    """`pem` as PKCS #8, or a new RSA key. Raises Invalid (bad_signing_key) for what is no RSA key of 1,024 bits."""
    key = _read(pem) if pem.strip() else generate_private_key(public_exponent=65537, key_size=BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def dns_record(pem: str) -> str:
    """The text of the TXT record `selector._domainkey.domain`."""
    public = _read(pem).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def _read(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size < 1024:
        raise Invalid("an RSA key in PEM, without a password", code="bad_signing_key")
    return key
