"""A signer with throw-away RSA keys, as Saleor is one: detached JWS, and the JWKS that goes with it."""

import base64
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

HEADER: dict[str, Any] = {"alg": "RS256", "typ": "JWT", "b64": False, "crit": ["b64"]}


@cache
def key(kid: str, bits: int = 2048) -> RSAPrivateKey:
    """Made once a run; a name always means the same key."""
    return generate_private_key(public_exponent=65537, key_size=bits)


def jwks(*kids: str, bits: int = 2048, **changes: Any) -> str:
    """The document at /.well-known/jwks.json."""
    return json.dumps({"keys": [{**_public(kid, bits), **changes} for kid in kids]})


def sign(body: bytes, name: str, *, bits: int = 2048, **header: Any) -> str:
    """The value of the signature header; `header` changes what is signed along (None leaves it out)."""
    told = {field: value for field, value in {**HEADER, "kid": name, **header}.items() if value is not None}
    protected = _coded(json.dumps(told).encode())
    content = body if told.get("b64") is False else _coded(body).encode()
    proof = key(name, bits).sign(protected.encode() + b"." + content, PKCS1v15(), SHA256())
    return f"{protected}..{_coded(proof)}"


def _public(kid: str, bits: int) -> dict[str, Any]:
    numbers = key(kid, bits).public_key().public_numbers()
    return {"kty": "RSA", "use": "sig", "kid": kid, "alg": "RS256", "n": _number(numbers.n), "e": _number(numbers.e)}


def _number(value: int) -> str:
    return _coded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
