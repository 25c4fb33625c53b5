"""Bytes of deliveries and mails for people: headers without their secrets, bodies laid out for reading. Pure."""

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

LONGEST = 200_000  # characters that are laid out
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SECRETS = ("hmac", "sign", "secret", "token", "auth", "cookie", "api-key", "apikey", "password")


def shown_headers(headers: Mapping[str, str]) -> str:
    """One line a header; what proves the sender is masked: nobody needs to read it."""
    shown = {name: "…" if _is_secret(name) else value for name, value in headers.items()}
    return "\n".join(f"{name}: {value}" for name, value in sorted(shown.items()))


def laid_out(body: str) -> str:
    """JSON with indents, form fields one a line with their signatures masked; empty for everything else."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)[:LONGEST]
    except (ValueError, RecursionError):
        return _form(body)


def shown_source(mail: bytes) -> str:
    """Bytes of a mail as text; what would steer the eye (control characters, marks that turn the writing) is written
    out, and what is no UTF-8 as hexadecimal numbers."""
    text = mail.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def _form(body: str) -> str:
    try:
        fields = parse_qsl(body, keep_blank_values=True, strict_parsing=True, max_num_fields=500)
    except ValueError:
        return ""
    lines = [f"{name} = {'…' if _is_secret(name) else _nested(value)}" for name, value in fields]
    return "\n".join(lines)[:LONGEST]


def _nested(value: str) -> str:
    """Some services put a JSON document into one field."""
    if not value.startswith(("{", "[")):
        return value
    try:
        return json.dumps(json.loads(value), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return value


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRETS)
