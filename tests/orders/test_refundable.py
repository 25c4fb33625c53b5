"""What may be refunded: the worked examples to the minor unit, and promises that hold for any order."""

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.refund_text import quote_document
from core.errors import Invalid
from orders.apportioning import half_up, on_grid, pour, share_out, units_between
from orders.refunds.case import (
    Case,
    Deduction,
    Jurisdiction,
    Line,
    Payment,
    Policy,
    Promotion,
    Reason,
    Request,
    Shipping,
    ShippingRule,
)
from orders.refunds.reading import read_case, read_document
from orders.refunds.refundable import quote
from orders.refunds.rules import SELLER_FAULT, allowed

EXAMPLES = Path(__file__).parents[1] / "data" / "refunds"
# What docs/refunds.md promises of each example: where in the answer → what stands there.
PROMISED: dict[str, dict[str, Any]] = {
    "e01-a": {"allocation": {"A": "13.71", "B": "6.29"}, "lines.0.units.0.amount": "102.15", "total": "204.29"},
    "e01-b": {"total": "93.71", "lines.0.net": "93.71", "tenders": []},
    "e02": {"allocation": {"1": "3.34", "2": "3.33", "3": "3.33"}, "total": "6.66"},
    "e03": {"allocation": {"1": "334", "2": "333", "3": "333"}, "total": "667"},
    "e04-1": {"lines.0.net": "10.166", "lines.0.pays": "10.170", "total": "10.170", "remaining.payments": "20.330"},
    "e04-2": {"lines.0.net": "10.167", "lines.0.pays": "10.160", "total": "10.160"},
    "e04-3": {"lines.0.net": "10.167", "lines.0.pays": "10.170", "total": "10.170", "remaining.payments": "0.000"},
    "e05": {
        "lines.0.units.0": {"unit": 1, "net": "17.99", "tax": "1.60", "amount": "19.59"},
        "lines.0.units.1": {"unit": 2, "net": "17.99", "tax": "1.59", "amount": "19.58"},
        "lines.0.units.2": {"unit": 3, "net": "17.99", "tax": "1.60", "amount": "19.59"},
        "total": "58.76",
    },
    "e06": {"goods": "119.00", "tax": "0.00", "shipping": "4.90", "total": "123.90", "remaining.payments": "8.00"},
    "e07-informed": {"deductions.0.amount": "60.00", "total": "144.90"},
    "e07-uninformed": {"deductions.0.asked": "60.00", "deductions.0.amount": "0.00", "total": "204.90"},
    "e08-1": {"total": "30.00"},
    "e08-2": {"total": "20.00"},
    "e08-3": {"goods": "50.00", "shipping": "10.00", "total": "60.00"},
    "e08-4": {"shipping": "0.00", "total": "50.00"},
    "e09": {"kind": "short_shipment", "total": "35.40"},
    "e10-1": {"tenders.0.amount": "20.00", "tenders.1.amount": "40.00", "remaining.payments": "90.00"},
    "e10-2": {"tenders.0.amount": "30.00", "tenders.1.amount": "60.00", "remaining.payments": "0.00"},
    "e11": {"total": "298.00", "tenders.0.payment": "ali-1", "remaining.order": "298.00"},
    "e12-1": {"refused": {"code": "above_refundable", "max": "20.00", "asked": "40.00"}, "total": "0.00"},
    "e12-2": {"refused": None, "max": "70.00", "total": "40.00"},
    "e13-1": {"total": "20.00"},
    "e13-2": {"total": "0.00"},
    "e14-1": {"customer_pays": "30.00", "total": "0.00", "settled": "when_received"},
    "e14-2": {"customer_pays": "0.00", "total": "20.00"},
    "e14-3": {"customer_pays": "0.00", "total": "0.00"},
    "e15-1": {"deductions.0.amount": "12.00", "tax": "6.40", "total": "74.40"},
    "e15-2": {"deductions.0.amount": "0.00", "return_label": "7.50", "total": "93.90"},
    "e16-1": {"allocation": {"A": "31.25", "B": "18.75"}, "total": "101.25"},
    "e16-2": {"claw_back": "31.25", "total": "70.00"},
    "e17": {"total": "25.00", "ledger.amount": "27.18", "ledger.exchange_difference": "0.32"},
    # Shopify's own answer: subtotal 195.67, total_tax 3.98, maximum_refundable 41.94, which is below the line's value.
    "shopify": {"goods": "195.67", "tax": "3.98", "shipping": "5.00", "max": "41.94", "total": "41.94"},
}

quantities = st.integers(1, 6)
amounts = st.integers(0, 50_000)
grids = st.sampled_from([1, 5, 10, 100])


def answer(name: str) -> dict[str, Any]:
    return quote_document(quote(read_case(read_document((EXAMPLES / f"{name}.json").read_bytes()))), "en")


def look(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document[int(part) if part.isdigit() else part]
    return document


@pytest.mark.parametrize("name", PROMISED)
def test_the_worked_examples_come_out_to_the_minor_unit(name: str) -> None:
    said = answer(name)
    assert {path: look(said, path) for path in PROMISED[name]} == PROMISED[name]


def test_every_example_is_promised_something() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.json")} == set(PROMISED)


def test_the_examples_in_the_documentation_are_these() -> None:
    page = (EXAMPLES.parents[2] / "docs" / "refunds.md").read_text(encoding="utf-8")
    shown = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)]
    assert len(shown) == 17
    for case in shown:
        assert case == json.loads((EXAMPLES / f"{case['id']}.json").read_bytes())


@st.composite
def orders(draw: st.DrawFn) -> Case:
    """An order as it was sold and paid: discounts, tax on top or within, shipping, one to three tenders."""
    lines = tuple(
        Line(
            id=str(index),
            quantity=draw(quantities),
            gross=draw(amounts),
            tax=draw(st.integers(0, 5_000)),
            tax_included=draw(st.booleans()),
            shipped=draw(st.integers(0, 1)),
        )
        for index in range(draw(st.integers(1, 4)))
    )
    discount = draw(st.integers(0, sum(line.gross for line in lines)))
    shipping = Shipping(paid=draw(st.integers(0, 2_000)))
    due = sum(line.gross + (0 if line.tax_included else line.tax) for line in lines) - discount + shipping.paid
    captured = share_out(due, draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    tenders = tuple(Payment(id=f"p{index}", method="card", captured=part) for index, part in enumerate(captured))
    return Case(currency="USD", lines=lines, order_discount=discount, shipping=shipping, payments=tenders)


@given(orders(), st.randoms(use_true_random=False), st.sampled_from(list(Reason)), grids)
@settings(max_examples=60, deadline=None)
def test_any_order_of_partial_refunds_adds_up_to_what_was_paid_for_the_goods(
    case: Case, random: Any, reason: Reason, grid: int
) -> None:
    captured = sum(each.captured for each in case.payments)
    if captured % grid:
        grid = 1
    single = Payment(id="p", method="card", captured=captured)
    case = replace(case, payments=(single,), policy=Policy(grid=grid, shipping=ShippingRule.NONE))
    goods = captured - case.shipping.paid
    units = [line.id for line in case.lines for _ in range(line.quantity)]
    random.shuffle(units)
    for id_ in units:
        said = quote(replace(case, request=Request(units=((id_, 1),), reason=reason)))
        assert said.total % grid == 0
        assert said.total == sum(part.amount for part in said.tenders)
        case = paid_back(case, id_, said.total)
        assert case.payments[0].held <= captured
    assert case.payments[0].held == on_grid(goods, grid)
    assert quote(replace(case, request=Request(units=None, reason=reason))).total == 0


def paid_back(case: Case, id_: str, total: int) -> Case:
    """The case after a refund of one unit."""
    lines = tuple(replace(line, refunded=line.refunded + (line.id == id_)) for line in case.lines)
    (payment,) = case.payments
    return replace(case, lines=lines, payments=(replace(payment, held=payment.held + total),))


@given(orders(), st.data())
@settings(max_examples=80, deadline=None)
def test_never_more_than_was_captured_whatever_is_asked_and_whatever_fails(case: Case, data: st.DataObject) -> None:
    fails, wishes = st.booleans(), st.none() | st.integers(0, 400_000)
    held = {each.id: 0 for each in case.payments}
    under_way: list[dict[str, int]] = []
    for _ in range(6):
        if data.draw(fails) and under_way:  # one fails: its money is free again
            for id_, freed in under_way.pop().items():
                held[id_] -= freed
        payments = tuple(replace(each, held=held[each.id]) for each in case.payments)
        room = sum(each.left for each in payments)
        asked = data.draw(wishes)
        said = quote(replace(case, payments=payments, request=Request(amount=asked)))
        assert 0 <= said.total <= said.most <= room
        assert (said.refused is not None) == (asked is not None and asked > said.most)
        assert said.remaining_payments == room - said.total
        assert sum(part.amount for part in said.tenders) == said.total
        under_way.append({part.payment: part.amount for part in said.tenders})
        for part in said.tenders:
            held[part.payment] += part.amount
        assert all(0 <= held[each.id] <= each.captured for each in case.payments)


@given(orders(), st.data())
@settings(max_examples=60, deadline=None)
def test_more_units_are_never_worth_less(case: Case, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(case.lines))
    worth = [
        quote(replace(case, payments=(), request=Request(units=((line.id, units),)))).total
        for units in range(1, line.quantity + 1)
    ]
    assert worth == sorted(worth)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**7), max_size=8))
def test_shares_sum_exactly_and_none_is_off_by_a_whole_unit(amount: int, bases: list[int]) -> None:
    parts = share_out(amount, bases)
    whole = sum(bases)
    assert sum(parts) == (amount if whole else 0)
    assert all(abs(part * whole - amount * base) < whole for part, base in zip(parts, bases, strict=True) if whole)
    if amount <= whole:
        assert all(part <= base for part, base in zip(parts, bases, strict=True))


@given(st.integers(0, 10**9), st.integers(1, 500), st.integers(1, 500))
def test_units_sum_exactly_and_differ_by_one_at_most(whole: int, quantity: int, cut: int) -> None:
    units = [units_between(whole, quantity, unit, unit) for unit in range(1, quantity + 1)]
    assert sum(units) == whole
    assert max(units) - min(units) <= 1
    cut = min(cut, quantity)
    assert units_between(whole, quantity, 1, cut) + units_between(whole, quantity, cut + 1, quantity) == whole


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**5), max_size=5))
def test_pouring_fills_one_after_the_other(amount: int, rooms: list[int]) -> None:
    parts = pour(amount, rooms)
    assert sum(parts) == min(amount, sum(rooms))
    assert all(part <= room for part, room in zip(parts, rooms, strict=True))
    first_with_room = next((index for index, (p, r) in enumerate(zip(parts, rooms, strict=True)) if p < r), len(rooms))
    assert not any(parts[first_with_room + 1 :])


def test_halves_are_rounded_up() -> None:
    assert [half_up(n, 2) for n in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert [on_grid(n, 10) for n in (4, 5, 14, 15)] == [0, 10, 10, 20]


def case_of(*, reason: Reason = Reason.OTHER, **changes: Any) -> Case:
    """Two lines of 60.00 and 40.00, shipping 10.00, all sent."""
    lines = (Line(id="a", quantity=2, gross=6000, shipped=2), Line(id="b", quantity=1, gross=4000, shipped=1))
    request = changes.pop("request", Request(reason=reason))
    return replace(Case(currency="EUR", lines=lines, shipping=Shipping(paid=1000), request=request), **changes)


@pytest.mark.parametrize("reason", sorted(SELLER_FAULT))
def test_a_seller_at_fault_bears_the_share_of_the_shipping_and_may_deduct_nothing(reason: Reason) -> None:
    said = quote(
        case_of(request=Request(units=(("a", 1),), reason=reason, restocking_percent=1500, value_loss_percent=5000))
    )
    assert (said.shipping, said.total) == (300, 3300)
    assert [each.amount for each in said.withheld] == [0, 0]


@pytest.mark.parametrize(
    ("reason", "informed", "kinds"),
    [
        (Reason.CHANGED_MIND, True, set(Deduction)),
        (Reason.WITHDRAWAL, True, {Deduction.VALUE_LOSS}),
        (Reason.WITHDRAWAL, False, set()),
        (Reason.SEVEN_DAY, True, set()),
        (Reason.CANCELLED, True, set()),
        (Reason.DEFECTIVE, True, set()),
    ],
)
def test_law_comes_before_the_shops_policy(reason: Reason, informed: bool, kinds: set[Deduction]) -> None:
    assert allowed(Policy(informed=informed), reason) == kinds
    assert not allowed(Policy(informed=informed, deductions=frozenset()), reason)


def test_shares_of_the_shipping_sum_exactly_over_refunds_for_a_fault() -> None:
    case, shares = case_of(shipping=Shipping(paid=1001)), []
    for id_ in ("a", "b", "a"):
        said = quote(replace(case, request=Request(units=((id_, 1),), reason=Reason.DAMAGED)))
        shares.append(said.shipping)
        lines = tuple(replace(line, refunded=line.refunded + (line.id == id_)) for line in case.lines)
        gone = case.shipping.refunded + said.shipping
        case = replace(case, lines=lines, shipping=replace(case.shipping, refunded=gone))
    assert sum(shares) == 1001


def test_part_of_an_order_withdrawn_from_leaves_the_shipping_and_the_last_part_brings_it() -> None:
    europe = Policy(jurisdiction=Jurisdiction.EU)
    shipping = Shipping(paid=1290, standard=490, tax=258)
    part = case_of(request=Request(units=(("b", 1),), reason=Reason.WITHDRAWAL), policy=europe, shipping=shipping)
    assert quote(part).shipping == 0
    rest = replace(
        part, lines=(part.lines[0], replace(part.lines[1], refunded=1)), request=Request(reason=Reason.WITHDRAWAL)
    )
    said = quote(rest)
    assert (said.shipping, said.shipping_tax) == (490, 98)


def test_money_given_for_a_line_before_is_taken_off_the_units_that_are_left() -> None:
    case = case_of(lines=(Line(id="a", quantity=2, gross=39800, allocated=2000, refunded_amount=2000, shipped=2),))
    first = quote(replace(case, request=Request(units=(("a", 1),))))
    assert first.total == 17900, "189.00 was paid, 10.00 of it came back by price protection"
    assert quote(case).lines[0].net == 35800


def test_tenders_may_be_filled_in_an_order_and_points_stay_points() -> None:
    payments = (
        Payment(id="points", method="points", captured=1000, units=333),
        Payment(id="gift", method="gift_card", captured=3000),
        Payment(id="visa", method="card", captured=7000),
    )
    case = Case(currency="CNY", payments=payments, request=Request(amount=8000))
    proportional = quote(case)
    assert [(part.amount, part.units) for part in proportional.tenders] == [(727, 242), (2182, 0), (5091, 0)]
    ordered = quote(replace(case, policy=Policy(split=("card", "gift"))))
    assert [(part.payment, part.amount) for part in ordered.tenders] == [("gift", 1000), ("visa", 7000)]
    given = tuple(replace(each, held=part.amount) for each, part in zip(payments, proportional.tenders, strict=True))
    rest = quote(replace(case, payments=given, request=Request()))
    assert rest.tenders[0].units == 333 - 242, "no point is lost or made by rounding"


def test_what_no_payment_can_carry_is_named() -> None:
    case = case_of(reason=Reason.DEFECTIVE, payments=(Payment(id="p", method="card", captured=11000, held=4000),))
    said = quote(replace(case, payments=(replace(case.payments[0], held=0, captured=5000),)))
    assert (said.entitled, said.total, said.not_covered) == (11000, 5000, 6000)
    assert quote(case).not_covered == 0, "what has gone back is not owed"


def test_a_promotion_for_each_time_its_threshold_is_reached() -> None:
    promotion = Promotion(threshold=10000, off=1000, repeats=True)
    assert [promotion.worth(goods) for goods in (9999, 10000, 29999)] == [0, 1000, 2000]
    assert Promotion(threshold=10000, off=1000).worth(29999) == 1000
    lines = (Line(id="a", quantity=3, gross=30000),)
    case = Case(currency="CNY", lines=lines, order_discount=3000, promotion=promotion, policy=Policy(claw_back=True))
    assert quote(replace(case, request=Request(units=(("a", 1),)))).total == 9000
    assert quote(case).total == 27000


def test_goodwill_has_a_cap_of_its_own_and_never_counts_as_refund() -> None:
    said = answer_of(goodwill={"amount": "5.00", "cap": "20.00", "given": "16.00"})
    assert said["goodwill"] == {
        "amount": "0.00",
        "refused": {"code": "goodwill_above_cap", "max": "4.00", "asked": "5.00"},
    }
    said = answer_of(goodwill={"amount": "4.00", "cap": "20.00", "given": "16.00"})
    assert (said["goodwill"]["amount"], said["total"]) == ("4.00", "10.00")


def test_a_refund_of_what_was_paid_twice_leaves_the_order_alone() -> None:
    twice = [
        {"id": "a", "captured": "10.00"},
        {"id": "b", "captured": "10.00", "refunds": [{"amount": "10.00", "reason": "duplicate"}]},
    ]
    assert answer_of(payments=twice)["total"] == "10.00"
    assert answer_of(payments=twice, duplicate={"payment": "b"})["total"] == "0.00"


def answer_of(**fields: Any) -> dict[str, Any]:
    case = {"currency": "EUR", "lines": [{"id": "a", "quantity": 1, "unit_price": "10.00"}]} | fields
    return quote_document(quote(read_case(case)), "en")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"request": {"lines": [{"id": "z"}]}}, "unknown_line"),
        ({"request": {"lines": [{"id": "a", "quantity": 2}]}}, "not_refundable_quantity"),
        ({"request": {"lines": [{"id": "a"}, {"id": "a"}]}}, "duplicate_line"),
        ({"request": {"lines": [{"id": "a", "quantity": -1}]}}, "negative"),
        ({"request": {"lines": [{"id": "a", "quantity": 0}]}}, "not_refundable_quantity"),
        ({"request": {"lines": [{"id": "a", "quantity": "1"}]}}, "bad_quantity"),
        ({"request": {"amount": "-1.00"}}, "negative"),
        ({"request": {"amount": "1.005"}}, "bad_amount"),
        ({"request": {"amount": True}}, "bad_amount"),
        ({"request": {"amount": "1.00", "currency": "USD"}}, "wrong_currency"),
        ({"payments": [{"id": "p", "captured": "10.00", "currency": "USD"}]}, "wrong_currency"),
        ({"request": {"payment": "q"}}, "unknown_payment"),
        ({"payments": [{"id": "p", "captured": "1.00"}, {"id": "p", "captured": "1.00"}]}, "duplicate_payment"),
        ({"currency": "EURO"}, "unknown_currency"),
        ({"currency": None}, "missing_field"),
        ({"lines": []}, "nothing_to_go_by"),
        ({"lines": [{"id": "a", "quantity": 1}]}, "missing_field"),
        ({"order_discout": "1.00"}, "unknown_field"),
        ({"order_discount": "10.01"}, "discount_above_goods"),
        ({"request": {"reason": "because"}}, "bad_value"),
        ({"request": {"restocking_percent": "101"}}, "bad_percent"),
        ({"ledger": {"currency": "USD", "rate": "0"}}, "bad_rate"),
        ({"grid": 10, "request": {"amount": "1.05"}}, "off_grid"),
        ({"duplicate": {}}, "not_a_duplicate"),
        ({"duplicate": {}, "exchange": {"price": "1.00"}}, "not_together"),
        ({"exchange": {"price": "1.00"}, "request": {"restocking_fee": "1.00"}}, "not_together"),
        ({"price_protection": {"line": "z", "price_now": "1.00"}}, "unknown_line"),
        ({"promotion": {"threshold": "5.00", "off": "1.00"}, "order_discount": "2.00"}, "promotion_mismatch"),
        (
            {"order_discount": "2.00", "lines": [{"id": "a", "quantity": 1, "unit_price": "9.00", "allocations": "1"}]},
            "allocation_mismatch",
        ),
        ({"lines": [{"id": "a", "quantity": 1, "unit_price": "9.00", "refunded": 2}]}, "not_refundable_quantity"),
    ],
)
def test_a_case_that_makes_no_sense_is_refused_by_a_stable_code(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        answer_of(**fields)
    assert refused.value.code == code


def test_more_than_may_go_back_is_an_error_to_whoever_wants_to_pay_it() -> None:
    asked = quote(case_of(request=Request(amount=10_001)))
    with pytest.raises(Invalid) as refused:
        asked.require()
    assert (refused.value.code, refused.value.data) == ("above_refundable", {"max": 10_000})
    enough = quote(case_of(request=Request(amount=10_000)))
    assert enough.require() is enough


def test_a_thousand_cases_take_less_than_a_second() -> None:
    """Of the processor: what else the machine does meanwhile is not our business."""
    written = [path.read_bytes() for path in sorted(EXAMPLES.glob("*.json"))]
    started = time.process_time()
    for index in range(1000):
        quote_document(quote(read_case(read_document(written[index % len(written)]))), "zh")
    assert time.process_time() - started < 1
