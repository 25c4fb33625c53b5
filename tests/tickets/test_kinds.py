"""The checklist of a ticket by the reasons of its links."""

from hypothesis import given
from hypothesis import strategies as st

from tickets.kinds import NEEDS, About, checklist

ABOUTS = st.lists(
    st.builds(
        About,
        reason=st.sampled_from([*NEEDS, "about"]),
        line=st.booleans(),
        units=st.booleans(),
        parcel=st.booleans(),
    ),
    max_size=4,
)


def states(*links: About, photos: int = 0, **more: tuple[str, ...]) -> dict[str, str]:
    return {item.code: item.state for item in checklist(links, photos, **more)}


def test_each_reason_has_its_needs() -> None:
    assert states(About(reason="about")) == {}
    assert states(About(reason="damaged")) == {"line": "missing", "photo": "missing"}
    assert states(About(reason="damaged", line=True), photos=1) == {"line": "given", "photo": "given"}
    assert states(About(reason="missing", line=True)) == {"line": "given", "units": "missing"}
    assert states(About(reason="lost"), asked=("parcel",)) == {"parcel": "asked"}
    assert states(About(reason="damaged"), waived=("photo",), asked=("photo", "line"))["photo"] == "waived"


def test_what_is_good_to_have_blocks_nothing() -> None:
    [line, photo] = checklist([About(reason="defective")], 0)
    assert (line.open, photo.open) == (True, False)
    both = checklist([About(reason="defective"), About(reason="damaged")], 0)
    assert [item.code for item in both if item.open] == ["line", "photo"]


def test_a_line_for_one_reason_says_nothing_of_the_other() -> None:
    assert states(About(reason="damaged", line=True), About(reason="missing"))["line"] == "missing"


@given(ABOUTS, st.integers(0, 2))
def test_waiving_all_opens_the_way(links: list[About], photos: int) -> None:
    items = checklist(links, photos)
    assert len({item.code for item in items}) == len(items)
    waived = checklist(links, photos, waived=[item.code for item in items])
    assert not any(item.open for item in waived)
