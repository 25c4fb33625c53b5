"""Sealed secrets: only the same installation reads them, and only for whom they were sealed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from core.sealing import seal, unseal

SECRET = b"of this installation"


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=200), max_size=4))
def test_what_is_sealed_can_be_used_again(values: dict[str, str]) -> None:
    assert unseal(SECRET, "mbx_1", seal(SECRET, "mbx_1", values)) == values


def test_nobody_else_reads_it_and_it_is_never_twice_the_same() -> None:
    sealed = seal(SECRET, "mbx_1", {"password": "swordfish"})
    assert "swordfish" not in sealed
    assert sealed != seal(SECRET, "mbx_1", {"password": "swordfish"})
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    for secret, owner, text in (
        (b"another's", "mbx_1", sealed),
        (SECRET, "mbx_2", sealed),
        (SECRET, "mbx_1", changed),
        (SECRET, "mbx_1", "swordfish"),
        (SECRET, "mbx_1", ""),
    ):
        with pytest.raises(Invalid) as refused:
            unseal(secret, owner, text)
        assert refused.value.code == "cannot_unseal"
