"""Probably twice: orders of one customer minutes apart, and more money than the order costs."""

from datetime import timedelta

import pytest

from core.shops import Shop
from orders.duplicates import Capture, Purchase, surplus, twins
from orders.models import Order, OrderLine
from orders.twins import twins_of
from tests.heard import counted
from tests.orders.deliveries import NOON
from tests.people import make_order


def purchase(order: str, minutes: float = 0, **changes: object) -> Purchase:
    values: dict[str, object] = {
        "order": order,
        "contacts": frozenset({"ines@example.com", "+15035550142"}),
        "goods": frozenset({"LO-ALD", "LO-BUL"}),
        "placed_at": NOON + timedelta(minutes=minutes),
        "unshipped": True,
    }
    return Purchase(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "is_twin"),
    [
        (purchase("b"), True),
        (purchase("b", 10), True),
        (purchase("b", -10), True),
        (purchase("b", 10.1), False),
        (purchase("b", contacts=frozenset({"+15035550142"})), True),
        (purchase("b", contacts=frozenset({"lin@example.com"})), False),
        (purchase("b", contacts=frozenset()), False),
        (purchase("b", goods=frozenset({"LO-ALD"})), False),
        (purchase("b", unshipped=False), False),
        (purchase("a"), False),
    ],
)
def test_twins(other: Purchase, is_twin: bool) -> None:
    assert [found.order for found in twins(purchase("a"), [other])] == (["b"] if is_twin else [])
    assert bool(twins(other, [purchase("a")])) == is_twin


@pytest.mark.parametrize(
    ("one", "other", "is_twin"),
    [
        ({"contacts": frozenset()}, {"contacts": frozenset()}, True),
        ({"contacts": frozenset()}, {}, True),
        ({"contacts": frozenset()}, {"contacts": frozenset(), "address": "else"}, False),
        ({"contacts": frozenset(), "address": ""}, {"contacts": frozenset(), "address": ""}, False),
        ({}, {"contacts": frozenset({"lin@example.com"})}, False),
    ],
)
def test_without_a_contact_the_address_tells(one: dict[str, object], other: dict[str, object], is_twin: bool) -> None:
    first, second = (
        purchase("a", 0, **({"address": "bo|elm 1"} | one)),
        purchase("b", 0, **({"address": "bo|elm 1"} | other)),
    )
    assert bool(twins(first, [second])) == bool(twins(second, [first])) == is_twin


def test_an_order_that_has_left_or_has_no_goods_has_no_twin() -> None:
    assert twins(purchase("a", unshipped=False), [purchase("b")]) == []
    assert twins(purchase("a", goods=frozenset()), [purchase("b", goods=frozenset())]) == []


def capture(payment: str, amount: int, minutes: int = 0) -> Capture:
    return Capture(payment=payment, amount=amount, at=NOON + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("total", "captures", "amount", "later"),
    [
        (1000, [capture("b", 1000, 5), capture("a", 1000)], 1000, ["b"]),
        (1000, [capture("a", 600), capture("b", 400, 1), capture("c", 400, 2)], 400, ["c"]),
        (1000, [capture("a", 600), capture("b", 600, 1)], 200, []),
        (
            1000,
            [capture("a", 1000), capture("b", 0, 1), capture("c", 1000, 2), capture("d", 1000, 3)],
            2000,
            ["c", "d"],
        ),
    ],
)
def test_surplus_names_the_later_captures(total: int, captures: list[Capture], amount: int, later: list[str]) -> None:
    found = surplus(total, captures)
    assert found is not None
    assert (found.amount, [one.payment for one in found.captures]) == (amount, later)


@pytest.mark.parametrize("captures", [[], [capture("a", 1000)], [capture("a", 400), capture("b", 600)]])
def test_no_surplus(captures: list[Capture]) -> None:
    assert surplus(1000, captures) is None
    assert surplus(0, captures) is None


async def test_twins_are_looked_for_in_the_shop_only_and_with_two_queries(lumen: Shop, chaye: Shop) -> None:
    orders: list[Order] = []
    for shop, number, phone in (
        (lumen, "1", "+15035550142"),
        (lumen, "2", "+15035550142"),
        (chaye, "3", "+15035550142"),
    ):
        order = await make_order(shop, number, email=None, phone=phone)
        await OrderLine.create(order=order, source_id="1", sku="", title="Lamp", quantity=1)
        orders.append(order)
    with counted() as statements:
        found = await twins_of(orders[0])
    assert [order.number for order in found] == ["2"]
    assert len(statements) == 2
    assert await twins_of(await make_order(lumen, "4")) == []


async def test_twins_without_contacts_go_to_the_same_address(lumen: Shop) -> None:
    to = {"name": "Bo  Li", "lines": ["Elm St 1"], "city": "Salem", "postcode": "97301", "country": "US"}
    orders = []
    for number, ship_to in (("1", to), ("2", {**to, "name": "bo li"}), ("3", {**to, "lines": ["Elm St 2"]}), ("4", {})):
        order = await make_order(lumen, number)
        await Order.filter(id=order.id).update(ship_to=ship_to)
        await OrderLine.create(order=order, source_id="1", sku="LO-ALD", title="Lamp", quantity=1)
        orders.append(await Order.get(id=order.id))
    assert [[twin.number for twin in await twins_of(order)] for order in orders] == [["2"], ["1"], [], []]
