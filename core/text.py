"""Text for machines: normalising what people type, and bigrams that make Chinese searchable."""

import re
import unicodedata

_CJK = r"\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+", re.UNICODE)
_IS_CJK = re.compile(rf"[{_CJK}]")
_ACCENTS = re.compile(r"[\u0300-\u036f]")
# Spaces, dashes of all kinds, and what nobody sees but copies along (soft hyphens, zero width, text direction).
_SEPARATORS = re.compile(r"[\s\-_./#\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
# Neither shown nor storable: control characters, and halves of characters that JSON can smuggle in.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
# The two overrides of direction show words backwards, and nothing that a person writes needs them; the marks that
# Arabic and Hebrew do need stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff]")


def clean(text: str, *, limit: int) -> str:
    """What a person typed, without what nobody should see in it, in NFC, trimmed, cut to `limit` characters."""
    if text.isascii() and text.isprintable():
        return text.strip()[:limit].rstrip()
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", lines)).strip()[:limit].rstrip()


def is_blank(text: str) -> bool:
    """Whether nobody could see anything of it: only spaces and characters without a shape."""
    return all(unicodedata.category(character) in _UNSEEN for character in text)


def fold(text: str) -> str:
    """One form for comparing: NFKC (full width to half width), lower case."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def reference(text: str) -> str:
    """An order or tracking number for exact matching: upper case, without separators and the leading #."""
    bare = _SEPARATORS.sub("", unicodedata.normalize("NFKC", _CONTROL.sub("", text)))
    return unicodedata.normalize("NFKC", bare.upper())


def index_text(text: str) -> str:
    """Words for a full-text index: Latin words whole and without accents, CJK as single characters and bigrams."""
    return " ".join(word for run in _runs(text) for word in _words(run, singles=True))


def query_words(text: str) -> list[str]:
    """Words to look for: CJK phrases as bigrams only, so that characters must be neighbours."""
    return [word for run in _runs(text) for word in _words(run, singles=len(run) == 1)]


def _runs(text: str) -> list[str]:
    if text.isascii():
        return _RUN.findall(text.lower())
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", fold(text)))
    return _RUN.findall(unicodedata.normalize("NFKC", bare))


def _words(run: str, *, singles: bool) -> list[str]:
    if run.isascii() or not _IS_CJK.match(run):
        return [run]
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    return (list(run) + pairs) if singles else pairs
