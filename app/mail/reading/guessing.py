"""Which charset bytes are in that have no label, or a false one: the likeliest that mails are written in. Pure."""

from operator import itemgetter

from app.mail.reading.likeness import CANDIDATES, OF_MANY_BYTES, familiar, likelihood, scripts_of
from app.mail.reading.shifting import shifted, shifts

_TRUST_IN_LABEL = 0.25
_CERTAIN = 0.95
_SHORT = 8  # bytes
_MOST_BY_LINES = 262_144  # bytes


def guess(content: bytes) -> str:
    """Text of bytes without a (true) label."""
    if shifts(content):
        return shifted(content)
    text = decode_strictly(content, "utf-8")
    if text is not None:
        return text
    return nearly_utf8(content) or by_lines(content) or content.decode(likeliest(content), "replace")


def likeliest(content: bytes, labelled: str = "", *, fits: bool = False) -> str:
    """The codec whose text looks most like a letter; `labelled`, what the mail claims, has the benefit of doubt.

    `fits`: every byte may be in the labelled one. Then only other kinds of charsets come into question: none of single
    bytes instead of one of many, none of one Latin alphabet instead of another.
    """
    usual = {codec: CANDIDATES[codec] for codec in CANDIDATES if not fits or _is_another_kind(codec, labelled, content)}
    if labelled:
        usual[labelled] = _TRUST_IN_LABEL
    words = familiar(content)
    most = 1 + max(words.values(), default=0.0)
    best, score = labelled or "utf-8", -9.0
    for codec, prior in sorted(usual.items(), key=itemgetter(1), reverse=True):
        if score >= most + prior:  # what no text in this one or in those that follow can reach
            break
        if (own := likelihood(content, codec, words) + prior) > score:
            best, score = codec, own
    return best


def decode_strictly(content: bytes, codec: str) -> str | None:
    """`content` in `codec`, or None if one byte does not fit."""
    try:
        return content.decode(codec)
    except (UnicodeError, ValueError):
        return None


def nearly_utf8(content: bytes) -> str | None:
    """UTF-8 that was cut or damaged in a few places; None when it is more likely something else."""
    text = content[:65_536].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(character > "\x7f" for character in text) - broken
    cut = broken == 1 and text.endswith("\ufffd")
    if whole < 4 * broken and not (broken == 1 and whole >= 2 - cut and (cut or len(content) > _SHORT)):
        return None
    return content.decode("utf-8", "replace")


def by_lines(content: bytes, codec: str = "") -> str | None:
    """Text in which lines of UTF-8 stand beside others, which are in `codec`: answers whose quote was not converted.

    None if there are no such lines. A line with two characters of UTF-8 can hardly be anything else.
    """
    lines = content[:_MOST_BY_LINES].split(b"\n")
    read = [None if line.isascii() else decode_strictly(line, "utf-8") for line in lines]
    if not any(text is not None and sum(letter > "\x7f" for letter in text) > 1 for text in read):
        return None
    others = [line for line, text in zip(lines, read, strict=True) if text is None]
    codec = codec or likeliest(b"\n".join(line for line in others if not line.isascii()))
    pieces = (line.decode(codec, "replace") if text is None else text for line, text in zip(lines, read, strict=True))
    return "\n".join(pieces)


def _is_another_kind(codec: str, labelled: str, content: bytes) -> bool:
    if codec in OF_MANY_BYTES:
        return True
    if labelled in OF_MANY_BYTES:
        return codec == "cp1252" and likelihood(content, codec) >= _CERTAIN
    own, of_label = scripts_of(codec), scripts_of(labelled)
    if "latin" in of_label:
        return "latin" not in own
    return codec == "cp1252" or bool(own & of_label)
