"""Units that have not left are locked for shipping while their case is decided; customers hear when time runs out."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.jobs.case_news import remind_of_case
from app.reactions import connect
from app.realtime.hub import Hub
from conversations.models import Message, Proof
from core.clock import FrozenClock
from core.events import current_bus, use_bus
from core.jobs import Job
from core.people import Actor
from orders.claims.models import LIVE, Claim, LineClaim
from orders.refunds.case import Reason
from tests.orders.refunding import open_account
from tests.people import World, make_world
from tests.tickets.sold import asks, sold
from tickets.aftersales.decisions import approve_case, ask_for_info, cancel_case, give_info, reject_case
from tickets.aftersales.expiring import look_at_timers
from tickets.aftersales.kinds import Kind
from tickets.aftersales.models import AfterSale
from tickets.aftersales.opening import Wanted, open_case
from tickets.aftersales.scope import Asked
from tickets.models import Ticket
from tickets.queries import timeline

pytestmark = pytest.mark.anyio
LAMP = (Asked(line="lamp", units=1),)


@pytest.fixture
def _bus() -> Iterator[None]:
    previous = current_bus()
    use_bus(connect(Hub()))
    yield
    use_bus(previous)


@pytest.fixture
async def world(database: object, clock: FrozenClock, _bus: None) -> World:
    world = await make_world()
    await open_account(world.lumen)
    return world


async def opened(world: World, stage: str = "unshipped") -> AfterSale:
    order = await sold(world.lumen, currency="USD", country="US", stage=stage)
    wanted = Wanted(kind=Kind.REFUND_ONLY, reason=Reason.OTHER, lines=LAMP)
    return await open_case((await asks(world)).id, order.id, wanted, Actor.of(world.ines))


async def claims() -> list[tuple[str, str]]:
    return [(claim.what, claim.state) for claim in await Claim.all().order_by("id")]


async def test_what_has_not_left_stays_until_the_case_is_decided(world: World) -> None:
    case = await opened(world)
    assert (case.state, await claims()) == ("under_review", [("keep", "requested")])
    await ask_for_info(case.public_id, Actor.of(world.omar), "Which lamp?")
    await give_info(case.public_id, Actor.of(world.ines), "The small one")
    assert await claims() == [("keep", "requested")]
    await reject_case(case.public_id, Actor.of(world.omar), "No")
    assert await claims() == [("keep", "released")]
    assert await LineClaim.filter(live__isnull=False).count() == 0


async def test_a_granted_one_is_cancelled_instead_of_kept(world: World) -> None:
    case = await opened(world)
    await approve_case(case.public_id, Actor.of(world.sue))
    assert await claims() == [("keep", "released"), ("cancel", "requested")]
    [live] = await Claim.filter(state__in=LIVE)
    assert live.case_id == case.public_id


async def test_who_withdraws_the_case_gets_the_goods(world: World) -> None:
    case = await opened(world)
    await cancel_case(case.public_id, Actor.of(world.ines))
    assert await claims() == [("keep", "released")]


async def test_what_has_left_is_not_kept(world: World) -> None:
    await opened(world, stage="shipped")
    assert await claims() == []


async def reminded(world: World) -> list[str]:
    for job in await Job.filter(kind="aftersales.remind"):
        for _ in range(2):  # jobs may run twice
            await remind_of_case(job.args, SimpleNamespace())  # type: ignore[arg-type]
    said = await Message.filter(author_kind="system").order_by("id")
    return [message.text for message in said]


async def test_the_customer_is_reminded_once_when_four_fifths_are_over(world: World, clock: FrozenClock) -> None:
    case = await opened(world, stage="shipped")
    await ask_for_info(case.public_id, Actor.of(world.omar), "A photo, please.")
    clock.advance(timedelta(days=5))
    await look_at_timers()
    assert await reminded(world) == []
    clock.advance(timedelta(days=1, hours=6))
    for _ in range(2):
        await look_at_timers()
    assert await reminded(world) == []  # nobody has proved that the order is theirs
    ticket = await Ticket.get(id=case.ticket_id)
    proved: dict[str, Any] = {"contact": "ines@example.com", "kind": "code", "proved_at": clock.now()}
    await Proof.create(conversation_id=ticket.conversation_id, expires_at=clock.now() + timedelta(days=2), **proved)
    [text] = await reminded(world)
    assert text.splitlines() == [
        f"Case {case.number} (refund, order #1001): 1 × Lamp",
        "We still need something from you: A photo, please.",
        text.splitlines()[2],
    ]
    assert "after that we’ll close the case" in text
    clock.advance(timedelta(hours=20))
    await look_at_timers()
    assert len(await reminded(world)) == 1
    assert [e.detail["timer"] for e in await timeline(ticket) if e.action == "case_reminded"] == ["give_info"]


async def test_who_has_answered_is_not_reminded(world: World, clock: FrozenClock) -> None:
    case = await opened(world, stage="shipped")
    await ask_for_info(case.public_id, Actor.of(world.omar), "A photo, please.")
    clock.advance(timedelta(days=6, hours=6))
    await look_at_timers()
    assert await Job.filter(kind="aftersales.remind").count() == 1
    await give_info(case.public_id, Actor.of(world.ines), "Here")
    assert await reminded(world) == []
