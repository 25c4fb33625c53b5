"""Search: any word in any language, newest first, only the agent's shops, nothing to inject."""

import pytest

from conversations.posting import post
from conversations.search import search_messages
from core.people import Actor
from tests.heard import counted
from tests.people import World, chat

pytestmark = pytest.mark.anyio

TEXTS = (
    "Where is my order #1001? It should have come on Friday.",
    "我的订单什么时候发货？已经等了五天",
    "请问退款到账了吗",
    "The Café lamp arrived BROKEN, order 1001",
    "ＦＵＬＬ width １００２",
)


@pytest.fixture
async def shops(world: World) -> list[int]:
    talk, other = await chat(world.lumen, world.ines), await chat(world.chaye, world.lin)
    for number, text in enumerate(TEXTS):
        await post(talk.id, Actor.of(world.ines), text, client_id=f"c{number}")
    await post(other.id, Actor.of(world.lin), "订单 1001 茶叶", client_id="c1")
    return [world.lumen.id]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("订单", [1]),
        ("发货", [1]),
        ("退款", [2]),
        ("款", [2]),
        ("我的订单什么时候", [1]),
        ("单订", []),
        ("1001", [3, 0]),
        ("#1001", [3, 0]),
        ("order 1001", [3, 0]),
        ("broken ORDER", [3]),
        ("friday broken", []),
        ("1002 full", [4]),
        ("１００２", [4]),
        ("", []),
        ("?!", []),
    ],
)
async def test_what_is_found(shops: list[int], query: str, found: list[int]) -> None:
    assert [message.text for message in await search_messages(shops, query)] == [TEXTS[place] for place in found]


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "order OR lamp",
        "NEAR(order 1001)",
        "body:order",
        "'; DROP TABLE message",
        "order*",
        "a & b | !c",
        "x" * 5000,
    ],
)
async def test_signs_are_not_commands(shops: list[int], query: str) -> None:
    for message in await search_messages(shops, query):
        assert all(word in message.text.casefold() for word in ("order",))


async def test_only_the_named_shops(shops: list[int], world: World) -> None:
    assert await search_messages([], "1001") == []
    [tea] = await search_messages([world.chaye.id], "1001")
    assert (tea.text, tea.conversation.customer.name) == ("订单 1001 茶叶", "林")
    assert len(await search_messages([world.lumen.id, world.chaye.id], "1001")) == 3


async def test_a_page_costs_two_statements(shops: list[int]) -> None:
    with counted() as statements:
        assert len(await search_messages(shops, "1001", limit=1)) == 1
    assert len(statements) == 2
