"""Words with blanks: nothing but known names is filled, and nothing leaves with a blank in it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.blanks import BLANKS, Filled, blanks, checked, fill, needs, require_filled
from conversations.holding import hold
from conversations.posting import post
from core.errors import Conflict, Invalid
from core.people import Actor
from tests.people import chat, make_world

NAMES = st.sampled_from(sorted(BLANKS))
WORDS = st.lists(st.one_of(NAMES.map(lambda name: f"{{{name}}}"), st.text(max_size=12)), max_size=8).map("".join)


def test_values_stand_where_the_blanks_were() -> None:
    words = "Hello {customer.name}, parcel { parcel.tracking_number } is on its way. {smile} {{"
    filled = fill(words, {"customer.name": "Ines", "parcel.tracking_number": "1Z {order.number}"})
    assert filled.text == "Hello Ines, parcel 1Z {order.number} is on its way. {smile} {{"
    assert filled.missing == ()
    assert [piece.name for piece in filled.pieces if piece.name] == ["customer.name", "parcel.tracking_number"]


def test_a_blank_without_a_value_stays_and_is_named_once() -> None:
    filled = fill(
        "{order.number}: {parcel.expected}, {parcel.expected}", {"order.number": "1001", "parcel.expected": ""}
    )
    assert filled.missing == ("parcel.expected",)
    assert filled.text == "1001: {parcel.expected}, {parcel.expected}"


def test_what_the_words_depend_on() -> None:
    assert needs("{customer.name}") == frozenset()
    assert needs("{order.number} {parcel.state}") == {"order", "parcel"}


@pytest.mark.parametrize("words", ["{order.nummer}", "Your {order.__class__}{customer.nam}", "{shop.secrets}"])
def test_a_name_that_we_do_not_know_is_refused_when_it_is_written(words: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(words)
    assert refused.value.code == "unknown_blank"


def test_a_reply_with_a_blank_is_not_sent() -> None:
    with pytest.raises(Conflict) as refused:
        require_filled("Order {order.number} left today")
    assert (refused.value.code, refused.value.data["names"]) == ("missing_value", ["order.number"])
    require_filled("Braces {like} {these.here} are just words")


@given(WORDS, st.dictionaries(NAMES, st.text(max_size=20)))
def test_whatever_is_written_comes_out_whole(words: str, values: dict[str, str]) -> None:
    filled: Filled = fill(words, values)
    assert set(filled.missing) == {name for name in blanks(words) if not values.get(name)}
    spaced = re.compile("|".join(rf"\{{ {{0,4}}{re.escape(name)} {{0,4}}\}}" for name in BLANKS))
    parts = iter(spaced.split(words))
    rebuilt = next(parts)
    for match in spaced.finditer(words):
        name = match[0].strip("{} ")
        rebuilt += (values.get(name) or match[0]) + next(parts)
    assert filled.text == rebuilt


def test_hostile_words_stay_linear() -> None:
    assert fill("{ " * 200_000 + "order.number", {}).missing == ()


@pytest.mark.anyio
async def test_no_door_lets_an_agent_send_a_blank_and_customers_write_what_they_like(database: object) -> None:
    world = await make_world()
    talk = await chat(world.lumen, world.ines)
    await post(talk.id, Actor.of(world.ines), "What is {order.number}?", client_id="client-id-1")
    with pytest.raises(Conflict) as refused:
        await post(talk.id, Actor.of(world.omar), "It is {order.number}", client_id="agent-id-1")
    assert refused.value.code == "missing_value"
    with pytest.raises(Conflict):
        await hold(talk.id, world.omar, "It is {order.number}", client_id="agent-id-2", seconds=10, seen=9)
