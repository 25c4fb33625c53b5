"""How much bytes look like a letter in a charset: frequent characters of its languages speak for it. Pure."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

_TABLES = tomllib.loads(Path(__file__).with_name("charsets.toml").read_text("utf-8"))
_FREQUENT: dict[str, str] = {name: letters.replace("\n", "") for name, letters in _TABLES["frequent"].items()}
_LETTERS: dict[str, str] = _TABLES["letters"]
_LANGUAGES: dict[str, list[str]] = {name: entry["languages"].split() for name, entry in _TABLES["alphabets"].items()}
_SINGLE: dict[str, float] = {name: entry["usual"] for name, entry in _TABLES["alphabets"].items() if "usual" in entry}
# How usual a charset is in mails without a true label. Alphabets of single bytes need more than a word to be believed.
CANDIDATES: dict[str, float] = _TABLES["of_many_bytes"] | _SINGLE
OF_MANY_BYTES = frozenset((*_TABLES["of_many_bytes"], "johab", "shift_jisx0213", "hz"))
_LATIN = frozenset(_TABLES["scripts"]["latin"].split())
_CYRILLIC = frozenset(_TABLES["scripts"]["cyrillic"].split())
_WORDS = {name: frozenset(words.encode().split()) for name, words in _TABLES["words"].items()}
_PLAIN_WORD = re.compile(rb"(?<![a-z\x80-\xff])[a-z]{2,12}(?![a-z\x80-\xff])")
_FOR_SHOUTING = 0.07
_SHORT = 4  # characters
_SAMPLE = 3000  # bytes that are judged
_HIGH = re.compile(rb"[\x80-\xff]")
_BAD = re.compile("[\ufffd\ue000-\uf8ff\x80-\x9f]")
_ALONE_IN_A_WORD = re.compile(
    "(?<=[a-z])[\u4e00-\u9fff\uac00-\ud7a3](?![\u4e00-\u9fff\uac00-\ud7a3])|(?<=[A-Z])[\u4e00-\u9fff\uac00-\ud7a3](?=[a-z])"
)  # "öß" in "Größe" would be one
_FOREIGN_RUN = re.compile("[\u00c0-\u024f]{4,}")
_MIXED_SCRIPTS = re.compile("[A-Za-z][\u0370-\u0fff]|[\u0370-\u0fff][A-Za-z]")
_ONLY_FOREIGN = re.compile("(?<![A-Za-z])[\u00c0-\u024f]{3,}(?![A-Za-z])")  # no Latin word has nothing else
_SIGN_IN_A_WORD = re.compile(r"(?<=[^\W\d_])[¡-©«¬®-³µ¶¸¹»-¿×÷](?=[^\W\d_])|[¢£¥¤¦¨¬±¶¸¹¼-¾\u2500-\u257f](?=[^\W\d_])")
_IMPOSSIBLE = re.compile(
    r"(?<!\w)[ъьыЪЬЫ]|[а-яё][А-ЯЁ]|[a-zß-öø-ÿ][À-ÖØ-Þ]|\d[À-ÖØ-öø-ɏ]|[α-ω][Α-Ω](?=[α-ω])|[เ-ไ][ะ-ฺ็-๎]|(?<![ก-๎])[ะ-ฺ็-๎]"
)

Weights = tuple[str, dict[str, float], float]
_NO_WORDS: Mapping[str, float] = {}


def likelihood(content: bytes, codec: str, words: Mapping[str, float] = _NO_WORDS) -> float:
    """How much `content` looks like a letter in `codec`: 1 (every foreign character is a frequent one) to -2.

    `words`: what is added for each language, see `familiar`.
    """
    text = _sample(content).decode(codec, "replace")
    text = text.removesuffix("\ufffd") if len(text) > _SHORT else text  # the last one may have been cut
    counted = Counter(character for character in text if character > "\x7f")
    total = counted.total()
    if not total:
        return 0.0
    if shouted := total > 1 and "".join(counted).isupper():  # letters are counted as if nobody had shouted
        counted = Counter("".join(counted.elements()).lower())
    slips = _slips(text, codec) / total + (_FOR_SHOUTING if shouted else 0.0)
    return max(
        min(
            1.0, max(-2.0, sum(count * weights.get(letter, other) for letter, count in counted.items()) / total - slips)
        )
        + words.get(language, 0.0)
        for language, weights, other in _weights(codec)
    )


def familiar(content: bytes) -> dict[str, float]:
    """How much the plain words of `content` speak for each language of Latin letters; 0.3 at most."""
    words = set(_PLAIN_WORD.findall(_sample(content).lower()))
    return {name: min(0.3, 0.1 * len(words & known)) for name, known in _WORDS.items() if words & known}


def scripts_of(codec: str) -> frozenset[str]:
    """What `codec` is written for: latin, cyrillic, or another language's own script."""
    languages = _LANGUAGES.get(codec, ["western"])
    return frozenset(map(_script, languages))


def _script(language: str) -> str:
    name = language.partition("/")[0]
    return "latin" if name in _LATIN else "cyrillic" if name in _CYRILLIC else name


def _sample(content: bytes) -> bytes:
    """Some of `content` from the line on in which the first foreign byte stands."""
    match = _HIGH.search(content)
    if match is None:
        return content[:_SAMPLE]
    start = max(content.rfind(b"\n", 0, match.start()) + 1, match.start() - 200)
    return content[start : start + _SAMPLE]


def _slips(text: str, codec: str) -> float:
    """What stands against `text` as a whole: characters nobody writes, and letters where none can be."""
    found = 2.0 * len(_BAD.findall(text))
    if codec in OF_MANY_BYTES:
        return found + 1.5 * len(_ALONE_IN_A_WORD.findall(text))
    found += 1.5 * sum(
        len(slip.findall(text)) for slip in (_MIXED_SCRIPTS, _IMPOSSIBLE, _SIGN_IN_A_WORD, _ONLY_FOREIGN)
    )
    return found + 2 * sum(map(len, _FOREIGN_RUN.findall(text)))


@cache
def _weights(codec: str) -> tuple[Weights, ...]:
    """What each character speaks for `codec` in each of its languages, and what all the others do."""
    marks = dict.fromkeys(_LETTERS["cjk_marks"], 0.8)
    if codec == "gb18030":
        traditional = {letter: 0.5 * weight for letter, weight in _ranked(_FREQUENT["taiwanese"]).items()}
        return (("", _plane(0xB0, 0xD7, "gb2312") | traditional | _ranked(_FREQUENT["chinese"]) | marks, -0.4),)
    if codec == "big5hkscs":
        return (("", _plane(0xA4, 0xC6, "big5") | _ranked(_FREQUENT["taiwanese"]) | marks, -0.4),)
    if codec in ("cp932", "euc_jp"):
        kana = dict.fromkeys(map(chr, range(0x3041, 0x30FD)), 0.9)
        half = dict.fromkeys(map(chr, range(0xFF61, 0xFFA0)), -0.2)
        return (("", _plane(0xB0, 0xCF, "euc_jp") | half | kana | _ranked(_FREQUENT["japanese"]) | marks, -0.4),)
    if codec == "cp949":
        hangul = dict.fromkeys(_plane(0xB0, 0xC8, "euc_kr"), 0.3)
        return (("", hangul | _ranked(_FREQUENT["korean"]) | marks, -0.4),)
    named = (name.partition("/") for name in _LANGUAGES.get(codec, ["western"]))
    return tuple((name, _of_language(name, most), -0.5) for name, _, most in named)


def _of_language(name: str, most: str) -> dict[str, float]:
    """Rare letters count less, and least where an alphabet has no others than foreign ones."""
    letters = _LETTERS[name]
    if most or name == "thai":
        small = dict.fromkeys(letters, float(most or 1.0))
    else:
        first, last = (1.1, 0.2) if name in _LATIN else (1.5, -0.6)
        small = {letter: first - (first - last) * rank / len(letters) for rank, letter in enumerate(letters)}
    capitals = {letter.upper(): 0.5 * weight for letter, weight in small.items() if len(letter.upper()) == 1}
    return capitals | small | dict.fromkeys(_LETTERS["marks"], 0.7)


def _ranked(letters: str) -> dict[str, float]:
    return {letter: 1.0 if rank < 500 else 0.8 for rank, letter in enumerate(letters)}


def _plane(first: int, last: int, codec: str) -> dict[str, float]:
    """The everyday half of a national set: the rows from `first` to `last`."""
    columns = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    rows = (bytes((row, column)) for row in range(first, last + 1) for column in columns)
    return dict.fromkeys(_decodable(rows, codec), 0.1)


def _decodable(pairs: Iterable[bytes], codec: str) -> Iterator[str]:
    for pair in pairs:
        text = pair.decode(codec, "ignore")
        if len(text) == 1:
            yield text
