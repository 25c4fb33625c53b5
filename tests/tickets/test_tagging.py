"""Tags have one spelling, stay in their shop, and are suggested as they begin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid, NotFound
from core.people import BOT, Actor
from tests.people import World, chat
from tickets.opening import open_ticket
from tickets.tagging import NAME_LIMIT, TONES, add_tag, remove_tag, suggest_tags, tag_name, tone_of
from tickets.work_models import Tag, TicketTag

pytestmark = pytest.mark.anyio


@given(st.text())
def test_a_name_is_its_own_name(words: str) -> None:
    try:
        name = tag_name(words)
    except Invalid:
        return
    assert tag_name(name) == name
    assert 0 < len(name) <= NAME_LIMIT
    assert 0 <= tone_of(name) < TONES


async def test_tags_are_made_once_and_belong_to_a_shop(world: World) -> None:
    omar = Actor.of(world.omar)
    lamp = await open_ticket((await chat(world.lumen, world.ines)).id, "question", BOT, subject="Lamp")
    tea = await open_ticket((await chat(world.chaye, world.lin)).id, "question", BOT, subject="茶")
    for words in ("#VIP", "vip ", "Late delivery"):
        await add_tag(lamp.id, words, omar)
    await add_tag(tea.id, "礼盒", Actor.of(world.wei))
    assert await TicketTag.filter(ticket_id=lamp.id).count() == 2
    assert await suggest_tags([world.lumen.id], "LA") == ["late delivery"]
    assert await suggest_tags([world.chaye.id], "") == ["礼盒"]
    with pytest.raises(NotFound):
        await add_tag(tea.id, "vip", omar)
    await remove_tag(lamp.id, "Vip", omar)
    assert await TicketTag.filter(ticket_id=lamp.id).count() == 1
    assert await Tag.all().count() == 3
