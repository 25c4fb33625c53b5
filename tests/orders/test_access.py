"""The facts gate: who may see which order, and how little a refusal says."""

import pytest

from core.audit import AuditEntry
from core.clock import FrozenClock
from core.errors import NotFound
from core.shops import Shop
from orders.access import Viewer, order_in_view, orders_in_view, orders_to_choose
from tests.heard import counted
from tests.people import make_order

GUESSES = (
    "9999",
    "1001",
    "#1001",
    "1001 ",
    "01001",
    "1001.0",
    "[1001]",
    "",
    "ord_",
    "%",
    "1001' OR '1'='1",
    "１００１",
    "9" * 500,
    "ord_" + "0" * 500,
    "ord_\x00",
)


@pytest.fixture(autouse=True)
async def orders(lumen: Shop, chaye: Shop, clock: FrozenClock) -> None:
    await make_order(lumen, "#1001", email="ines@example.com")
    await make_order(lumen, "#1002", phone="+15035550142")
    await make_order(chaye, "1001", email="lin@example.com")


async def test_a_proved_address_or_phone_opens_the_orders_it_is_on(lumen: Shop) -> None:
    ines = Viewer.customer(lumen.id, ["Ines@Example.com"])
    order = await order_in_view(ines, " #1001", "chat")
    assert await order_in_view(ines, order.public_id, "chat") == order
    assert [found.number for found in await orders_in_view(ines, "chat")] == ["#1001"]
    by_phone = Viewer.customer(lumen.id, ["+1 503 555 0142"])
    assert [found.number for found in await orders_in_view(by_phone, "chat")] == ["#1002"]


async def test_unknown_foreign_and_unproved_are_one_answer(lumen: Shop, chaye: Shop) -> None:
    """Whether an order exists shows neither in the error nor in the work done."""
    theirs = await order_in_view(Viewer.customer(chaye.id, ["lin@example.com"]), "1001", "test")
    strangers = [
        Viewer.customer(lumen.id, ["eve@example.com"]),
        Viewer.customer(lumen.id, ["lin@example.com"]),  # proved, but in the other shop
        Viewer.customer(lumen.id, []),
        Viewer.customer(lumen.id, ["", "@", "ines", "None"]),
        Viewer(kind="visitor", shop_ids=(lumen.id,), proofs=("ines@example.com",)),
    ]
    answers = set()
    for viewer in strangers:
        for name in (*GUESSES, theirs.public_id, "ord_0123456789"):
            with counted() as statements, pytest.raises(NotFound) as refused:
                await order_in_view(viewer, name, "chat")
            error = refused.value
            answers.add(
                (type(error), error.code, error.status, error.detail, str(error.data), str(error), len(statements))
            )
    assert len(answers) == 1


async def test_another_order_of_the_same_shop_stays_closed(lumen: Shop) -> None:
    with pytest.raises(NotFound):
        await order_in_view(Viewer.customer(lumen.id, ["ines@example.com"]), "1002", "chat")


async def test_an_agent_sees_the_shops_he_works_for_and_leaves_a_trace(lumen: Shop, chaye: Shop) -> None:
    agent = Viewer.agent(7, [lumen.id], "Omar")
    order = await order_in_view(agent, "1001", "ticket 12")
    assert order.shop_id == lumen.id
    foreign = await order_in_view(Viewer.agent(8, [chaye.id]), "1001", "ticket 13")
    with pytest.raises(NotFound):
        await order_in_view(agent, foreign.public_id, "curiosity")
    trace = await AuditEntry.filter(action="order.read").order_by("id").values("actor_id", "subject", "detail")
    assert [(row["actor_id"], row["subject"], row["detail"]) for row in trace] == [
        (7, order.public_id, {"purpose": "ticket 12"}),
        (8, foreign.public_id, {"purpose": "ticket 13"}),
    ]


async def test_a_customers_own_reads_are_not_audited(lumen: Shop) -> None:
    await orders_in_view(Viewer.customer(lumen.id, ["ines@example.com"]), "chat")
    assert await AuditEntry.all().count() == 0


async def test_nobody_sees_orders_without_contacts(lumen: Shop) -> None:
    await make_order(lumen, "1003")
    assert await orders_in_view(Viewer.customer(lumen.id, []), "chat") == []
    with pytest.raises(NotFound):
        await order_in_view(Viewer.customer(lumen.id, [""]), "1003", "chat")


@pytest.mark.parametrize("name", ["ord_" + "a" * 500, "ord_\0", "9" * 500, "\0", "\ud800"])
async def test_names_that_nothing_can_have_are_not_found(lumen: Shop, name: str) -> None:
    with pytest.raises(NotFound):
        await order_in_view(Viewer.customer(lumen.id, ["ines@example.com"]), name, "chat")


async def test_orders_to_choose_from_are_the_customers_own(lumen: Shop, chaye: Shop) -> None:
    both = Viewer.customer(lumen.id, ["ines@example.com", "+15035550142"])
    assert {order.number for order in await orders_to_choose(both)} == {"#1001", "#1002"}
    assert [order.number for order in await orders_to_choose(Viewer.customer(lumen.id, ["Ines@Example.com"]))] == [
        "#1001"
    ]
    assert await orders_to_choose(Viewer.customer(lumen.id, [])) == []
    assert await orders_to_choose(Viewer.customer(lumen.id, ["lin@example.com"])) == []
    assert await orders_to_choose(Viewer.agent(1, [lumen.id, chaye.id])) == []
