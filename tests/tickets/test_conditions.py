"""Conditions of views: read strictly, told as statements that hold on both databases, and nothing else found."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import FrozenClock, now
from core.errors import Invalid
from core.people import BOT, Actor
from core.teams import TeamMember, create_team
from orders.models import Order
from orders.responsibility import Party
from tests.people import World, chat, make_order
from tickets.assignment import assign
from tickets.conditions import Conditions, as_row, read_conditions, view_of
from tickets.linking import link_order
from tickets.models import Ticket
from tickets.opening import open_ticket
from tickets.prioritising import set_priority
from tickets.queries import ids_in_view
from tickets.resolution import await_customer, resolve
from tickets.tagging import add_tag

pytestmark = pytest.mark.anyio

WORDS = st.text(max_size=8)


@pytest.mark.parametrize("hours", ["721", "-1", "000000" + "9" * 20, "9" * 5000, "٣"])
def test_hours_are_few(hours: str) -> None:
    with pytest.raises(Invalid):
        read_conditions({"due_hours": hours})


@given(
    st.dictionaries(st.sampled_from([*Conditions.__slots__, "x"]), WORDS | st.lists(WORDS, max_size=3) | st.integers())
)
def test_what_is_read_is_kept_as_it_is(given: dict[str, Any]) -> None:
    try:
        conditions = read_conditions(given)
    except Invalid:
        return
    assert read_conditions(as_row(conditions)) == conditions
    assert view_of(conditions, now()).owners


@pytest.fixture
async def desk(world: World, clock: FrozenClock) -> dict[str, Ticket]:
    """Four tickets that differ."""
    omar = Actor.of(world.omar)
    tickets = {}
    for name, kind in (("lamp", "question"), ("shade", "complaint"), ("bulb", "refund"), ("cord", "question")):
        talk = await chat(world.lumen, world.ines)
        tickets[name] = await open_ticket(talk.id, kind, BOT, subject=name)
    order = await make_order(world.lumen, "#1001")
    await Order.filter(id=order.id).update(headline="shipped")
    await link_order(tickets["lamp"].id, order.id, omar)
    await Ticket.filter(id=tickets["lamp"].id).update(first_replied_at=now())
    await set_priority(tickets["shade"].id, "urgent", omar)
    await add_tag(tickets["shade"].id, "vip", omar)
    await assign(tickets["bulb"].id, world.omar, omar)
    await await_customer(tickets["bulb"].id, omar)
    await Ticket.filter(id=tickets["cord"].id).update(clock_due_at=now() + timedelta(hours=3))
    await resolve(tickets["cord"].id, omar)
    team = await create_team("Refunds", world.lumen)
    await TeamMember.create(team=team, agent=world.omar)
    tickets["team"] = team  # type: ignore[assignment]
    return tickets


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, {"lamp", "shade", "bulb"}),
        ({"statuses": ["resolved"]}, {"cord"}),
        ({"kinds": ["question", "refund"]}, {"lamp", "bulb"}),
        ({"priorities": ["urgent"]}, {"shade"}),
        ({"tags": ["vip", "late"]}, {"shade"}),
        ({"assignee": "me"}, {"bulb"}),
        ({"assignee": "nobody", "kinds": ["question"]}, {"lamp"}),
        ({"assignee": "agt_unknown"}, set()),
        ({"headlines": ["shipped"]}, {"lamp"}),
        ({"parties": ["agent"]}, {"shade"}),
        ({"parties": ["carrier"]}, {"lamp"}),
        ({"parties": ["customer"]}, {"bulb"}),
        ({"channels": ["email"]}, set()),
        ({"channels": ["chat"], "languages": ["en"]}, {"lamp", "shade", "bulb"}),
        ({"due_hours": 4, "statuses": ["open", "resolved"]}, {"cord"}),
        ({"due_hours": 2, "statuses": ["resolved"]}, set()),
        ({"team": "Refunds"}, {"bulb"}),
    ],
)
async def test_what_a_view_holds(world: World, desk: dict[str, Any], given: dict[str, Any], found: set[str]) -> None:
    if "team" in given:
        given = {"team": desk["team"].public_id}
    ids = await ids_in_view(world.omar, view_of(read_conditions(given), now()), 50)
    assert {name for name, ticket in desk.items() if name != "team" and ticket.id in ids} == found
    assert await ids_in_view(world.wei, view_of(read_conditions(given), now()), 50) == []


def test_every_party_can_be_asked_for() -> None:
    for party in Party:
        assert view_of(Conditions(parties=(party.value,)), now()).extra
