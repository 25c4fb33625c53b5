"""Axes, gates and the headline they add up to."""

from typing import Any

import pytest

from orders.statuses import (
    Axes,
    Closure,
    Confirmation,
    Fulfilment,
    Gate,
    Headline,
    Hold,
    ParcelState,
    PaymentState,
    RefundState,
    Returns,
    furthest,
    headline,
    may_cancel,
    may_change_address,
    open_gates,
)

ADDRESS, PAYMENT_GATE, STOCK_GATE = frozenset({Hold.ADDRESS}), (Gate.PAYMENT,), (Gate.STOCK,)


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        ({}, Headline.PROCESSING),
        ({"closure": Closure.CANCELLED, "holds": ADDRESS, "refund": RefundState.FULL}, Headline.CANCELLED),
        ({"confirmation": Confirmation.REJECTED}, Headline.CANCELLED),
        ({"closure": Closure.EXPIRED, "gates": PAYMENT_GATE}, Headline.EXPIRED),
        ({"refund": RefundState.FULL, "fulfilment": Fulfilment.DELIVERED}, Headline.REFUNDED),
        ({"refund": RefundState.PENDING, "fulfilment": Fulfilment.DELIVERED}, Headline.DELIVERED),
        ({"refund": RefundState.PARTIAL, "fulfilment": Fulfilment.SHIPPED}, Headline.SHIPPED),
        ({"returns": Returns.IN_TRANSIT, "fulfilment": Fulfilment.SHIPPED}, Headline.RETURNING),
        ({"returns": Returns.RETURNED, "fulfilment": Fulfilment.SHIPPED}, Headline.RETURNED),
        ({"returns": Returns.REQUESTED, "fulfilment": Fulfilment.DELIVERED}, Headline.DELIVERED),
        ({"holds": ADDRESS, "gates": PAYMENT_GATE, "payment": PaymentState.FAILED}, Headline.ON_HOLD),
        ({"payment": PaymentState.FAILED, "gates": PAYMENT_GATE}, Headline.PAYMENT_FAILED),
        ({"payment": PaymentState.PENDING, "gates": (Gate.PAYMENT, Gate.STOCK)}, Headline.AWAITING_PAYMENT),
        ({"payment": PaymentState.AUTHORIZED, "gates": PAYMENT_GATE}, Headline.AWAITING_CONFIRMATION),
        ({"payment": PaymentState.PAID, "gates": STOCK_GATE}, Headline.AWAITING_CONFIRMATION),
        ({"closure": Closure.COMPLETED, "fulfilment": Fulfilment.DELIVERED}, Headline.COMPLETED),
        ({"fulfilment": Fulfilment.PARTIALLY_DELIVERED}, Headline.PARTIALLY_DELIVERED),
        ({"fulfilment": Fulfilment.PARTIAL}, Headline.PARTIALLY_SHIPPED),
        ({"fulfilment": Fulfilment.BACKORDERED}, Headline.BACKORDERED),
    ],
)
def test_the_first_headline_that_applies_wins(axes: dict[str, Any], expected: Headline) -> None:
    assert headline(Axes(**axes)) is expected


def test_the_open_gates_are_named_and_all_close_once_goods_have_left() -> None:
    waiting: dict[str, Any] = {"fulfilment": Fulfilment.UNFULFILLED, "closure": Closure.OPEN}
    assert open_gates(payment=PaymentState.AUTHORIZED, stock_open=True, **waiting) == (Gate.PAYMENT, Gate.STOCK)
    assert open_gates(payment=PaymentState.PAID, risk_open=True, acceptance_open=True, **waiting) == (
        Gate.RISK,
        Gate.ACCEPTANCE,
    )
    assert open_gates(payment=PaymentState.NONE, pay_on_delivery=True, **waiting) == ()
    left: dict[str, Any] = {"fulfilment": Fulfilment.SHIPPED, "closure": Closure.OPEN}
    assert open_gates(payment=PaymentState.PENDING, stock_open=True, **left) == ()


def test_an_order_may_be_cancelled_until_its_label_is_printed() -> None:
    assert may_cancel(Axes(), label_printed=False)
    assert not may_cancel(Axes(), label_printed=True)
    assert not may_cancel(Axes(fulfilment=Fulfilment.PARTIAL), label_printed=False)
    assert not may_cancel(Axes(closure=Closure.CANCELLED), label_printed=False)
    assert not may_cancel(Axes(holds=frozenset({Hold.PLATFORM_LOCK})), label_printed=False)


def test_the_address_of_something_that_is_not_shipped_cannot_change() -> None:
    digital = Axes(fulfilment=Fulfilment.NOT_REQUIRED)
    assert may_cancel(digital, label_printed=False)
    assert not may_change_address(digital, label_printed=False)
    assert may_change_address(Axes(holds=ADDRESS), label_printed=False)


def test_of_two_words_for_one_moment_the_later_stage_counts() -> None:
    assert furthest([ParcelState.DELIVERED, ParcelState.OUT_FOR_DELIVERY]) is ParcelState.DELIVERED
