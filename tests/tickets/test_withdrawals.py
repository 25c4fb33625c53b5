"""The withdrawal button: kept at once and once, a case when the order is that of the address, a person otherwise."""

import asyncio
from datetime import timedelta

import pytest

from conversations.models import EMAIL, QUEUE, Conversation, Message
from core.clock import FrozenClock, now
from core.errors import Invalid
from core.jobs import claim
from tests.people import World
from tests.tickets.sold import sold, tell
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.models import Ticket, TicketLink
from tickets.withdrawal_models import Withdrawal
from tickets.withdrawals import Declaration, declare, place

pytestmark = pytest.mark.anyio


def declaration(**changes: str) -> Declaration:
    typed = {
        "name": "Ines",
        "email": "Ines@Example.com",
        "order_number": "1001",
        "statement": "Withdrawal: order 1001\nI hereby withdraw.",
        "client_id": "wdr_1",
    }
    return Declaration(**(typed | changes))


async def placed(world: World, **changes: str) -> tuple[Ticket, list[AfterSale]]:
    ticket = await place((await declare(world.lumen, declaration(**changes))).id)
    return ticket, await AfterSale.filter(ticket_id=ticket.id).order_by("id")


async def test_it_is_kept_word_for_word_with_its_time(world: World, clock: FrozenClock) -> None:
    kept = await declare(world.lumen, declaration())
    stored = await Withdrawal.get(id=kept.id)
    assert (stored.email, stored.received_at) == ("ines@example.com", clock.now())
    assert stored.statement == "Withdrawal: order 1001\nI hereby withdraw."
    assert {job.kind for job in await claim(10)} == {"withdrawal.acknowledge", "withdrawal.place"}


async def test_sent_twice_at_the_same_moment_it_is_one(world: World) -> None:
    kept = await asyncio.gather(*(declare(world.lumen, declaration()) for _ in range(3)))
    assert len({one.public_id for one in kept}) == 1 == await Withdrawal.all().count()
    assert len(await claim(10)) == 2
    other = await declare(world.lumen, declaration(email="else@example.com"))
    assert other.public_id != kept[0].public_id, "nobody finds another's declaration by its client id"


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"name": " "}, "no_name"), ({"order_number": "#"}, "no_number"), ({"email": "x"}, "bad_contact")],
)
async def test_what_the_law_asks_for_must_be_there(world: World, changes: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        await declare(world.lumen, declaration(**changes))
    assert refused.value.code == code
    assert not await Withdrawal.exists()


async def test_what_has_come_is_to_come_back(world: World, clock: FrozenClock) -> None:
    await sold(world.lumen)
    ticket, [case] = await placed(world)
    assert (case.kind, case.reason, case.state) == ("return_refund", "withdrawal", "awaiting_return")
    assert (case.decision["outcome"], case.decision["row"]) == ("grant", "fourteen_days")
    assert "2011/83/EU" in case.decision["source"]
    assert sorted(line.asked for line in await AfterSaleLine.filter(case_id=case.id)) == [1, 2]
    talk = await Conversation.get(id=ticket.conversation_id).select_related("customer")
    assert (talk.channel, talk.handler, talk.customer.email) == (EMAIL, QUEUE, "ines@example.com")
    assert [message.text for message in await Message.all()] == ["Withdrawal: order 1001\nI hereby withdraw."]


async def test_what_has_not_left_is_cancelled(world: World) -> None:
    await sold(world.lumen, stage="unshipped")
    _, [case] = await placed(world)
    assert (case.kind, case.decision["row"], case.decision["granted"]) == ("cancel", "before_sending", True)


async def test_too_late_is_refused_by_the_law(world: World) -> None:
    await sold(world.lumen, ago=timedelta(days=40))
    _, [case] = await placed(world)
    assert (case.state, case.decision["row"]) == ("rejected", "too_late")


async def test_the_time_begins_with_the_last_of_the_goods(world: World, clock: FrozenClock) -> None:
    """Directive 2011/83/EU, art. 9 (2)(b)(i): lines that came long ago, and one that has not come."""
    order = await sold(world.lumen, ago=timedelta(days=40))
    clock.advance(timedelta(minutes=1))
    line = {"id": "vase", "title": "Vase", "quantity": 1, "unit_price": "5.00"}
    await tell(world.lumen, id=order.source_id, currency="EUR", lines=[*_lines(), line], updated_at=now().isoformat())
    _, cases = await placed(world)
    assert [(case.kind, case.decision["outcome"]) for case in cases] == [
        ("cancel", "grant"),
        ("return_refund", "grant"),
    ]


async def test_a_second_look_opens_nothing_twice(world: World) -> None:
    await sold(world.lumen)
    kept = await declare(world.lumen, declaration())
    first = await place(kept.id)
    assert (await place(kept.id)).id == first.id
    assert await AfterSale.all().count() == await Ticket.all().count() == await Conversation.all().count() == 1


@pytest.mark.parametrize("changes", [{"email": "else@example.com"}, {"order_number": "77"}, {"items": "two of them"}])
async def test_in_doubt_a_person_looks(world: World, changes: dict[str, str]) -> None:
    await sold(world.lumen)
    ticket, cases = await placed(world, **changes)
    assert cases == []
    assert (ticket.kind, ticket.status) == ("aftersales", "open")
    link = await TicketLink.get_or_none(ticket_id=ticket.id)
    assert link is None if "order_number" in changes else link is not None and link.confirmed == ("items" in changes)


async def test_only_the_goods_that_are_named(world: World) -> None:
    await sold(world.lumen)
    _, [case] = await placed(world, items="the lamp please")
    lines = await AfterSaleLine.filter(case_id=case.id).select_related("line")
    assert [line.line.title for line in lines] == ["Lamp"]


def _lines() -> list[dict[str, object]]:
    return [
        {"id": "shirt", "title": "Shirt", "quantity": 2, "unit_price": "30.00"},
        {"id": "lamp", "title": "Lamp", "quantity": 1, "unit_price": "59.00"},
    ]
