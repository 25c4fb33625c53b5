"""What our mail servers found out about a sender: Authentication-Results (RFC 8601) to one word. Pure; never raises.

Only the fields of the topmost hop that speak under a trusted name count, and of those only the first name's:
everything below was written by somebody else. A server of ours has to remove what came in under its own name (RFC 8601
§5); all common ones do.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from app.mail.reading.headers import one_line
from app.mail.threading import ascii_domain

UNKNOWN, PASS, FAIL = "", "pass", "fail"
NAMELESS = "nameless"  # trusts fields without an authserv-id, as Microsoft 365 writes them

MAX_HOPS, MAX_FIELDS, MAX_FIELD = 10, 10, 4_096

_METHOD = re.compile(r"\s*([a-z][a-z0-9-]{0,20})\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"\b([a-z]+\.[a-z-]+)\s*=\s*(\"[^\"]*\"|[^\s;\"]+)", re.IGNORECASE)
_FIRST_WORD = re.compile(r"\s*\"?([^\s;\"]*)")

Hops = tuple[tuple[str, ...], ...]


def hops_of(fields: Iterable[tuple[str, bytes]]) -> Hops:
    """The Authentication-Results of a head (names in lower case), grouped by the Received lines between them."""
    hops: list[list[str]] = [[]]
    for name, raw in fields:
        if name == "received" and hops[-1]:
            hops.append([])
        elif name == "authentication-results" and len(hops[-1]) < MAX_FIELDS and len(hops) <= MAX_HOPS:
            hops[-1].append(one_line(raw[:MAX_FIELD].decode("utf-8", "replace")))
    return tuple(tuple(hop) for hop in hops if hop)


def sender_check(hops: Hops, trusted: Collection[str], sender: str) -> str:
    """PASS when DMARC, or DKIM or SPF in line with it, speaks for the domain of `sender` (an address, or empty when
    there is not exactly one); FAIL when it speaks against it; else UNKNOWN. `trusted` are names in lower case; one that
    begins with a dot stands for all below it.
    """
    domain = _domain(sender)
    for hop in hops:
        speaker = next((name for name in map(_speaker, hop) if _is_trusted(name, trusted)), "")
        if speaker:
            results = [result for field in hop if _speaker(field) == speaker for result in _results(field)]
            return _verdict(results, domain) if domain else UNKNOWN
    return UNKNOWN


def _speaker(field: str) -> str:
    """The authserv-id of a field."""
    head = _without_comments(field).partition(";")[0]
    name = _FIRST_WORD.match(head)
    return NAMELESS if "=" in head else name[1].lower() if name else ""


def _is_trusted(name: str, trusted: Collection[str]) -> bool:
    """By its whole name, or below one that begins with a dot: large providers have a server for every letter."""
    return name in trusted or any(each.startswith(".") and name.endswith(each) for each in trusted)


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
