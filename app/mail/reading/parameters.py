"""Fields with parameters, `type; name=value` (RFC 2045, 2231), in the broken forms that mailers write. Pure."""

import re
from urllib.parse import unquote_to_bytes

from app.mail.reading.charsets import decode
from app.mail.reading.headers import one_line, unfold
from app.mail.reading.words import decode_words

_PAIRS = ("''", "“”", "„“", "‘’")  # quotes that are none in a header
_MOST = 200  # parameters of one field
_KNOWN = "charset|name|filename|boundary|format|delsp|type|start|server|size|access-type|protocol|micalg|method"
# A semicolon was forgotten where a known parameter begins.
_NEXT = re.compile(rf"(?<![\s,])[\s,]{{1,100}}(?=(?:{_KNOWN})(?:\*\d*\*?)?\s{{0,3}}=)", re.IGNORECASE)
_FOLLOWED = re.compile(r'([^="]*=\s*"[^"\\]*(?:\\.[^"\\]*)*")(?=\s*[\w*-]+\s*=)')
_ONLY_PARAMETER = re.compile(rf"\s*(?:{_KNOWN})(?:\*\d*\*?)?\s*=", re.IGNORECASE)  # the value itself was left out
_COMMENT = re.compile(r"\([^()]*\)")
_EXTENDED = re.compile(r"[\w.:-]{2,40}'[\w-]{0,20}'.*%[0-9A-Fa-f]{2}.*")
_ESCAPED = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")


def parameters(raw: bytes) -> tuple[str, dict[str, str]]:
    """Split `type; name=value; …` into the lower-case value and its parameters; of two with one name the first."""
    head, *rest = _pieces(unfold(raw))
    if _ONLY_PARAMETER.match(head):
        head, rest = "", [head, *rest]
    plain: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[str, bool]]] = {}
    for part in rest[:_MOST]:
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if not equals or not name:
            continue
        value = _unquote(value.strip())
        if "*" in name:
            base, _, order = name.partition("*")
            index = order.rstrip("*")
            place = int(index) if index.isdecimal() and len(index) < 5 else 0
            extended.setdefault(base, {}).setdefault(place, (value, order.endswith("*") or not order))
        else:
            plain.setdefault(name, value)
    read = {name: one_line(_read(value)) for name, value in plain.items()}
    for name, found in extended.items():
        joined = one_line(_join(found))
        if joined and ("\ufffd" not in joined or name not in read):
            read[name] = joined
    return one_line(_COMMENT.sub("", head)).lower(), read


def _pieces(text: str) -> list[str]:
    """Split at semicolons outside of quotes, and where one was forgotten."""
    pieces, start, quoted, skip = [], 0, False, False
    for index, character in enumerate(text):
        if skip:
            skip = False
        elif character == "\\" and quoted:
            skip = True
        elif character == '"':
            quoted = not quoted
        elif character == ";" and not quoted:
            pieces.append(text[start:index])
            start = index + 1
    pieces.append(text[start:])
    if quoted and ";" in pieces[-1]:  # a quote that never ends would swallow all that follows
        pieces[-1:] = pieces[-1].split(";")
    return [*_NEXT.split(pieces[0]), *(part for piece in pieces[1:_MOST] for part in _apart(piece))]


def _apart(piece: str) -> list[str]:
    """The parameters of one piece: there should be one, but semicolons are forgotten."""
    found: list[str] = []
    while len(found) < _MOST and (quoted := _FOLLOWED.match(piece)) is not None:
        found.append(quoted[1])
        piece = piece[quoted.end() :]
    before, quote, after = piece.partition('"')
    *others, last = _NEXT.split(before)
    return [*found, *others, last + quote + after]


def _unquote(value: str) -> str:
    """What a value says. A backslash before anything else than a quote is part of a Windows path."""
    if value.startswith('"'):
        match = re.match(r'"([^"\\]*(?:\\.[^"\\]*)*)', value, re.DOTALL)
        return re.sub(r'\\(["\\])', r"\1", match[1]) if match else value.strip('"')
    if len(value) > 2 and value[0] + value[-1] in _PAIRS:
        return value[1:-1]
    return value


def _read(value: str) -> str:
    """A plain value: encoded words, and what should have been written in RFC 2231's way."""
    if _EXTENDED.fullmatch(value):
        return _join({0: (value, True)})
    if _ESCAPED.search(value) and value.isascii():
        read = decode(unquote_to_bytes(value))
        return value if "\ufffd" in read else read
    return decode_words(value)


def _join(found: dict[int, tuple[str, bool]]) -> str:
    """Put continuations together: the first names the charset, starred ones are percent-encoded."""
    charset, content = "", bytearray()
    for place, (value, is_encoded) in sorted(found.items()):
        written, encoded = value, is_encoded
        if place == min(found) and value.count("'") >= 2 and (encoded or _EXTENDED.fullmatch(value)):
            charset, _, rest = value.partition("'")
            written, encoded = rest.partition("'")[2], True
        content.extend(unquote_to_bytes(written) if encoded else written.encode("utf-8", "replace"))
    return decode_words(decode(bytes(content), charset))
