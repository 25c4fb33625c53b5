"""The outbox: each try is written down, a mail leaves once, and what fails tells the desk."""

import email
from datetime import timedelta
from typing import Any

import pytest
from tortoise.exceptions import DBConnectionError

from app.gateways.mail import MailDeferred, RecordingMailer
from app.gateways.smtp import SmtpMailer
from app.mail.leaving import sending
from app.mail.leaving.addressing import Addressing
from app.mail.leaving.composing import Mailbox
from app.mail.leaving.failures import failure_of
from app.mail.leaving.forgetting import forget_contents
from app.mail.leaving.replying import give_up_replying, reply
from app.mail.leaving.retrying import retry
from app.mail.leaving.sending import give_up_sending, send
from app.mail.leaving.writing import SEND_ATTEMPTS, queue_letter
from app.mail.models import OutgoingMail, OutgoingTry
from app.mail.queries import SentMail, mails_in
from conversations.models import Conversation, Message, Note
from conversations.posting import post
from core import jobs
from core.bundles import Bundle
from core.clock import FrozenClock, now
from core.errors import Conflict, NotFound
from core.people import Actor
from tests.mail.conftest import Letter, code_for
from tests.mail.sink import Sink, listening
from tests.mail.test_receiving import SECRET, arrive
from tests.people import World

INES, BEN, LIN = "ines@example.com", "ben@example.net", "林@例子.example"


async def queued(world: World, *copies: str) -> OutgoingMail:
    await arrive(world.lumen, Letter())
    conversation = await Conversation.get()
    choice = Addressing(to=(Mailbox("", INES),), cc=tuple(Mailbox("", copy) for copy in copies))
    message = await post(
        conversation.id, Actor.of(world.omar), "It left.", client_id="o1", channel="email", addressing=choice.as_data()
    )
    mail = await reply(message.id, SECRET)
    assert mail is not None
    return mail


async def tries(mail: OutgoingMail) -> list[tuple[str, str]]:
    return [(row.outcome, row.recipient) for row in await OutgoingTry.filter(mail_id=mail.id).order_by("id")]


async def test_the_outbox_logs_what_happened(world: World, sink: Sink, mailer: SmtpMailer) -> None:
    mail = await queued(world)
    sink.data = "451 4.3.0 not now"
    with pytest.raises(MailDeferred):
        await send(mail.id, mailer)
    await mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error) == ("queued", 1, "451 4.3.0 not now")
    sink.data = "250 OK"
    await send(mail.id, mailer)
    await send(mail.id, mailer)  # a repeated job
    await mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error, len(sink.mails)) == ("sent", 2, None, 1)
    assert await tries(mail) == [("deferred", ""), ("sent", "")]
    sender, _, content = sink.mails[0]
    assert sender == mail.sender
    assert email.message_from_bytes(content)["Message-ID"] == f"<{mail.header_id}>"


async def test_a_final_no_fails_the_message_and_tells_the_desk(world: World) -> None:
    mail = await queued(world)
    mailer = RecordingMailer()
    mailer.refuse.add(INES)
    await send(mail.id, mailer)
    await mail.refresh_from_db()
    assert mail.state == "failed"
    assert (await Message.get(id=mail.message_id)).state == "failed"
    assert INES in (await Note.get()).text
    await send(mail.id, mailer)
    assert mailer.sent == []


async def test_trying_ends_some_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SEND_ATTEMPTS", 2)
    mail = await queued(world)
    mailer = RecordingMailer()
    mailer.defer.add(INES)
    with pytest.raises(MailDeferred):
        await send(mail.id, mailer)
    await send(mail.id, mailer)
    await mail.refresh_from_db()
    assert mail.state == "failed"
    assert (await tries(mail))[-1] == ("expired", "")


async def test_one_refused_copy_does_not_keep_the_others_from_it(world: World) -> None:
    mail, mailer = await queued(world, BEN, LIN), RecordingMailer()
    mailer.refuse.add(BEN)
    mailer.defer.add("林@xn--fsqu00a.example")
    with pytest.raises(MailDeferred):
        await send(mail.id, mailer)
    await mail.refresh_from_db()
    assert (mail.state, mail.pending) == ("queued", [LIN])
    assert [sent.recipient for sent in mailer.sent] == [INES]
    assert BEN in (await Note.get()).text
    mailer.defer.clear()
    await send(mail.id, mailer)
    await mail.refresh_from_db()
    assert mail.state == "sent"
    assert [sent.recipient for sent in mailer.sent] == [INES, "林@xn--fsqu00a.example"]
    assert (await Message.get(id=mail.message_id)).state == "sent"


async def test_a_copy_that_never_goes_leaves_the_message_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SEND_ATTEMPTS", 1)
    mail, mailer = await queued(world, BEN), RecordingMailer()
    mailer.defer.add(BEN)
    await send(mail.id, mailer)
    await mail.refresh_from_db()
    assert mail.state == "sent"
    assert ("expired", BEN) in await tries(mail)
    assert await Note.all().count() == 1


async def shown(mail: OutgoingMail) -> SentMail:
    """What the thread shows of it."""
    assert mail.conversation_id is not None
    assert mail.message_id is not None
    bundle = Bundle()
    mails = mails_in(bundle, mail.conversation_id, None, 10)
    await bundle.read()
    return mails().sent[mail.message_id]


async def test_a_failed_mail_is_sent_again_under_its_own_name(world: World) -> None:
    mail, mailer = await queued(world), RecordingMailer()
    with pytest.raises(Conflict):
        await retry(world.omar, mail.public_id)
    mailer.refuse.add(INES)
    await send(mail.id, mailer)
    mailer.refuse.clear()
    with pytest.raises(NotFound):
        await retry(world.wei, mail.public_id)
    again = await retry(world.omar, mail.public_id)
    assert (again.state, again.header_id) == ("queued", mail.header_id)
    assert (await shown(mail)).next_at is not None
    await send(mail.id, mailer)
    assert len(mailer.sent) == 1
    assert (await Message.get(id=mail.message_id)).state == "sent"
    assert [outcome for outcome, _ in await tries(mail)] == ["refused", "retried", "sent"]


async def test_the_desk_sees_how_it_fares(world: World) -> None:
    mail, mailer = await queued(world, BEN), RecordingMailer()
    mailer.defer |= {INES, BEN}
    with pytest.raises(MailDeferred):
        await send(mail.id, mailer)
    delivery = await shown(mail)
    assert (delivery.state, delivery.attempts, delivery.error) == ("queued", 1, "451 4.3.0 try again later")
    assert (delivery.to, delivery.cc) == ([["", INES]], [["", BEN]])
    assert failure_of(delivery.error) == "too_many"
    assert delivery.next_at is not None
    assert [row.outcome for row in delivery.tries] == ["deferred"]


async def test_an_outage_of_two_hours_loses_nothing(world: World, clock: FrozenClock, sink: Sink) -> None:
    mail, begun = await queued(world), now()
    closed = SmtpMailer("smtp://127.0.0.1:1", timeout=2)
    mailer, open_again = closed, SmtpMailer(f"smtp://127.0.0.1:{sink.port}", timeout=5)
    for _ in range(SEND_ATTEMPTS):
        for job in await jobs.claim(kinds=["mail.send"], limit=10):
            try:
                await send(job.args["outgoing_mail"], mailer)
            except MailDeferred as error:
                await jobs.fail(job, str(error))
            else:
                await jobs.finish(job)
        if not await OutgoingMail.exists(state="queued"):  # the acknowledgement waits, too
            break
        clock.advance(timedelta(minutes=10))
        mailer = open_again if now() - begun >= timedelta(hours=2) else closed
    await mail.refresh_from_db()
    assert mail.state == "sent"
    assert now() - begun < timedelta(hours=4)
    assert [mail_to for _, [mail_to], _ in sink.mails if mail_to == INES].count(INES) == 2  # it and the acknowledgement
    await open_again.close()


async def test_cut_behind_the_dot_it_comes_twice_under_one_name(world: World) -> None:
    async with listening(Sink()) as sink:
        mail, mailer = await queued(world), SmtpMailer(f"smtp://127.0.0.1:{sink.port}", timeout=5)
        sink.cut = "dot"
        with pytest.raises(MailDeferred):
            await send(mail.id, mailer)
        sink.cut = ""
        await send(mail.id, mailer)
        await mailer.close()
    names = {email.message_from_bytes(content)["Message-ID"] for _, _, content in sink.mails}
    assert (len(sink.mails), names) == (2, {f"<{mail.header_id}>"})


@pytest.mark.parametrize("committed", [False, True])
async def test_a_database_that_restarts_after_the_yes_makes_no_second_mail(
    world: World, sink: Sink, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    mail, really, failures = (
        await queued(world),
        sending._sent,
        [DBConnectionError("gone"), DBConnectionError("starting")],
    )

    async def noted(*about: Any, **more: Any) -> None:
        if committed:
            await really(*about, **more)
        if failures:
            raise failures.pop()
        await really(*about, **more)

    monkeypatch.setattr(sending, "NOTING_PAUSE", 0)
    monkeypatch.setattr(sending, "_sent", noted)
    await send(mail.id, mailer)
    await mail.refresh_from_db()
    assert (mail.state, len(sink.mails), await tries(mail)) == ("sent", 1, [("sent", "")])


async def test_who_dies_while_some_have_it_forgets_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mail, mailer = await queued(world, BEN), RecordingMailer()
    mailer.refuse.add(BEN)

    async def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(sending, "_sent", killed)
        with pytest.raises(KeyboardInterrupt):
            await send(mail.id, mailer)
    assert (await OutgoingMail.get(id=mail.id)).pending is None
    await send(mail.id, mailer)
    assert (await OutgoingMail.get(id=mail.id)).state == "sent"


async def test_automatic_letters_to_one_domain_leave_one_after_the_other(world: World, clock: FrozenClock) -> None:
    for number in range(40):
        await queue_letter(code_for(world.lumen, f"{number}@example.com", f"code:{number}"), secret=SECRET)
    due = [job.run_at - now() for job in await jobs.Job.filter(kind="mail.send").order_by("id")]
    assert due[:29] == [timedelta()] * 29
    assert due[-1] == timedelta(seconds=10)
    assert due == sorted(due)
    mail = await queued(world)
    job = await jobs.Job.get(key=f"mail.send:{mail.id}")
    assert job.run_at == now()  # people do not wait for machines


async def test_bytes_are_forgotten_words_are_not(world: World, clock: FrozenClock) -> None:
    mail, mailer = await queued(world), RecordingMailer()
    await send(mail.id, mailer)
    assert await forget_contents() == 0
    clock.advance(timedelta(days=91))
    unsent = await OutgoingMail.exclude(id=mail.id).get()
    assert await forget_contents() == 1
    assert await forget_contents() == 0
    await mail.refresh_from_db()
    assert (mail.content, mail.subject, mail.state) == (b"", "Re: Where is my lamp?", "sent")
    assert (await OutgoingMail.get(id=unsent.id)).content
    await OutgoingMail.filter(id=mail.id).update(state="failed")
    with pytest.raises(Conflict) as refused:
        await retry(world.omar, mail.public_id)
    assert refused.value.code == "content_gone"


async def test_a_dead_job_leaves_no_mail_that_seems_to_wait(world: World) -> None:
    mail = await queued(world)
    await give_up_sending(mail.id)
    await give_up_sending(mail.id)
    await mail.refresh_from_db()
    assert mail.state == "failed"
    assert (await Message.get(id=mail.message_id)).state == "failed"
    assert await Note.filter(client_id__startswith="mail:").count() == 1
    assert mail.message_id is not None
    await give_up_replying(mail.message_id)  # a letter was written: that job told of itself
    assert await Note.filter(client_id__startswith="mail:unwritten").count() == 0
    await OutgoingMail.filter(id=mail.id).delete()
    await give_up_replying(mail.message_id)
    assert "It left." in (await Note.get(client_id__startswith="mail:unwritten")).text
