"""Text for machines: what people type, references, words to find."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import clean, fold, index_text, is_blank, query_words, reference


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("  hello \n", "hello"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("tab\there", "tab\there"),
        ("nul\x00 bell\x07 escape\x1b[31m", "nul bell escape[31m"),
        ("half a pair \ud83d", "half a pair"),
        ("cafe\u0301", "café"),
        ("👩‍💻 ok", "👩‍💻 ok"),
        ("订单　１００１", "订单　１００１"),
        ("\u200b", "\u200b"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\u202bשלום\u202c \u200fשלום", "\u202bשלום\u202c \u200fשלום"),
    ],
)
def test_clean(typed: str, cleaned: str) -> None:
    assert clean(typed, limit=100) == cleaned


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("", True),
        (" \n\t", True),
        ("\u200b\u202e\ufeff", True),
        ("\ud800\0", True),
        ("\u200bx", False),
        ("😀", False),
        ("茶", False),
    ],
)
def test_what_nobody_can_see_is_blank(text: str, blank: bool) -> None:
    assert is_blank(text) is blank


def test_clean_cuts_and_leaves_no_space_at_the_cut() -> None:
    assert clean("ab cd", limit=3) == "ab"
    assert clean("茶" * 10, limit=4) == "茶" * 4


@given(st.text(st.characters(exclude_categories=[])), st.integers(1, 50))
def test_whatever_is_typed_can_be_stored(typed: str, limit: int) -> None:
    cleaned = clean(typed, limit=limit)
    assert len(cleaned) <= limit
    assert "\x00" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert clean(cleaned, limit=limit) == cleaned
    assert reference(typed).encode("utf-8").count(b"\x00") == 0
    assert index_text(typed).encode("utf-8").count(b"\x00") == 0


@pytest.mark.parametrize(
    "typed",
    [
        "#1001-a",
        "1001A",
        " 1001 a ",
        "1001–A",
        "１００１ａ",
        "1001.a",
        "\u200b#1001\u200e-A\ufeff",
        "10_01/a",
        "1001\u00ada",
    ],
)
def test_one_reference_however_it_is_typed(typed: str) -> None:
    assert reference(typed) == "1001A"


def test_references_that_differ() -> None:
    assert len({reference(text) for text in ("1001", "1001A", "10011", "A1001", "1001+1")}) == 5
    assert reference("订单1001") == "订单1001"
    assert reference("") == reference(" #- ") == ""


@given(st.text())
def test_a_reference_is_its_own(typed: str) -> None:
    assert reference(reference(typed)) == reference(typed)
    assert fold(fold(typed)) == fold(typed)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Where is #1001?", "where is 1001"),
        ("退款", "退 款 退款"),
        ("退", "退"),
        ("我的订单abc到了", "我 的 订 单 我的 的订 订单 abc 到 了 到了"),
        ("Café NAÏVE", "cafe naive"),
        ("ＡＢＣ１２３", "abc123"),
        ("snake_case don't", "snake case don t"),
        ("が", "が"),
        ("佐々木", "佐 々 木 佐々 々木"),
        ("😀!?", ""),
    ],
)
def test_words_of_an_index(text: str, words: str) -> None:
    assert index_text(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("退款", ["退款"]),
        ("退", ["退"]),
        ("我的订单", ["我的", "的订", "订单"]),
        ("order 退款", ["order", "退款"]),
        ("", []),
    ],
)
def test_words_of_a_query(text: str, words: list[str]) -> None:
    assert query_words(text) == words


@given(st.text(st.sampled_from("退款订单到了ab1 é,.𠀀")), st.integers(0, 20), st.integers(0, 20))
def test_every_part_of_a_text_finds_it(text: str, start: int, length: int) -> None:
    part = text[start : start + length]
    cjk_only = "".join(character for character in part if character in "退款订单到了𠀀")
    if cjk_only == part:
        assert set(query_words(part)) <= set(index_text(text).split())
