"""Kill the desk at any moment and start it again: everything acknowledged is there, once, and open chats catch up."""

import asyncio
import json
import random
import sqlite3
from pathlib import Path

import pytest
from playwright.async_api import Browser
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.journeys.running import Desk, Shopper, order_notice, window

ORDER = Path(__file__).resolve().parents[1] / "data" / "orders" / "order.json"
KILLS = 3
WRITERS = 6
WORDS = 20  # of each
PATIENCE = 30  # seconds for a desk on a busy machine


class Writer:
    """A customer whose widget resends until it is acknowledged, over however many connections."""

    def __init__(self, desk: Desk, name: str) -> None:
        self.desk, self.name = desk, name
        self.token = ""
        self.acknowledged: dict[str, int] = {}
        self.seen: dict[int, str] = {}

    async def write(self, count: int) -> None:
        """Say `count` things, each until it is acknowledged."""
        said = 0
        while said < count:
            try:
                said = await self._over_one_connection(said, count)
            except (OSError, WebSocketException, TimeoutError):
                await asyncio.sleep(0.05)

    async def catch_up(self) -> None:
        """Connect once more and read what there is."""
        await self.write(0)
        await self._over_one_connection(0, 0)

    async def _over_one_connection(self, said: int, count: int) -> int:
        address = f"ws://127.0.0.1:{self.desk.port}/chat/ws"
        async with connect(address, origin=self.desk.url, max_queue=None, open_timeout=PATIENCE) as socket:  # type: ignore[arg-type]
            last = max(self.seen, default=0)
            await socket.send(json.dumps({"type": "hello", "site": "lumen", "token": self.token, "last": last}))
            while True:
                frame = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
                self._note(frame)
                if frame["type"] == "welcome":
                    self.token = frame["visitor_token"] or self.token
                    if said == count:
                        return said
                    await self._post(socket, said)
                elif frame["type"] == "ack" and frame["client_id"] == f"{self.name}-{said:06}":
                    self.acknowledged[frame["client_id"]] = frame["number"]
                    said += 1
                    if said == count:
                        return said
                    await self._post(socket, said)

    async def _post(self, socket: object, position: int) -> None:
        post = {"type": "post", "client_id": f"{self.name}-{position:06}", "text": f"{self.name} says {position}"}
        await socket.send(json.dumps(post))  # type: ignore[attr-defined]

    def _note(self, frame: dict[str, object]) -> None:
        messages = frame.get("messages", []) if frame["type"] != "message" else [frame]
        for message in messages:  # type: ignore[attr-defined]
            known = self.seen.setdefault(message["number"], message["client_id"])
            assert known == message["client_id"], "one number, two messages"


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_or_doubled(desk: Desk) -> None:
    chance = random.Random(20261122)
    writers = [Writer(desk, f"writer{number:02}") for number in range(WRITERS)]
    events: list[str] = []

    async def send_orders() -> None:
        for number in range(40):
            body = order_notice(ORDER, id=900000 + number, name=f"#9{number:03}")
            while True:
                try:
                    if (await desk.notify(body, "orders/create", event=f"event-{number}")).status_code == 200:
                        events.append(f"event-{number}")
                        break
                except Exception:  # noqa: BLE001  # the platform tries again whatever happened
                    pass
                await asyncio.sleep(0.05)

    async def pull_the_plug() -> None:
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.3, 1.2))
            desk.kill()
            await asyncio.to_thread(desk.start)

    await asyncio.gather(*(writer.write(WORDS) for writer in writers), send_orders(), pull_the_plug())
    for writer in writers:
        await writer.catch_up()
    desk.kill()

    with sqlite3.connect(desk.data / "wismo.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = database.execute(
            "SELECT client_id, count(*), min(number) FROM message WHERE author_kind = 'customer'"
            " GROUP BY conversation_id, client_id"
        ).fetchall()
        numbers = database.execute(
            "SELECT conversation_id, count(*), max(number) FROM message GROUP BY conversation_id"
        ).fetchall()
        kept = database.execute(
            "SELECT count(*), count(DISTINCT delivery_key) FROM source_event WHERE delivery_key LIKE '%event-%'"
        ).fetchone()
        orders = database.execute("SELECT count(*) FROM shop_order WHERE number LIKE '#9%'").fetchone()
    found = {client_id: (count, number) for client_id, count, number in stored}
    for writer in writers:
        assert len(writer.acknowledged) == WORDS
        for client_id, number in writer.acknowledged.items():
            assert found[client_id] == (1, number)
    assert all(count == highest for _, count, highest in numbers), "a hole in the numbers"
    assert kept == (40, 40)
    assert len(events) == 40
    assert orders[0] <= 40


@pytest.mark.browser
async def test_an_open_chat_reconnects_and_misses_nothing(desk: Desk, browser: Browser) -> None:
    async with window(browser, "en") as page:
        customer = Shopper(desk, page, "lumen")
        await customer.visit()
        await customer.open_chat()
        await customer.ask("hello")
        await customer.reads("What can I do for you?")
        desk.kill()
        await customer.ask("I want to talk to a person")
        desk.start()
        await customer.reads("1010")
        words = customer.chat.get_by_role("log").get_by_text("I want to talk to a person", exact=True)
        assert await words.count() == 1
