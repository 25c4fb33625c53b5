"""Every frame has an example, and both transports carry it both ways."""

import asyncio
import json
from typing import Any, get_args

import pytest

from app.auth.sessions import start_session
from app.realtime.client_frames import ClientFrame, read_frame
from app.realtime.frames import ServerFrame, server_frames
from app.realtime.topics import conversation_topic, desk_topic
from tests.people import World
from tests.realtime.clients import console, visitor
from tests.realtime.examples import FROM_CLIENT, FROM_SERVER
from tests.realtime.serving import Desk
from tests.realtime.test_polling import page_of, until, widget

pytestmark = pytest.mark.anyio

IN_THE_DESIGN = {
    "welcome", "message", "ack", "typing", "presence", "order", "ticket", "handler", "queue", "read", "error", "bye",
}  # fmt: skip
FOR_THE_DESK = {"customers", "work", "note", "inbox"}


def test_every_frame_has_one_example() -> None:
    for union, examples in ((ClientFrame, FROM_CLIENT), (ServerFrame, FROM_SERVER)):
        kinds = [model.model_fields["type"].default for model in get_args(union)]
        assert [example["type"] for example in examples] == kinds
    assert {example["type"] for example in FROM_SERVER} >= IN_THE_DESIGN


def test_the_examples_are_frames() -> None:
    for example in FROM_CLIENT:
        assert read_frame(json.dumps(example)).type == example["type"]
    for example in FROM_SERVER:
        assert server_frames.validate_python(example).type == example["type"]


def whole(example: dict[str, Any]) -> dict[str, Any]:
    return server_frames.validate_python(example).model_dump(mode="json")


async def test_the_same_frames_reach_a_socket_and_a_request(desk: Desk, world: World) -> None:
    frames = [whole(example) for example in FROM_SERVER]
    async with visitor(desk) as tab:
        public_id = (await tab.post("Hello"))["conversation"]
        async with widget(desk, token=tab.welcome["visitor_token"]) as page:
            page.follow(public_id, last=1)
            await page.wait_for("history")
            await tab.settle()
            waiting = asyncio.create_task(page.ask("wait"))
            topic = conversation_topic(public_id)
            await until(lambda: len(desk.hub._listeners[topic]) == 2)
            for frame in frames:
                desk.hub.publish(topic, frame)
            by_request = (await waiting)["frames"]
            await tab.closed()  # the last frame says bye
    assert by_request == frames
    assert tab.heard == frames


async def test_the_same_frames_reach_both_kinds_of_console(desk: Desk, world: World) -> None:
    frames = [whole(example) for example in FROM_SERVER if example["type"] in FOR_THE_DESK]
    token = await start_session(world.omar)
    async with visitor(desk) as ines, console(desk, token) as omar, page_of(desk, token) as page:
        public_id = (await ines.post("Hello"))["conversation"]
        await omar.send("watch", conversation=public_id)
        await omar.settle()
        page.follow(public_id, last=1)
        await page.ask("wait")
        waiting = asyncio.create_task(page.ask("wait"))
        topic = desk_topic(public_id)
        await until(lambda: len(desk.hub._listeners[topic]) == 2)
        for frame in frames:
            desk.hub.publish(topic, frame)
        by_request = (await waiting)["frames"]
        by_socket = await omar.settle()
    assert [frame for frame in by_request if frame in frames] == frames
    assert [frame for frame in by_socket if frame in frames] == frames


async def test_both_transports_understand_what_a_client_sends(desk: Desk, world: World) -> None:
    """Each is done or refused for a reason that is the same; none is nonsense. Some are the console's alone."""
    for example in FROM_CLIENT:
        by_socket, by_request = await refusals_of(desk, example)
        assert by_socket == by_request, example
        assert not {"malformed", "internal"} & set(by_socket), example
        for_the_desk = example["type"] in ("watch", "unwatch")
        assert ("not_for_you" in by_socket) == (for_the_desk or example["type"] == "hello")


async def refusals_of(desk: Desk, example: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The codes with which a frame of a new visitor is refused, by socket and by request."""
    async with visitor(desk) as tab, widget(desk) as page:
        await tab.post("Hello")
        await page.ask("open")
        await page.say("Hello", "client-id-1")
        await tab.settle()
        await tab.send(**example)
        if example["type"] == "leave":
            await tab.wait("bye", reason="left")
        else:
            await tab.send("ping")
            await tab.wait("pong")
        answer = await page.ask("send", example)
        heard = (tab.heard, answer["frames"])
        by_socket, by_request = ([frame["code"] for frame in side if frame["type"] == "error"] for side in heard)
    return by_socket, by_request
