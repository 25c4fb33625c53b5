"""Two tickets become one, the work goes where the customer writes, and a merge is undone as if it had not been."""

from datetime import timedelta
from typing import Any

import pytest

from app.reactions import connect
from app.realtime.hub import Hub
from conversations.handover import take
from conversations.models import Conversation, Proof
from conversations.posting import post
from core.clock import FrozenClock, now
from core.errors import Conflict, NotFound, WismoError
from core.events import use_bus
from core.people import BOT, SYSTEM, Actor
from core.promises import Promise
from tests.people import World, chat, make_customer, make_order
from tickets.clockwork import clocks_of
from tickets.complaints.intake import acknowledge
from tickets.complaints.models import Complaint
from tickets.following import follow
from tickets.linking import link_order
from tickets.merging import merge, unmerge
from tickets.models import Ticket, TicketLink
from tickets.opening import open_ticket
from tickets.promising import promise_to_customer
from tickets.queries import inbox
from tickets.resolution import close, reopen, resolve
from tickets.tagging import add_tag
from tickets.work_models import Follower, TicketTag

pytestmark = pytest.mark.anyio


@pytest.fixture
def reactions(world: World) -> None:
    """What follows from words follows."""
    use_bus(connect(Hub()))


async def question(world: World, subject: str, kind: str = "question") -> tuple[Ticket, Conversation]:
    talk = await chat(world.lumen, world.ines)
    return await open_ticket(talk.id, kind, BOT, subject=subject), talk


async def says(world: World, talk: Conversation, text: str, who: Any = None) -> None:
    await post(talk.id, Actor.of(who or world.ines), text, client_id=f"said-{text}")


async def picture(*tickets: Ticket) -> dict[str, Any]:
    """Everything about tickets that a merge may touch."""
    ids = [ticket.id for ticket in tickets]
    promises = Promise.filter(subject__in=[ticket.public_id for ticket in tickets])
    names = ("status", "priority", "assignee_id", "asked_at", "first_reply_due_at", "first_replied_at", "resolved_at")
    more = ("closed_at", "conversation_id", "merged_into_id", "merges", "parent_id", "created_at", "reopened")
    fresh = await Ticket.filter(id__in=ids).order_by("id")
    return {
        "tickets": await Ticket.filter(id__in=ids).order_by("id").values(*names, *more),
        "links": await TicketLink.filter(ticket_id__in=ids).order_by("id").values(),
        "tags": await TicketTag.filter(ticket_id__in=ids).order_by("id").values(),
        "followers": await Follower.filter(ticket_id__in=ids).order_by("id").values(),
        "promises": await promises.order_by("id").values("id", "subject", "kind", "state", "due_at"),
        "clocks": [await clocks_of(ticket, now()) for ticket in fresh],
    }


async def refusal(change: Any) -> WismoError:
    with pytest.raises(WismoError) as caught:
        await change
    return caught.value


async def test_the_target_gets_all_and_undoing_restores_all(world: World, clock: FrozenClock, reactions: None) -> None:
    omar = Actor.of(world.omar)
    target, first = await question(world, "Lamp?")
    source, _ = await question(world, "Lamp by mail")
    lamp, shade = await make_order(world.lumen, "#1001"), await make_order(world.lumen, "#1002")
    await link_order(target.id, lamp.id, omar)
    for order in (lamp, shade):
        await link_order(source.id, order.id, omar)
    await add_tag(source.id, "Late ", omar)
    await follow(source.id, world.mei)
    await promise_to_customer(source.id, "We call back", now() + timedelta(hours=3), omar)
    await says(world, first, "one")
    await says(world, first, "hello", world.omar)  # only the target was answered
    clock.advance(timedelta(minutes=5))
    before = await picture(source, target)
    merged = await merge(source.id, target.id, omar)
    stored = await Ticket.get(id=target.id)
    assert (stored.merges, stored.asked_at, stored.number) == (1, source.created_at, target.number)
    links = await TicketLink.filter(ticket_id=target.id).order_by("id").values_list("order_id", flat=True)
    assert list(links) == [lamp.id, shade.id]
    assert await Promise.filter(subject=target.public_id, state="open").count() == 2
    assert await Follower.exists(ticket_id=target.id, agent_id=world.mei.id)
    assert [row.number for row in await inbox(world.mei, "all")] == [target.number]
    assert await clocks_of(await Ticket.get(id=source.id), now()) == []
    await unmerge(merged.public_id, omar)
    assert await picture(source, target) == before
    assert (await refusal(unmerge(merged.public_id, omar))).code == "merge_undone"


async def test_the_work_is_where_the_customer_writes(world: World, clock: FrozenClock, reactions: None) -> None:
    omar = Actor.of(world.omar)
    target, first = await question(world, "Lamp?")
    source, second = await question(world, "Lamp again")
    for talk in (first, second):
        await take(talk.id, world.omar)
    merged = await merge(source.id, target.id, omar)
    await resolve(target.id, omar)
    await says(world, second, "still dark")
    stored = await Ticket.get(id=target.id)
    assert (stored.status, stored.conversation_id, stored.reopened) == ("open", second.id, 1)
    assert (await Ticket.get(id=source.id)).conversation_id == first.id
    assert await Ticket.all().count() == 2
    assert {made.state for made in await Promise.filter(kind="first_reply")} == {"withdrawn"}
    await says(world, first, "and here")
    assert (await Ticket.get(id=target.id)).conversation_id == first.id
    await says(world, second, "and there again")
    await unmerge(merged.public_id, omar)
    places = [(await Ticket.get(id=ticket.id)).conversation_id for ticket in (target, source)]
    assert places == [first.id, second.id]
    assert (await Ticket.get(id=source.id)).asked_at == now()


async def test_an_answer_keeps_the_promise_of_both(world: World, clock: FrozenClock, reactions: None) -> None:
    target, first = await question(world, "Lamp?")
    await says(world, first, "hello", world.omar)
    source, second = await question(world, "Lamp again")
    await says(world, second, "hm")
    await merge(source.id, target.id, Actor.of(world.omar))
    await says(world, second, "dark")
    clock.advance(timedelta(minutes=3))
    await says(world, second, "sorry", world.omar)
    assert [made.state for made in await Promise.filter(kind="first_reply")] == ["kept", "kept"]
    assert (await Ticket.get(id=target.id)).asked_at is None


async def test_what_was_said_meanwhile_counts_after_parting(world: World, clock: FrozenClock, reactions: None) -> None:
    target, _ = await question(world, "Lamp?")
    source, second = await question(world, "Lamp again")
    merged = await merge(source.id, target.id, Actor.of(world.omar))
    await says(world, second, "hello?")
    clock.advance(timedelta(minutes=2))
    await says(world, second, "here I am", world.omar)
    answered = now()
    clock.advance(timedelta(minutes=2))
    await says(world, second, "thanks, and the bulb?")
    await unmerge(merged.public_id, Actor.of(world.omar))
    back = await Ticket.get(id=source.id)
    assert (back.status, back.first_replied_at, back.asked_at) == ("open", answered, now())


async def test_chains_are_flat_and_undone_backwards(world: World, reactions: None) -> None:
    omar = Actor.of(world.omar)
    (one, first), (two, second), (three, _) = [await question(world, f"Lamp {n}") for n in range(3)]
    before = await picture(one, two, three)
    inner = await merge(one.id, two.id, omar)
    outer = await merge(two.id, three.id, omar)
    assert [t.merged_into_id for t in await Ticket.filter(id__in=[one.id, two.id])] == [three.id, three.id]
    assert (await Ticket.get(id=three.id)).merges == 2
    await says(world, first, "here")
    assert (await Ticket.get(id=three.id)).conversation_id == first.id
    await says(world, second, "and here")
    assert (await refusal(unmerge(inner.public_id, omar))).code == "merged_further"
    await unmerge(outer.public_id, omar)
    assert (await Ticket.get(id=one.id)).merged_into_id == two.id
    await unmerge(inner.public_id, omar)
    after = await picture(one, two, three)
    kept = ("conversation_id", "merged_into_id", "merges", "status")
    assert [[row[name] for name in kept] for row in after["tickets"]] == [
        [row[name] for name in kept] for row in before["tickets"]
    ]


async def test_two_customers_are_never_merged(world: World) -> None:
    target, talk = await question(world, "Lamp?")
    pia = await make_customer(world.lumen, "Pia", "pia@example.com")
    other = await chat(world.lumen, pia)
    foreign = await open_ticket(other.id, "question", BOT, subject="Lamp too")
    omar = Actor.of(world.omar)
    assert (await refusal(merge(foreign.id, target.id, omar))).code == "different_customers"
    for conversation in (talk, other):  # both have shown that they read the same mailbox
        await Proof.create(
            conversation=conversation,
            kind="code",
            contact="home@example.com",
            proved_at=now(),
            expires_at=now() + timedelta(hours=1),
        )
    assert (await merge(foreign.id, target.id, omar)).source_id == foreign.id


async def test_what_cannot_be_merged_or_parted(world: World, clock: FrozenClock) -> None:
    omar, sue = Actor.of(world.omar), Actor.of(world.sue)
    target, _ = await question(world, "Lamp?")
    source, _ = await question(world, "Lamp again")
    assert (await refusal(merge(target.id, target.id, omar))).code == "merge_itself"
    with pytest.raises(NotFound):
        await merge(source.id, target.id, Actor.of(world.wei))
    merged = await merge(source.id, target.id, omar)
    stuck = await refusal(reopen(source.id, sue))
    assert isinstance(stuck, Conflict)
    assert (stuck.code, stuck.data["number"]) == ("ticket_merged", target.number)
    assert (await refusal(merge(source.id, target.id, omar))).code == "ticket_merged"
    await close(target.id, sue)
    third, _ = await question(world, "Lamp, third")
    assert (await refusal(merge(third.id, target.id, omar))).code == "merge_into_closed"
    clock.advance(timedelta(days=31))
    assert (await refusal(unmerge(merged.public_id, omar))).code == "merge_too_old"


async def test_a_complaint_is_merged_only_as_a_duplicate(world: World, clock: FrozenClock, reactions: None) -> None:
    first, _ = await question(world, "Broken!", "complaint")
    second, _ = await question(world, "Still broken!", "complaint")
    plain, _ = await question(world, "Who is the provider?")
    omar = Actor.of(world.omar)
    await acknowledge(second.id, SYSTEM, now() + timedelta(days=2))
    assert (await Complaint.get(ticket_id=second.id)).repeat
    for target, duplicate, code in (
        (first, False, "complaint_unsettled"),
        (plain, True, "no_other_complaint"),
    ):
        with pytest.raises(Conflict) as refused:
            await merge(second.id, target.id, omar, duplicate=duplicate)
        assert refused.value.code == code
    before = await Complaint.get(ticket_id=second.id)
    merged = await merge(second.id, first.id, omar, duplicate=True)
    complaint = await Complaint.get(ticket_id=second.id)
    assert (complaint.step, complaint.dismissal) == ("dismissed", "duplicate")
    assert [made.state for made in await Promise.filter(kind="decision")] == ["withdrawn"]
    await unmerge(merged.public_id, omar)
    complaint = await Complaint.get(ticket_id=second.id)
    assert (complaint.step, complaint.dismissal, complaint.dismissed_at) == (before.step, "", None)
    assert [made.state for made in await Promise.filter(kind="decision")] == ["open"]
    assert (await Ticket.get(id=second.id)).status == "open"


async def test_who_has_proved_the_same_contact_has_complained_before(
    world: World, clock: FrozenClock, reactions: None
) -> None:
    _, talk = await question(world, "Broken!", "complaint")
    guest = await make_customer(world.lumen, "Guest", "guest@example.com")
    other = await chat(world.lumen, guest)
    until = now() + timedelta(hours=1)
    for conversation in (talk, other):
        await Proof.create(
            conversation=conversation, kind="code", contact="ines@example.com", proved_at=now(), expires_at=until
        )
    again = await open_ticket(other.id, "complaint", BOT, subject="Broken again")
    assert (await Complaint.get(ticket_id=again.id)).repeat
    stranger = await chat(world.lumen, await make_customer(world.lumen, "New", "new@example.com"))
    fresh = await open_ticket(stranger.id, "complaint", BOT, subject="Broken")
    assert not (await Complaint.get(ticket_id=fresh.id)).repeat
