"""The list of what the bot said and the order has contradicted."""

from collections.abc import Awaitable, Callable

import pytest

from conversations.models import AnswerReceipt, Correction
from core.clock import now
from tests.console.conftest import Browser
from tests.people import World, chat, make_order

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


async def test_an_agent_reads_the_words_and_lets_it_be(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.omar)
    assert "Nothing to correct" in (await browser.get("/console/corrections")).text
    order, conversation = await make_order(world.lumen, "1001"), await chat(world.lumen, world.ines)
    receipt = await AnswerReceipt.create(
        conversation=conversation, question_number=1, rule="r", rulebook="r", intent="order_status", order=order,
        order_version=1, as_of=now(),
    )  # fmt: skip
    found = await Correction.create(
        public_id="cor_1", receipt=receipt, conversation=conversation, shop=world.lumen, order=order,
        kinds=["moved"], text="It <b>comes</b> later.", created_at=now(),
    )  # fmt: skip
    page = (await browser.get("/console/corrections")).text
    assert "Later than promised" in page
    assert "It &lt;b&gt;comes&lt;/b&gt; later." in page
    assert (await browser.post("/console/corrections/cor_1", do="send", text=found.text)).status_code == 409
    assert (await browser.post("/console/corrections/cor_1", do="send", text=" ")).status_code == 422
    assert (await browser.post("/console/corrections/cor_1", do="dismiss")).status_code == 303
    assert (await browser.post("/console/corrections/cor_1", do="dismiss")).status_code == 409
    wei = await open_browser(world.wei)
    await wei.get("/console/corrections")
    assert (await wei.post("/console/corrections/cor_1", do="dismiss")).status_code == 404
