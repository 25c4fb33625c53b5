"""Text for machines: normalising what people type, and bigrams that make Chinese searchable."""

import re
import unicodedata

_CJK = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af"
_RUN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+", re.UNICODE)
_IS_CJK = re.compile(rf"[{_CJK}]")
_SEPARATORS = re.compile(r"[\s\-_./#]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def clean(text: str, *, limit: int) -> str:
    """What a person typed, without control characters, in NFC, trimmed, cut to `limit` characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", lines)).strip()[:limit]


def fold(text: str) -> str:
    """One form for comparing: NFKC (full width to half width), lower case."""
    return unicodedata.normalize("NFKC", text).casefold()


def reference(text: str) -> str:
    """An order or tracking number for exact matching: upper case, without separators and the leading #."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()


def index_text(text: str) -> str:
    """Words for a full-text index: Latin words whole, CJK as single characters and bigrams."""
    return " ".join(word for run in _RUN.findall(fold(text)) for word in _words(run, singles=True))


def query_words(text: str) -> list[str]:
    """Words to look for: CJK phrases as bigrams only, so that characters must be neighbours."""
    return [word for run in _RUN.findall(fold(text)) for word in _words(run, singles=len(run) == 1)]


def _words(run: str, *, singles: bool) -> list[str]:
    if not _IS_CJK.match(run):
        return [run]
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    return (list(run) + pairs) if singles else pairs
