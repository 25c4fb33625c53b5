"""The client in docs/chat-protocol.md is one: it talks, and it comes back without saying anything twice."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from conversations.models import Conversation, Message
from conversations.posting import post
from core.people import BOT
from tests.people import World
from tests.realtime.serving import Desk

pytestmark = pytest.mark.anyio
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/chat-protocol.md"


async def test_the_example_in_the_documentation_talks(
    desk: Desk, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    source = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert source is not None
    client: dict[str, Any] = {"__name__": "client"}
    exec(compile(source[1], str(DOCUMENT), "exec"), client)
    words: asyncio.Queue[str] = asyncio.Queue()
    talking = asyncio.create_task(client["talk"](desk.address, "lumen", words.get))
    heard = ""
    try:
        async with asyncio.timeout(10):
            words.put_nowait("Where is my lamp?")
            while not await Message.exists():
                await asyncio.sleep(0.01)
            conversation = await Conversation.get()
            desk.hub.dismiss()  # the line is lost
            await post(conversation.id, BOT, "Which one?", client_id="bot:1")
            while "bot: Which one?" not in heard:
                heard += capsys.readouterr().out
                await asyncio.sleep(0.01)
    finally:
        talking.cancel()
    assert await Message.filter(author_kind="customer").count() == 1
    assert heard == "customer: Where is my lamp?\nbot: Which one?\n"
