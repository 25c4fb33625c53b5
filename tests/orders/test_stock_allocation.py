"""Sharing out stock, whatever the figures: never more than there is, nobody passed over, the same in any order."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from orders.stock.allocation import Claim, Figures, Source, allocate, figures_of, foreseen, reach
from orders.stock.facts import ItemFacts, Level
from tests.orders.deliveries import NOON

claims = st.lists(
    st.builds(
        Claim,
        line=st.integers(1, 10_000),
        order=st.integers(1, 50),
        units=st.integers(1, 9),
        rank=st.integers(0, 2),
        placed_at=st.integers(0, 99).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    ),
    max_size=30,
    unique_by=lambda claim: claim.line,
)
figure = st.none() | st.integers(-20, 60)


@given(claims, st.integers(-5, 80))
def test_no_more_is_given_than_there_is_and_nothing_is_kept_back(wanted: list[Claim], units: int) -> None:
    short = allocate(wanted, units)
    demand = sum(claim.units for claim in wanted)
    assert demand - sum(short.values()) == max(0, min(units, demand))
    assert all(0 < short[claim.line] <= claim.units for claim in wanted if claim.line in short)


@given(claims, st.integers(0, 80), st.integers(1, 10), st.randoms())
def test_more_stock_never_makes_a_line_shorter_and_the_order_of_rows_is_nothing(
    wanted: list[Claim], units: int, more: int, random: st.DataObject
) -> None:
    before, after = allocate(wanted, units), allocate(wanted, units + more)
    assert all(after.get(line, 0) <= lacking for line, lacking in before.items())
    assert after.keys() <= before.keys()
    shuffled = list(wanted)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert allocate(shuffled, units) == before


@given(claims, st.integers(0, 80))
def test_nobody_is_passed_over_for_somebody_later(wanted: list[Claim], units: int) -> None:
    short = allocate(wanted, units)
    in_turn = sorted(wanted, key=lambda claim: claim.turn)
    first = next((place for place, claim in enumerate(in_turn) if claim.line in short), len(in_turn))
    assert all(short.get(claim.line) == claim.units for claim in in_turn[first + 1 :])


@given(figure, figure, st.integers(0, 50), st.integers(1, 9))
def test_what_is_foreseen_for_a_new_order_is_what_sharing_out_gives_the_last(
    on_hand: int | None, available: int | None, demand: int, units: int
) -> None:
    """With `available` the platform has counted the new order already, or will: then its figure falls by it."""
    figures = Figures(on_hand=on_hand, available=available)
    assert 0 <= reach(figures, demand) <= demand
    told = available is not None
    lacking = demand - reach(figures, demand) if told else demand + units - reach(figures, demand + units)
    if figures.is_counted and (not told or demand >= -(available or 0) - (on_hand or 0)):
        assert foreseen(figures, demand, units) == min(units, max(0, lacking))


def source(name: str, *levels: Level, gone: bool = False, at: int = 0, **item: object) -> Source:
    spoken = NOON + timedelta(minutes=at)
    return Source(
        name=name,
        item=ItemFacts(**item),
        gone=gone,
        levels=levels,
        discontinued_at=spoken if "discontinued" in item else None,
        restock_at=spoken if "restock_eta" in item else None,
        backorderable_at=spoken if "backorderable" in item else None,
    )


def test_platform_and_warehouse_are_not_added_up() -> None:
    shop = source("shopify", Level("1", 3, "available", NOON), Level("2", -5, "available", NOON))
    assert figures_of([shop]).available == -2
    assert reach(figures_of([shop]), 14) == 12
    warehouse = source("stock", Level("", 10, "on_hand", NOON))
    both = figures_of([shop, warehouse])
    assert (both.on_hand, both.available) == (10, None)
    assert reach(both, 14) == 10
    assert reach(figures_of([source("stock", title="Lamp"), shop]), 14) == 12, "a feed without figures counts nothing"


def test_who_says_that_something_is_gone_for_good() -> None:
    old, new = source("shopify", gone=True), source("shopify", Level("1", 4, "available", NOON))
    assert not figures_of([old, new]).gone, "the SKU went on to another variant"
    assert figures_of([old]).gone
    assert reach(figures_of([old]), 5) == 0, "nobody has figures of it any more"
    said = source("desk", discontinued=True, none_left=True)
    assert reach(figures_of([said, new]), 5) == 0
    assert reach(figures_of([source("desk", discontinued=True), new]), 5) == 5, "what is left is sold off"
    unsaid = source("stock", discontinued=False, at=1)
    assert not figures_of([said, unsaid, old]).gone
    assert reach(figures_of([]), 7) == 7, "what nobody counts is not short"
