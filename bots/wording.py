"""One plain form for every way to type the same words, so that rules can stay short."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bots.disclaiming import without_disclaimed, without_disclaimed_zh
from bots.entities import Entities
from bots.spelling import Speller

_HEAD, _TAIL = 1_500, 400  # characters of a message that rules look at
_SENTENCES = 12
_SENTENCE_LENGTH = 400

_CJK = "\u3400-\u4dbf\u4e00-\u9fff"
_HAS_CJK = re.compile(f"[{_CJK}]")
_LETTER = re.compile(r"[a-z]")
_LATIN = re.compile(r"[a-z0-9]+")
_BREAK = re.compile(r"[.!?;\n\r…]+(?=\s|$)|[!?;\n\r。]+")
_EN_TOKEN = re.compile(r"<[a-z_]+>|[a-z0-9&+]+|[,:()\"/]|-(?=\s)")
_ZH_BREAK = re.compile(r"[。!?;\n\r…]+|\.{2,}")
_ZH_COMMA = re.compile(r"[\s,、:()\"'~·\-_]+")
_ZH_DROP = re.compile(rf"[^{_CJK}a-z0-9<>_,+]")
_SPACED = re.compile(rf"(?<!\S)(?:[{_CJK}]\s){{2,}}[{_CJK}](?!\S)")
_STRETCHED = re.compile(rf"([{_CJK}])\1{{2,}}")
_TWICE = re.compile(r"(.{2,16}?)\1+")  # a menu entry that was clicked and sent again
# What chat apps and exports put for a card, a picture, a masked value or an emoticon.
_PLACEHOLDER = re.compile(
    r"[\[\u3010<]([a-z_\u4e00-\u9fff]{1,12}?)(?:[x\d]{1,20}|\s?<[a-z]+>\s?)?[\]\u3011>]"
    r"|#e-[a-z]?\s?(?:\d{1,4}|<[a-z]+>)"
)
_EMOTICON = re.compile(r"#e-[a-z]\d{1,4}", re.IGNORECASE)  # as shop chats export it; it looks like a number
_MEANS = MappingProxyType(
    {
        **dict.fromkeys(("orderid_", "订单号", "订单编号", "订单", "订单卡片"), "<number>"),
        **dict.fromkeys(("数字", "金额"), "<digits>"),
        **dict.fromkeys(("链接", "商品", "商品链接", "商品卡片", "商品快照", "url"), "<url>"),
        **dict.fromkeys(("电话", "手机号"), "<phone>"),
        **dict.fromkeys(("邮箱", "email"), "<email>"),
        **dict.fromkeys(("图片", "视频", "截图", "语音", "文件"), "图片"),
        **{tag: f"<{tag}>" for tag in ("number", "digits", "url", "phone", "email", "tracking", "money")},
    }
)
_STRETCHED_LATIN = re.compile(r"([a-z])\1{2,}")
_APOSTROPHE = re.compile(r"['’‘`´]")
_POSSESSIVE = re.compile(
    r"\b(?!(?:where|what|that|it|there|who|how|when|he|she|let|here|why)'s\b)([a-z0-9]{1,30})'s\b"
)  # "order's status", but not "where's"
_TAGS = MappingProxyType(
    {
        "order_number": "number",
        "email": "email",
        "phone": "phone",
        "tracking": "tracking",
        "money": "money",
        "card": "digits",
        "number": "digits",
        "url": "url",
    }
)


@dataclass(frozen=True, slots=True)
class Words:
    """The data of rules/shared/words.toml, ready to use."""

    same: Mapping[str, str]  # English short forms → long form
    fillers: frozenset[str]  # English words without meaning here
    simplified: Mapping[int, str]  # traditional → simplified, by code point
    slips: Mapping[str, str]  # Chinese slips by sound → what was meant
    slip_pattern: re.Pattern[str]
    latin_zh: Mapping[str, str]  # Chinese typed in Latin letters, as initials or whole: tk, tuikuan → 退款
    latin_pattern: re.Pattern[str]
    particles: re.Pattern[str]
    speller: Speller


@dataclass(frozen=True, slots=True)
class Wording:
    """The plain sentences of one message, per language; a sentence starts and ends with one space in English."""

    en: tuple[str, ...]
    zh: tuple[str, ...]
    typed: str = ""  # the message in lower case with tags for values, otherwise as it was typed


def plain(entities: Entities, words: Words) -> Wording:
    """Normalise a message; values become tags such as <number>."""
    text = _tagged(entities).casefold()
    text = text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"
    if not _HAS_CJK.search(text):
        text = words.latin_zh.get("".join(_LATIN.findall(text)), text)
    if not _HAS_CJK.search(text):
        chinese = () if _LETTER.search(text) else tuple(_chinese(text, words))
        return Wording(tuple(_english(text, words)), chinese, text)
    chinese = tuple(_chinese(text, words))
    return Wording(tuple(_english(_HAS_CJK.sub(" ", text), words)) if _many_latin_words(text) else (), chinese, text)


def _tagged(entities: Entities) -> str:
    parts, at = [], 0
    for span in entities.spans:
        if span.start > _HEAD:
            break
        tag = _TAGS.get(span.kind)
        if tag and (tag != "digits" or span.end - span.start > 2):
            tagged = "" if _EMOTICON.fullmatch(span.value) else f"<{tag}>"
            parts += [entities.text[at : span.start], f" {tagged} "]
            at = span.end
    return "".join([*parts, entities.text[at:]])


def _english(text: str, words: Words) -> list[str]:
    text = _APOSTROPHE.sub("'", text).replace("i'd ", "i would ")
    text = _POSSESSIVE.sub(r"\1", text).replace("'", "")
    text = _STRETCHED_LATIN.sub(r"\1\1", text)
    sentences = []
    for piece in _pieces(_BREAK.split(text)):
        tokens = [words.speller.correct(token) for token in _EN_TOKEN.findall(piece)]
        tokens = [word for token in tokens for word in words.same.get(token, token).split()]
        tokens = ["," if token in ',:()"/-' else token for token in tokens if token not in words.fillers]
        if any(token != "," for token in tokens):
            sentences.append(without_disclaimed(f" {' '.join(tokens)} "))
    return sentences


def _chinese(text: str, words: Words) -> list[str]:
    sentences = []
    text = _PLACEHOLDER.sub(lambda match: f" {_MEANS.get(match[1] or '', '')} ", text.translate(words.simplified))
    for piece in _pieces(_ZH_BREAK.split(text)):
        typed = _SPACED.sub(lambda match: "".join(match.group().split()), piece.strip())
        joined = _ZH_COMMA.sub(",", typed)
        joined = _STRETCHED.sub(r"\1", _ZH_DROP.sub("", joined).replace(",<", "<").replace(">,", ">"))
        joined = words.latin_pattern.sub(lambda match: words.latin_zh[match.group()], joined)
        joined = words.slip_pattern.sub(lambda match: words.slips[match.group()], joined)
        joined = _once(joined)
        bare = words.particles.sub("", joined).strip(",")
        if bare := bare or joined.strip(","):
            sentences.append(without_disclaimed_zh(bare))
    return sentences


def _once(sentence: str) -> str:
    twice = _TWICE.fullmatch(sentence.replace(",", ""))
    return twice[1] if twice else sentence


def _pieces(pieces: list[str]) -> list[str]:
    """The first and the last sentences: what people want stands there."""
    told = list(dict.fromkeys(piece[:_SENTENCE_LENGTH] for piece in pieces if piece and not piece.isspace()))
    return told if len(told) <= _SENTENCES else told[: _SENTENCES - 4] + told[-4:]


def _many_latin_words(text: str) -> bool:
    return sum(1 for _ in re.finditer(r"(?<![<a-z])[a-z]{2,30}(?![a-z>])", text)) >= 3


def simplified_table(pairs: str) -> Mapping[int, str]:
    """Read "訂订 單单 …": each pair is traditional, simplified."""
    return MappingProxyType({ord(pair[0]): pair[1] for pair in pairs.split()})


def no_spaces_between_cjk(text: str) -> str:
    """NFKC and lower case for Chinese phrases in rule files."""
    return unicodedata.normalize("NFKC", text).casefold()
