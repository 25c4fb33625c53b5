"""Numbers of a restored backup mean other words: clients that knew the old ones begin anew."""

from datetime import timedelta

import pytest

from conversations.epochs import begin_epoch
from conversations.models import Conversation
from core.clock import FrozenClock
from tests.people import World, chat

pytestmark = pytest.mark.anyio


async def test_every_restored_backup_begins_another_epoch(
    both_databases: str, world: World, clock: FrozenClock
) -> None:
    ines, lin = await chat(world.lumen, world.ines), await chat(world.chaye, world.lin)
    assert await begin_epoch() == 2
    first = (await Conversation.get(id=ines.id)).epoch
    assert await begin_epoch() == 0, "the same second is the same epoch"
    await Conversation.all().update(epoch=0)  # the same backup is restored once more
    clock.advance(timedelta(hours=1))
    assert await begin_epoch(lin) == 1
    assert [talk.epoch for talk in await Conversation.all().order_by("id")] == [0, first + 3600]
