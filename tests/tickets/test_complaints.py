"""Complaints from the first word to the follow-up, as customers, agents and supervisors live them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.gateways.mail import DemoMailbox
from app.jobs.complaints import acknowledge_complaint, read_complaint
from app.jobs.context import JobContext
from app.reactions import connect
from app.realtime.hub import Hub
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from conversations.handover import hand_to_queue
from conversations.models import Conversation, Message
from conversations.opening import open_conversation
from conversations.posting import post
from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import use_bus
from core.jobs import Job
from core.people import BOT, SYSTEM, Actor, Agent, Customer
from core.promises import Promise
from core.shops import Shop
from tests.people import World, chat, make_order, make_world
from tickets.clockwork import look_at_clocks
from tickets.complaints.handling import (
    assess,
    decide,
    dismiss,
    follow_up,
    inform,
    investigate,
    reconsider,
    set_external,
)
from tickets.complaints.models import Complaint, ComplaintOrder
from tickets.linking import link_order
from tickets.models import Ticket
from tickets.opening import open_ticket
from tickets.queries import timeline
from tickets.resolution import await_customer, close, resolve

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)


@pytest.fixture
async def world(database: object) -> World:
    use_bus(connect(Hub()))
    return await make_world()


@pytest.fixture
def context(tmp_path: Path) -> JobContext:
    return JobContext(Settings(data_dir=tmp_path), DemoMailbox(), Shelf(own_rulebook()))


async def says(talk: Conversation, who: Customer | Agent, text: str) -> Message:
    return await post(
        talk.id, Actor.of(who), text, client_id=f"said-{text[:60]}-{now().timestamp()}", channel=talk.channel
    )


async def complain(
    world: World, text: str = "My lamp arrived broken", *, shop: Shop | None = None, customer: Customer | None = None
) -> tuple[Ticket, Complaint]:
    """A customer says so in the chat, the bot opens a ticket."""
    shop, customer = shop or world.lumen, customer or world.ines
    talk = await chat(shop, customer)
    await hand_to_queue(talk.id, SYSTEM, "asked")
    await says(talk, customer, text)
    ticket = await open_ticket(talk.id, "complaint", BOT, subject="Complaint", summary=text)
    return ticket, await Complaint.get(ticket_id=ticket.id)


async def run_jobs(context: JobContext) -> None:
    for job in await Job.filter(kind__startswith="complaint.").order_by("id"):
        handler = acknowledge_complaint if job.kind == "complaint.acknowledge" else read_complaint
        for _ in range(2):  # jobs may run twice
            await handler(job.args, context)
    await Job.filter(kind__startswith="complaint.").delete()


async def upheld(world: World, ticket: Ticket, agent: Agent | None = None, *, outcome: str = "upheld") -> Complaint:
    agent = agent or world.omar
    await assess(ticket.id, agent, severity="P3", symptoms=["CAR.DAMAGED"], remedy_asked="A new one")
    await investigate(ticket.id, agent)
    return await decide(
        ticket.id,
        agent,
        outcome=outcome,
        cause="CAR.DAMAGED",
        remedy="replacement" if outcome != "rejected" else "explanation",
        correction="A new lamp leaves today." if outcome != "rejected" else "",
        prevention="Thicker boxes.",
    )


async def told(ticket: Ticket) -> list[str]:
    return [entry.action.removeprefix("complaint_") for entry in await timeline(ticket) if "complaint" in entry.action]


async def test_the_whole_way(world: World, clock: FrozenClock, context: JobContext) -> None:
    ticket, complaint = await complain(world)
    assert (complaint.step, complaint.severity, complaint.symptoms) == ("received", "P3", ["CAR.DAMAGED"])
    await run_jobs(context)
    [word] = await Message.filter(conversation_id=ticket.conversation_id, author_kind="system")
    assert str(ticket.number) in word.text
    promise = await Promise.get(kind="decision", subject=ticket.public_id)
    assert promise.due_at == complaint.received_at + 24 * HOUR
    clock.advance(2 * HOUR)
    await upheld(world, ticket)
    with pytest.raises(Conflict) as refused:
        await resolve(ticket.id, Actor.of(world.omar))
    assert refused.value.code == "customer_not_informed"
    for _ in range(2):
        await inform(ticket.id, world.omar, "You are right. A new lamp leaves today.", client_id="letter-1")
    assert await Message.filter(conversation_id=ticket.conversation_id, author_kind="agent").count() == 1
    assert (await Promise.get(id=promise.id)).state == "kept"
    await resolve(ticket.id, Actor.of(world.omar))
    clock.advance(timedelta(days=7))
    done = await follow_up(ticket.id, world.omar, satisfied=True, note="The lamp shines")
    assert (done.step, done.satisfied) == ("followed_up", True)
    assert await told(ticket) == [
        "received",
        "acknowledged",
        "assessed",
        "investigating",
        "decided",
        "informed",
        "followed_up",
    ]


async def test_the_acknowledgement_speaks_chinese(world: World, context: JobContext, clock: FrozenClock) -> None:
    ticket, complaint = await complain(world, "灯泡冒烟了，我要打12315", shop=world.chaye, customer=world.lin)
    assert complaint.severity == "P1"
    assert [known["why"] for known in complaint.escalations] == ["safety", "regulator", "severity"]
    assert (await Ticket.get(id=ticket.id)).priority == "urgent"
    await run_jobs(context)
    [word] = await Message.filter(conversation_id=ticket.conversation_id, author_kind="system")
    assert "投诉" in word.text
    assert str(ticket.number) in word.text


async def test_an_acknowledgement_leaves_by_mail_and_a_caller_is_called(world: World, context: JobContext) -> None:
    for channel in ("email", "phone"):
        talk = await open_conversation(world.lumen, world.ines, channel=channel, language="en")
        ticket = await open_ticket(talk.id, "complaint", Actor.of(world.omar), subject="Rude courier")
        await run_jobs(context)
        complaint = await Complaint.get(ticket_id=ticket.id)
        assert complaint.step == ("acknowledged" if channel == "email" else "received")
        assert await Job.filter(kind="mail.reply").count() == 1


async def test_who_is_faster_than_the_acknowledgement_leaves_it_to_be_sent(world: World, context: JobContext) -> None:
    ticket, _ = await complain(world)
    await assess(ticket.id, world.omar, severity="P3")
    await run_jobs(context)
    complaint = await Complaint.get(ticket_id=ticket.id)
    assert (complaint.step, complaint.acknowledged_at is not None) == ("assessed", True)
    assert await Message.filter(author_kind="system").count() == 1


async def test_nothing_ends_without_cause_and_remedy_and_every_attempt_is_kept(world: World) -> None:
    ticket, complaint = await complain(world)
    for end, person in ((resolve, world.omar), (close, world.sue)):
        with pytest.raises(Conflict) as refused:
            await end(ticket.id, Actor.of(person))
        assert refused.value.code == "cause_and_remedy_missing"
    with pytest.raises(Conflict) as refused:
        await inform(ticket.id, world.omar, "Sorry", client_id="letter-1")
    assert refused.value.code == "bad_transition"
    assert await AuditEntry.filter(action="transition_refused").count() == 3
    assert await AuditEntry.filter(subject=complaint.public_id).count() == 1
    assert not await Message.filter(author_kind="agent").exists()


async def test_who_is_refused_hears_where_else_to_turn_to(world: World) -> None:
    ticket, _ = await complain(world)
    await upheld(world, ticket, outcome="rejected")
    with pytest.raises(Conflict) as refused:
        await inform(ticket.id, world.omar, "No.", client_id="letter-1")
    assert refused.value.code == "options_not_told"
    assert not await Message.filter(author_kind="agent").exists()
    await inform(ticket.id, world.omar, "No. You may turn to the ombudsman.", client_id="letter-2", options_told=True)
    await resolve(ticket.id, Actor.of(world.omar))
    again = await reconsider(ticket.id, world.mei)
    assert (await Ticket.get(id=ticket.id)).status == "open"
    assert (again.step, again.informed_at) == ("investigating", None)
    with pytest.raises(Conflict):
        await resolve(ticket.id, Actor.of(world.omar))


async def test_the_gravest_are_decided_by_supervisors(world: World) -> None:
    ticket, _ = await complain(world, "The lamp gave me an electric shock")
    graver = await assess(ticket.id, world.omar, severity="P4", symptoms=["PRD.SAFETY"])
    assert graver.severity == "P1"
    with pytest.raises(Forbidden):
        await upheld(world, ticket)
    with pytest.raises(Forbidden):
        await dismiss(ticket.id, world.omar, "no_complaint")
    milder = await assess(ticket.id, world.sue, severity="P3", symptoms=["PRD.DEFECT"])
    assert milder.severity == "P3"
    assert (await Ticket.get(id=ticket.id)).priority == "normal"
    assert (await upheld(world, ticket)).decided_by_id == world.omar.id


async def test_what_was_no_complaint_is_dismissed_and_may_be_resolved(world: World) -> None:
    ticket, _ = await complain(world, "Where is my order?")
    with pytest.raises(Invalid):
        await dismiss(ticket.id, world.omar, "boring")
    await dismiss(ticket.id, world.omar, "no_complaint")
    await resolve(ticket.id, Actor.of(world.omar))


async def test_words_are_checked_and_other_shops_see_nothing(world: World) -> None:
    ticket, complaint = await complain(world)
    await assess(ticket.id, world.omar, severity="P3")
    for wrong in ({"outcome": "maybe"}, {"cause": "X.Y"}, {"remedy": "gold"}, {"correction": " "}):
        known: dict[str, Any] = {
            "outcome": "upheld",
            "cause": "CAR.LATE",
            "remedy": "apology",
            "correction": "We’re sorry",
        }
        with pytest.raises(Invalid):
            await decide(ticket.id, world.omar, **(known | wrong))
    with pytest.raises(Invalid):
        await assess(ticket.id, world.omar, severity="P0")
    with pytest.raises(NotFound):
        await investigate(ticket.id, world.wei)
    with pytest.raises(Conflict) as refused:
        await assess(ticket.id, world.omar, severity="P3", seen=complaint.version)
    assert refused.value.code == "complaint_changed"


async def test_orders_are_kept_as_they_were(world: World, clock: FrozenClock) -> None:
    ticket, complaint = await complain(world)
    order = await make_order(world.lumen, "#1001")
    await order.filter(id=order.id).update(
        headline="processing", confirmed_at=now() - 5 * 24 * HOUR, confirmation="confirmed"
    )
    await link_order(ticket.id, order.id, Actor.of(world.omar))
    await order.filter(id=order.id).update(headline="delivered")
    await link_order(ticket.id, order.id, Actor.of(world.omar))
    kept = await ComplaintOrder.get(complaint_id=complaint.id)
    assert (kept.axes["headline"], kept.axes["party"]) == ("processing", "warehouse")
    assert [(one["cause"], one["evidence"], one["days"]) for one in kept.suggestions] == [
        ("WH.LATE_SHIP", "not_shipped", 3)
    ]


async def test_clocks_tell_supervisors_sooner_the_graver_it_is(world: World, clock: FrozenClock) -> None:
    usual, _ = await complain(world)
    await Complaint.filter(ticket_id=usual.id).update(acknowledged_at=now(), step="acknowledged")
    await says(await Conversation.get(id=usual.conversation_id), world.omar, "I look into it")
    await look_at_clocks()
    for hours, escalated in ((13, False), (7, True)):
        clock.advance(hours * HOUR)
        await look_at_clocks()
        complaint = await Complaint.get(ticket_id=usual.id)
        assert [known["why"] for known in complaint.escalations] == (["clock"] if escalated else [])
    assert (await Ticket.get(id=usual.id)).clock_kind == "decision"


async def test_the_decision_clock_stands_while_the_customer_is_asked(world: World, clock: FrozenClock) -> None:
    ticket, complaint = await complain(world)
    await says(await Conversation.get(id=ticket.conversation_id), world.omar, "A photo, please")
    await await_customer(ticket.id, Actor.of(world.omar))
    await look_at_clocks()
    row = await Ticket.get(id=ticket.id)
    assert (row.clock_kind, row.clock_due_at) == ("acknowledgement", complaint.received_at + HOUR)
    await Complaint.filter(id=complaint.id).update(acknowledged_at=now())
    await Ticket.filter(id=ticket.id).update(look_at=now())
    await look_at_clocks()
    row = await Ticket.get(id=ticket.id)
    assert (row.clock_kind, row.clock_due_at) == ("decision", None)


async def test_who_comes_a_third_time_or_threatens_is_heard(
    world: World, clock: FrozenClock, context: JobContext
) -> None:
    ticket, _ = await complain(world)
    talk = await Conversation.get(id=ticket.conversation_id)
    complaint = await Complaint.get(ticket_id=ticket.id)
    for hours, text, whys in (
        (1, "Hello?", []),
        (5, "Still nothing", []),
        (24, "I ask again", ["third_contact"]),
        (0, "I will do a chargeback", ["third_contact", "chargeback"]),
    ):
        clock.advance(hours * HOUR + timedelta(seconds=1))
        await says(talk, world.ines, text)
        await run_jobs(context)
        complaint = await Complaint.get(ticket_id=ticket.id)
        assert [known["why"] for known in complaint.escalations] == whys
    assert (complaint.severity, complaint.contacts) == ("P2", 3)


async def test_an_outside_body_has_a_number_and_a_day(world: World, clock: FrozenClock) -> None:
    ticket, _ = await complain(world)
    due = now() + timedelta(days=7)
    known = await set_external(ticket.id, world.omar, body="12315", number="2026-77", due_at=due)
    assert (known.external_number, known.external_due_at, known.severity) == ("2026-77", due, "P2")
    with pytest.raises(Invalid):
        await set_external(ticket.id, world.omar, body="12315", due_at=now() + timedelta(days=800))
    assert (await set_external(ticket.id, world.omar, body="")).external_number == ""


async def test_a_second_complaint_within_90_days_is_a_repeat(world: World, clock: FrozenClock) -> None:
    first, complaint = await complain(world)
    assert not complaint.repeat
    await dismiss(first.id, world.omar, "withdrawn")
    for days, repeat in ((1, False), (1, True), (91, False)):
        clock.advance(timedelta(days=days))
        await Ticket.all().update(status="closed")
        _, again = await complain(world, f"Broken again {days}")
        assert again.repeat is repeat


async def test_other_tickets_are_no_complaints(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    await open_ticket(talk.id, "question", BOT, subject="When?")
    assert not await Complaint.exists()
