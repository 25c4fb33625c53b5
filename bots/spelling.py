"""Typing errors in Latin script: one edit away from a word that the rules use, and from nothing else."""

from collections.abc import Collection, Iterable

_SHORTEST = 5  # letters; shorter words have too many honest neighbours


class Speller:
    """Corrects towards a vocabulary by a deletion index: one dictionary look-up per deleted letter."""

    def __init__(self, vocabulary: Iterable[str], prefixes: Collection[str] = (), keep: Iterable[str] = ()) -> None:
        self._prefixes = tuple(sorted(prefixes))
        self._keep = frozenset(keep)
        self._words = frozenset(word for word in vocabulary if word.isalpha())
        self._index: dict[str, list[str]] = {}
        for word in sorted(self._words):
            if len(word) >= _SHORTEST:
                for key in (word, *_deletions(word)):
                    self._index.setdefault(key, []).append(word)

    def correct(self, word: str) -> str:
        """Return the rules' word that `word` is a slip of, or `word` itself."""
        if not _SHORTEST <= len(word) <= 20 or word in self._words or word in self._keep or not word.isalpha():
            return word
        if word.startswith(self._prefixes):
            return word
        for key in (word, *_deletions(word)):
            for candidate in self._index.get(key, ()):
                if candidate[0] == word[0] and _one_edit(word, candidate):
                    return candidate
        return word


def _deletions(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word))]


def _one_edit(typed: str, meant: str) -> bool:
    """Is it one letter added, dropped, replaced, or two neighbours swapped?"""
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    a, b = typed[start:], meant[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:] and len(a) >= 2)
