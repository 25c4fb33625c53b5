"""What our mail servers found out about a sender: Authentication-Results (RFC 8601) to one word. Pure; never raises.

Only the fields of the topmost hop that speak under a trusted name count, and of those only the first name's:
everything below was written by somebody else. A server of ours has to remove what came in under its own name (RFC 8601
§5); all common ones do.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase

from app.mail.reading.headers import one_line
from app.mail.threading import ascii_domain

UNKNOWN, PASS, FAIL = "", "pass", "fail"
NAMELESS = "nameless"  # trusts fields without an authserv-id, as Microsoft 365 writes them
BY = "by:"  # before a pattern: trusts the server that the Received line above says it was received by, under that name

MAX_HOPS, MAX_FIELDS, MAX_FIELD = 10, 10, 4_096

_METHOD = re.compile(r"\s*([a-z][a-z0-9-]{0,20})\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"\b([a-z]+\.[a-z-]+)\s*=\s*(\"[^\"]*\"|[^\s;\"]+)", re.IGNORECASE)
_FIRST_WORD = re.compile(r"\s*\"?([^\s;\"]*)")
_RECEIVED_BY = re.compile(r"\bby\s+([a-z0-9][a-z0-9.-]{0,253})", re.IGNORECASE)
_NAME = re.compile(r"nameless|by:[a-z0-9*][a-z0-9.*-]{0,99}|\.?[a-z0-9][a-z0-9._-]{0,252}")

Hops = tuple[tuple[str, tuple[str, ...]], ...]  # of each: who received it, and the fields below that line


def hops_of(fields: Iterable[tuple[str, bytes]]) -> Hops:
    """The Authentication-Results of a head (names in lower case), grouped by the Received lines between them."""
    hops: list[tuple[str, list[str]]] = [("", [])]
    for name, raw in fields:
        if name == "received":
            if hops[-1][1]:
                hops.append(("", []))
            hops[-1] = (_received_by(raw), [])
        elif name == "authentication-results" and len(hops[-1][1]) < MAX_FIELDS and len(hops) <= MAX_HOPS:
            hops[-1][1].append(one_line(raw[:MAX_FIELD].decode("utf-8", "replace")))
    return tuple((by, tuple(hop)) for by, hop in hops if hop)


def names_in(written: str) -> tuple[str, ...]:
    """The names of a setting, with commas or spaces between them, in lower case."""
    return tuple(dict.fromkeys(name for name in re.split(r"[\s,;，；、]+", written.lower()) if name))


def is_name(name: str) -> bool:
    """Whether it can be trusted: a server's name, `.` and a domain, `nameless`, or `by:` and a pattern."""
    return _NAME.fullmatch(name) is not None


def sender_check(hops: Hops, trusted: Collection[str], sender: str) -> str:
    """PASS when DMARC, or DKIM or SPF in line with it, speaks for the domain of `sender` (an address, or empty when
    there is not exactly one); FAIL when it speaks against it; else UNKNOWN. `trusted` are names in lower case; one that
    begins with a dot stands for all below it, `by:*mx*` for a server that says its own name in the Received line above.

    Only the first field that has a method is heard about it: a second one may have come in from outside.
    """
    domain = _domain(sender)
    for by, hop in hops:
        believed = next((name for field in hop for name in trusted if _fits(_speaker(field), name, by)), "")
        if believed:
            ours = [field for field in hop if _fits(_speaker(field), believed, by)]
            return _verdict(_heard(ours), domain) if domain else UNKNOWN
    return UNKNOWN


def _received_by(raw: bytes) -> str:
    found = _RECEIVED_BY.search(_without_comments(one_line(raw[:MAX_FIELD].decode("utf-8", "replace"))))
    return found[1].lower() if found else ""


def _heard(fields: Iterable[str]) -> list[tuple[str, str, dict[str, str]]]:
    heard: list[tuple[str, str, dict[str, str]]] = []
    for field in fields:
        known = {method for method, _result, _said in heard}
        heard += [result for result in _results(field) if result[0] not in known]
    return heard


def _speaker(field: str) -> str:
    """The authserv-id of a field."""
    head = _without_comments(field).partition(";")[0]
    name = _FIRST_WORD.match(head)
    return NAMELESS if "=" in head else name[1].lower() if name else ""


def _fits(speaker: str, name: str, by: str) -> bool:
    """By its whole name, or below one that begins with a dot: large providers have a server for every letter."""
    if name.startswith(BY):
        return bool(speaker) and speaker == by and fnmatchcase(by, name.removeprefix(BY))
    return speaker == name or (name.startswith(".") and speaker.endswith(name))


def _results(field: str) -> list[tuple[str, str, dict[str, str]]]:
    """Method, result and properties, all in lower case."""
    pieces = _without_comments(field).split(";")
    found = [(_METHOD.match(piece), piece) for piece in (pieces if "=" in pieces[0] else pieces[1:])]
    return [
        (match[1].lower(), match[2].lower(), {key.lower(): _value(value) for key, value in _PROPERTY.findall(piece)})
        for match, piece in found
        if match is not None
    ]


def _verdict(results: Sequence[tuple[str, str, dict[str, str]]], domain: str) -> str:
    dmarc = [result for method, result, said in results if method == "dmarc" and _speaks_of(said, domain)]
    if "fail" in dmarc:
        return FAIL
    if "pass" in dmarc or any(_aligned(*result, domain) for result in results):
        return PASS
    return FAIL if any(method == "spf" and result == "fail" for method, result, _ in results) else UNKNOWN


def _speaks_of(said: dict[str, str], domain: str) -> bool:
    return "header.from" not in said or _covers(said["header.from"], domain)


def _aligned(method: str, result: str, said: dict[str, str], domain: str) -> bool:
    """Whether DKIM or SPF proves the domain of From. Relaxed downwards only: a domain speaks for what is below it."""
    if result != "pass":
        return False
    if method == "dkim":
        return _covers(said.get("header.d", "") or said.get("header.i", ""), domain)
    return method == "spf" and _covers(said.get("smtp.mailfrom", "") or said.get("smtp.mail", ""), domain)


def _covers(proved: str, domain: str) -> bool:
    proved = _domain(proved) or ascii_domain(proved.lstrip("@"))
    return "." in proved and (domain == proved or domain.endswith("." + proved))


def _domain(address: str) -> str:
    return ascii_domain(address.rpartition("@")[2]) if "@" in address else ""


def _value(text: str) -> str:
    return text.strip('"').lower()


def _without_comments(text: str) -> str:
    """Comments nest and may hold anything, a `;` or a forged result as well."""
    kept: list[str] = []
    depth, quoted, skip = 0, False, False
    for sign in text:
        if skip:
            skip = False
            continue
        if sign == "\\" and (depth or quoted):
            skip = True
        elif sign == '"' and not depth:
            quoted = not quoted
            kept.append(sign)
        elif sign == "(" and not quoted:
            depth += 1
            kept.append(" ")
        elif sign == ")" and not quoted:
            depth = max(0, depth - 1)
        elif not depth:
            kept.append(" " if quoted and sign == ";" else sign)
    return "".join(kept)
