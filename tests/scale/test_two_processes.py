"""Two web processes and a worker are one desk: nobody can tell where they are connected, and any part may fail."""

import asyncio
import json
import re
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from websockets.exceptions import ConnectionClosed

from tests.orders.deliveries import webhook
from tests.realtime.clients import Client, Frame
from tests.scale.running import Cluster, Process, agent, code_for, customer, send

ORDER = Path(__file__).resolve().parents[1] / "data" / "orders" / "order.json"
LOST = 3.0  # seconds until a lost hint is made good
HEALED = 30.0  # seconds; three on a quiet machine, but a busy one must not fail the test

pytestmark = [pytest.mark.pg, pytest.mark.redis, pytest.mark.slow, pytest.mark.anyio]


@pytest.fixture(scope="module")
def cluster(demo_databases: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(demo_databases(), tmp_path_factory.mktemp("cluster"))
    try:
        cluster.open()
        yield cluster
    finally:
        cluster.close()


@pytest.fixture
def webs(cluster: Cluster) -> list[Process]:
    """Both web processes, and a worker beside them, whatever the test before has ended."""
    for process in [process for process in cluster.processes if process.process.poll() is not None]:
        cluster.again(process)
    return [process for process in cluster.processes if "serve" in process.command]


async def ask_for_a_person(client: Client) -> str:
    """Talk until the bot hands over. Returns the conversation's id."""
    ack = await client.post("I want to talk to a person")
    await client.wait("handler", handler="queue")
    return str(ack["conversation"])


async def test_both_sides_and_the_worker_are_one_desk(webs: list[Process]) -> None:
    here, there = webs
    async with customer(here) as ines, agent(there) as maya:
        talk = await ask_for_a_person(ines)
        await maya.send("watch", conversation=talk, last=0)
        history = await maya.wait("history", conversation=talk)
        assert history["messages"][0]["text"] == "I want to talk to a person"
        assert {message["author"]["kind"] for message in history["messages"][1:]} == {"bot"}

        await ines.post("Are you there?")
        await maya.wait("message", text="Are you there?")
        await maya.post("I am, how can I help?", conversation=talk)
        said = await ines.wait("message", text="I am, how can I help?")
        assert said["author"] == {"kind": "agent", "name": "Maya Okafor"}
        assert (await ines.wait("handler", handler="agent"))["agent"] == "Maya Okafor"
        await ines.send("typing")
        await maya.wait("typing", who="customer")


async def test_an_order_event_at_one_process_moves_the_card_at_the_other(webs: list[Process]) -> None:
    here, there = webs
    await send(here, notice("orders/create", "2026-11-20T10:00:00-05:00", "pending"))
    async with customer(there) as bob:
        await bob.post("where is my order 7001?")
        await bob.wait("message", form="code")
        await bob.post(await code_for(here, "bob@example.com"))
        card = (await bob.wait_for(lambda frame: frame["type"] == "message" and frame["order"] is not None))["order"]
        assert card["number"] == "#7001"
        await bob.settle()

        await send(here, notice("orders/updated", "2026-11-20T10:05:00-05:00", "paid"))
        moved = await bob.wait_for(
            lambda frame: frame["type"] == "order" and frame["card"]["version"] > card["version"]
        )
        assert moved["card"]["headline"] != card["headline"]


async def test_what_redis_swallows_is_seen_within_three_seconds(cluster: Cluster, webs: list[Process]) -> None:
    """Redis answers, both processes listen, and nothing that is published arrives."""
    here, there = webs
    async with agent(there) as maya, customer(here) as ines:
        talk = await ask_for_a_person(ines)
        await maya.wait_for(lambda frame: frame["type"] == "customers" and frame["states"].get(talk) == "open")
        await maya.send("watch", conversation=talk, last=0)
        await maya.wait("presence", who="customer", on=True)
        last = (await ines.post("Are you there?"))["number"]
        await maya.wait("message", number=last)
        await maya.settle()
        async with Redis.from_url(cluster.redis.url) as redis:
            await redis.execute_command("ACL", "SETUSER", "default", "-publish")  # type: ignore[no-untyped-call]
            waits = []
            for number in range(3):
                last += 1
                assert (await ines.post(f"Hello {number}?"))["number"] == last
                started = time.monotonic()
                assert await found_by_hint(maya, talk, last - 1, last) == [f"Hello {number}?"]
                waits.append(time.monotonic() - started)
            await redis.execute_command("ACL", "SETUSER", "default", "+publish")  # type: ignore[no-untyped-call]
        assert min(waits) < LOST, waits
        assert max(waits) < HEALED, waits
        assert not [frame for frame in maya.heard if frame["type"] == "message" and "Hello" in frame["text"]]


async def test_while_redis_is_away_nothing_is_lost_and_all_is_found(cluster: Cluster, webs: list[Process]) -> None:
    here, there = webs
    async with customer(here) as ines, agent(there) as maya:
        talk = await ask_for_a_person(ines)
        await maya.send("watch", conversation=talk, last=0)
        last = max(message["number"] for message in (await maya.wait("history"))["messages"])
        await maya.settle()

        cluster.redis.kill()
        acks = [await ines.post(f"Hello {number}?") for number in range(3)]
        started = time.monotonic()
        texts = await found_by_hint(maya, talk, last, acks[-1]["number"])
        assert time.monotonic() - started < HEALED
        assert texts == ["Hello 0?", "Hello 1?", "Hello 2?"]

        cluster.redis.start()
        started = time.monotonic()
        await until_heard(lambda: maya.post("Hello!", conversation=talk), ines)
        await until_heard(lambda: ines.post("I hear you"), maya)
        assert time.monotonic() - started < HEALED


async def test_who_was_connected_to_a_killed_process_goes_on_at_another(webs: list[Process]) -> None:
    here, there = webs
    async with agent(there) as maya:
        async with customer(here) as ines:
            token = ines.welcome["visitor_token"]
            talk = await ask_for_a_person(ines)
            last = max(frame["number"] for frame in await ines.settle() if frame["type"] == "message")
            here.end(signal.SIGKILL)
            with pytest.raises(ConnectionClosed):
                await ines.post("Did you get this?", client_id="client-id-lost")
        ack = await maya.post("What can I do for you?", conversation=talk)
        async with customer(there, token=token, last=last) as ines:
            assert ines.welcome["conversation"] == talk
            missed = [(message["number"], message["text"]) for message in ines.welcome["messages"]]
            assert missed == [(ack["number"], "What can I do for you?")]
            again = await ines.post("Did you get this?", client_id="client-id-lost")
            assert again["number"] == ack["number"] + 1


async def test_a_process_that_is_told_to_stop_sends_its_clients_away_and_ends_well(
    cluster: Cluster, webs: list[Process]
) -> None:
    here, there = webs
    async with customer(here) as ines, customer(there) as lin:
        await ask_for_a_person(ines)
        started = time.monotonic()
        status = asyncio.create_task(asyncio.to_thread(here.end))
        assert await ines.closed() == 1012
        assert await status == 0, here.said()
        assert time.monotonic() - started < HEALED
        await lin.post("I am still here")
    [worker] = [process for process in cluster.processes if "work" in process.command]
    started = time.monotonic()
    assert await asyncio.to_thread(worker.end) == 0, worker.said()
    assert time.monotonic() - started < HEALED
    for process in (here, worker):
        assert not re.search(r"Traceback|Task was destroyed|never retrieved", process.said()), process.said()


def notice(topic: str, at: str, payment: str) -> Any:
    """The platform's own sample order as a notification about #7001."""
    sample = json.loads(ORDER.read_bytes())["order"]
    contact = {"email": "bob@example.com", "contact_email": "bob@example.com"}
    nothing_yet: dict[str, Any] = {"fulfillment_status": None, "fulfillments": [], "refunds": []}
    times = {"created_at": "2026-11-20T10:00:00-05:00", "updated_at": at}
    order = sample | contact | nothing_yet | times | {"id": 7001, "name": "#7001", "financial_status": payment}
    return webhook(topic, order, secret="demo-shopify-secret")


async def found_by_hint(client: Client, talk: str, last: int, wanted: int) -> list[str]:
    """Fetch what the hints speak of, as the console does. Returns the texts."""
    texts: list[str] = []
    while last < wanted:
        if (await client.wait("hint"))["number"] <= last:
            continue
        await client.send("fetch", conversation=talk, after=last)
        for message in (await client.wait("history"))["messages"]:
            texts.append(message["text"])
            last = message["number"]
    return texts


async def until_heard(say: Callable[[], Awaitable[Frame]], listener: Client) -> None:
    """Say something until the other side gets the very frame, not only a hint of it."""
    for round_ in range(12):
        number = (await say())["number"]
        try:
            async with asyncio.timeout(0.3 + 0.2 * round_):
                await listener.wait("message", number=number)
            return
        except TimeoutError:
            continue
    raise AssertionError("frames do not fly")
