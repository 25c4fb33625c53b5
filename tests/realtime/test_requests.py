"""What a customer asks for beside the talk, at the socket: proof of an address, the letter, an order to choose."""

import pytest

from app.realtime.requests import masked
from conversations.codes import fulfil_code_request
from conversations.models import CodeRequest, Conversation, Message
from conversations.proofs import prove_by_token
from orders.models import Order, OrderLine, Shipment
from tests.heard import counted
from tests.people import World, make_order
from tests.realtime.clients import Client, visitor
from tests.realtime.serving import Desk

pytestmark = pytest.mark.anyio


async def newest_code() -> str:
    request = await CodeRequest.all().order_by("-id").first()
    assert request is not None
    [sent] = await fulfil_code_request(request.id)
    return sent.code


async def prove(client: Client, address: str) -> None:
    await client.send("prove", client_id="client-id-p1", address=address)
    assert (await client.wait("proof"))["state"] == "sent"
    await client.send("prove", client_id="client-id-p2", code=await newest_code())
    assert (await client.wait("proof", client_id="client-id-p2"))["state"] == "proved"


async def add_line(order: Order, title: str, position: int) -> None:
    await OrderLine.create(order=order, source_id=str(position), position=position, title=title, quantity=1)


async def test_a_typed_address_is_proved_before_the_letter_is_written(desk: Desk) -> None:
    async with visitor(desk) as guest:
        await guest.post("Where is my lamp?")
        await guest.send("transcript", client_id="client-id-t1")
        assert (await guest.wait("error", client_id="client-id-t1"))["code"] == "not_proved"
        await guest.send("prove", client_id="client-id-p0", address="nobody")
        assert (await guest.wait("error", client_id="client-id-p0"))["code"] == "bad_address"
        await guest.send("prove", client_id="client-id-p1", address="guest@example.com")
        await guest.wait("proof", state="sent")
        code = await newest_code()
        await guest.send("prove", client_id="client-id-p2", code=f"{(int(code) + 1) % 10**6:06d}")
        assert (await guest.wait("proof", client_id="client-id-p2"))["left"] == 4
        await guest.send("prove", client_id="client-id-p3", code=code)
        assert (await guest.wait("proof", client_id="client-id-p3"))["state"] == "proved"
        await guest.send("transcript", client_id="client-id-t2")
        assert (await guest.wait("transcript"))["address"] == "gu…@example.com"


async def test_before_the_first_word_there_is_nothing_to_ask_for(desk: Desk) -> None:
    async with visitor(desk) as guest:
        await guest.send("transcript", client_id="client-id-t1")
        assert (await guest.wait("error", client_id="client-id-t1"))["code"] == "not_found"
    assert not await Conversation.exists()


async def test_proved_orders_are_offered_and_the_chosen_one_is_set(desk: Desk, world: World) -> None:
    lamp = await make_order(world.lumen, "R-ABC", email="ines@example.com")
    await make_order(world.lumen, "1043", email="ines@example.com")
    foreign = await make_order(world.lumen, "1044", email="else@example.com")
    await Order.filter(id=lamp.id).update(headline="shipped", total=12900)
    await add_line(lamp, "Halo lamp", 0)
    await add_line(lamp, "Bulb", 1)
    for name in ("1", "2"):
        await Shipment.create(public_id=f"shp_{name}", order=lamp, source_id=name, state="out_for_delivery")
    async with visitor(desk) as ines:
        await ines.post("Hello")
        await prove(ines, "ines@example.com")
        token = ines.welcome["visitor_token"]
    async with visitor(desk, token=token) as ines:
        offered = (await ines.wait("orders"))["orders"]
        assert [order["number"] for order in offered] == ["1043", "R-ABC"]
        assert offered[1] == {
            "order": lamp.public_id,
            "number": "R-ABC",
            "placed": offered[1]["placed"],
            "items": "Halo lamp and 1 more",
            "state": "Out for delivery",
            "tone": "good",
            "total": "$129.00",
        }
        await ines.post("Order R-ABC", order=lamp.public_id)
        await ines.wait("message", text="Order R-ABC", order=None)  # its card stands under the answer
        assert await Conversation.exists(order_id=lamp.id)
        await ines.post("Order 1044", order=foreign.public_id)  # words, and nothing more
        assert await Conversation.exists(order_id=lamp.id)
        assert await Message.exists(text="Order 1044", order_id=None)
        await ines.send("speak", language="zh")
        offered = (await ines.wait_for(lambda frame: frame["type"] == "orders"))["orders"]
        assert (offered[1]["items"], offered[1]["state"]) == ("Halo lamp，另有 1 种商品", "派送中")


async def test_a_list_costs_one_query_for_the_orders(desk: Desk, world: World) -> None:
    for number in range(20):
        await add_line(await make_order(world.lumen, f"10{number}", email="ines@example.com"), "Lamp", 0)
    async with visitor(desk) as ines:
        await ines.post("Hello")
        conversation = await Conversation.get()
        await prove_by_token(conversation.id, ["ines@example.com"])
        with counted() as statements:
            await ines.send("speak", language="en")
            offered = (await ines.wait("orders"))["orders"]
    assert len(offered) == 10
    assert len([text for text in statements if "shop_order" in text]) == 1


@pytest.mark.parametrize(
    ("address", "shown"),
    [("ines@example.com", "in…@example.com"), ("ab@x.test", "a…@x.test"), ("a@x.test", "…@x.test")],
)
def test_most_of_an_address_is_hidden(address: str, shown: str) -> None:
    assert masked(address) == shown
