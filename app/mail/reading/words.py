"""Encoded words in header fields (RFC 2047), in the broken forms that mailers write, too. Pure; never raises."""

import re
from itertools import islice

from app.mail.reading.charsets import decode
from app.mail.reading.transfer import base64_bytes

# A word ends with "?=", at the next word or with the field. What stops the payload is
# always one of the three, so nothing is looked at twice.
_WORD = re.compile(r"=\?\s?([^?\s=]{0,60})\s?\?\s?([bBqQ])\s?\?((?:[^?=]|=(?!\?[^=])|\?(?!=))*)(?:\?=|(?==\?)|$)")
_QUOTED = re.compile(r"=[0-9A-F]{2}(?:=[0-9A-F]{2}|[^=]*[^=])")  # what says B and is Q
_MOST = 2_000  # words of one field; what follows stays as it is
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")


def decode_words(text: str) -> str:
    """Replace encoded words. Neighbours are joined as bytes first: mailers cut characters in half."""
    read = _decode(text)
    if read != text and read.startswith("=?") and read.endswith("?="):  # encoded twice on its way
        return _decode(read)
    return read


def _decode(text: str) -> str:
    pieces: list[str] = []
    held: _Held | None = None
    end = 0
    for match in islice(_WORD.finditer(text), _MOST):
        between = text[end : match.start()]
        charset, encoding = match[1].partition("*")[0].lower(), match[2].lower()
        if held is None or between.strip() or charset != held.charset:
            if held is not None:
                pieces.append(held.text())
            pieces.append(between if held is None or between.strip() else "")
            held = _Held(charset)
        held.add(encoding, match[3])
        end = match.end()
    if held is not None:
        pieces.append(held.text())
    pieces.append(text[end:])
    return "".join(pieces)


class _Held:
    """Words in one charset that follow each other."""

    def __init__(self, charset: str) -> None:
        self.charset = charset
        self._words: list[tuple[str, str]] = []

    def add(self, encoding: str, payload: str) -> None:
        """One more word. Base64 that was cut between its groups of four letters goes on in the next one."""
        if encoding == "b" and self._words and self._words[-1][0] == "b":
            before = self._words[-1][1]
            if len(before.strip()) % 4 and not before.endswith("="):
                self._words[-1] = ("b", before.strip() + payload.strip())
                return
        self._words.append((encoding, payload))

    def text(self) -> str:
        """What the words say."""
        return decode(b"".join(_bytes_of(*word) for word in self._words), self.charset)


def _bytes_of(encoding: str, payload: str) -> bytes:
    if encoding == "b" and not _QUOTED.search(payload):
        return base64_bytes(payload.encode("ascii", "ignore"))
    content = payload.replace("_", " ").encode("utf-8", "replace")
    return _HEX.sub(lambda match: bytes([int(match[1], 16)]), content)
