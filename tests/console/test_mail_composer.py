"""Answering by mail at the desk: to one, to all, elsewhere; and showing a talk to somebody else."""

import re
from collections.abc import Awaitable, Callable

import pytest

from app.gateways.mail import RecordingMailer
from app.mail.arriving.bouncing import mark_failed
from app.mail.forward_models import HeldForward
from app.mail.identities import Words, add_identity
from app.mail.leaving.choosing import sender_of
from app.mail.leaving.forwarding import give_up_forward, send_forward
from app.mail.leaving.sending import send
from app.mail.models import IncomingMail, OutgoingMail
from conversations.models import Conversation, Message, Note
from core.jobs import Job
from core.people import Actor, Agent
from tests.console.conftest import Browser
from tests.console.test_mail import arrive
from tests.people import World
from tickets.opening import open_ticket

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
OFFERED = {"mail_mode": "reply", "mail_to": "Ines <ines@example.com>", "mail_cc": "", "mail_quote": "1"}


async def desk_of(world: World, open_browser: OpenBrowser) -> tuple[Browser, str, IncomingMail]:
    mail = await arrive(world)
    conversation = await Conversation.get(id=mail.conversation_id)
    return await open_browser(world.omar), f"/console/conversations/{conversation.public_id}", mail


async def seen(mail: IncomingMail) -> str:
    return str((await Conversation.get(id=mail.conversation_id)).last_number)


async def test_the_composer_knows_who_wrote_and_who_was_in_copy(world: World, open_browser: OpenBrowser) -> None:
    browser, base, _ = await desk_of(world, open_browser)
    page = (await browser.get(base)).text
    assert re.search(r'name="mail_to" value="[^"]*ines@example.com', page)
    assert re.search(r'data-cc="[^"]*omar@friends.example[^"]*mum@example.com', page)
    assert "The sender wants replies at boss@elsewhere.example." in page
    assert "help@lumen.example" not in re.findall(r'data-cc="([^"]+)"', page)[0]


async def test_an_answer_to_all_keeps_the_choice(world: World, open_browser: OpenBrowser) -> None:
    browser, base, mail = await desk_of(world, open_browser)
    more = {"mail_mode": "reply_all", "mail_quote": "0", "hold": "0", "seen": await seen(mail)}
    sent = await browser.post(f"{base}/replies", text="On its way", **(OFFERED | more))
    assert sent.status_code == 303
    said = await Message.get(author_kind="agent")
    assert said.addressing["mode"] == "reply_all"
    assert [address for _, address in said.addressing["cc"]] == ["omar@friends.example", "mum@example.com"]
    assert said.addressing["quote"] is False


async def test_a_ticket_that_came_by_mail_is_answered_and_forwarded(world: World, open_browser: OpenBrowser) -> None:
    browser, _, mail = await desk_of(world, open_browser)
    assert mail.conversation_id is not None
    ticket = await open_ticket(mail.conversation_id, "question", Actor.of(world.ines), subject="A lamp")
    base = f"/console/tickets/{ticket.number}"
    assert 'name="mail_to"' in (await browser.get(base)).text
    sent = await browser.post(f"{base}/replies", text="On its way", hold="0", **(OFFERED | {"seen": await seen(mail)}))
    assert sent.status_code == 303
    assert (await browser.get(f"{base}/forward")).status_code == 200
    sent = await browser.post(f"{base}/forward", to="depot@example.net", text="Please look", client_id="forward-0002")
    assert sent.status_code == 303


async def test_a_wrong_address_keeps_the_words_and_the_people(world: World, open_browser: OpenBrowser) -> None:
    browser, base, mail = await desk_of(world, open_browser)
    more = {"mail_cc": "nobody at all", "hold": "0", "seen": await seen(mail)}
    refused = await browser.post(f"{base}/replies", text="On its way", **(OFFERED | more))
    assert refused.status_code == 422
    assert "“nobody at all” isn’t an email address." in refused.text
    assert 'value="nobody at all"' in refused.text
    assert "On its way</textarea>" in refused.text
    stranger = await browser.post(
        f"{base}/replies", text="Hello", **(OFFERED | {"mail_to": "carrier@example.net", "seen": await seen(mail)})
    )
    assert "Replies go to the customer." in stranger.text
    assert not await Message.exists(author_kind="agent")


async def test_a_draft_keeps_to_whom_it_goes(world: World, open_browser: OpenBrowser) -> None:
    browser, base, _ = await desk_of(world, open_browser)
    kept = {"mode": "reply", "text": "Dear all", "client_id": "draft-0001", "version": "0", "seen": "1"}
    answer = await browser.fetch(f"{base}/drafts", **kept, **(OFFERED | {"mail_cc": "lin@example.com"}))
    assert answer.status_code == 200
    page = (await browser.get(base)).text
    assert 'name="mail_cc" value="lin@example.com"' in page
    assert 'id="recipients" open' in page


async def test_what_is_forwarded_is_a_note_and_a_job(world: World, open_browser: OpenBrowser) -> None:
    browser, base, mail = await desk_of(world, open_browser)
    page = (await browser.get(f"{base}/forward")).text
    assert re.search(r'name="message" value="1"\s+checked', page)
    missing = await browser.post(f"{base}/forward", to="", text="Please look", message="1")
    assert missing.status_code == 422
    own = await browser.post(f"{base}/forward", to="ines@example.com", text="Please look", message="1")
    assert "The customer is among the recipients." in own.text
    for _ in range(2):  # pressed twice, sent once
        sent = await browser.post(
            f"{base}/forward", to="Depot <depot@example.net>", text="Please look", message="1", client_id="forward-0001"
        )
        assert sent.status_code == 303
    note = await Note.get(conversation_id=mail.conversation_id)
    assert "Forwarded by email to Depot <depot@example.net>" in note.text
    assert await Job.filter(kind="mail.forward").count() == 1
    assert not await Message.exists(author_kind="agent")


async def test_nobody_forwards_what_is_another_shops(world: World, open_browser: OpenBrowser) -> None:
    _, base, _ = await desk_of(world, open_browser)
    stranger = await open_browser(world.wei)
    assert (await stranger.get(f"{base}/forward")).status_code == 404
    await stranger.get("/console")
    assert (await stranger.post(f"{base}/forward", to="me@example.net", message="1")).status_code == 404


async def test_an_answer_leaves_from_the_address_that_was_chosen(world: World, open_browser: OpenBrowser) -> None:
    browser, base, mail = await desk_of(world, open_browser)
    assert "mail_identity" not in (await browser.get(base)).text  # there is nothing to choose
    row = await add_identity(world.lumen, "returns@lumen.example", Words(name_en="Returns"), Actor.of(world.ada))
    page = (await browser.get(base)).text
    assert f'<option value="{row.public_id}" >Returns &lt;returns@lumen.example&gt;</option>' in page
    more = {"mail_identity": row.public_id, "hold": "0", "seen": await seen(mail)}
    await browser.post(f"{base}/replies", text="On its way", **(OFFERED | more))
    said = await Message.get(author_kind="agent")
    assert said.addressing["identity"] == row.public_id
    shop, talk = world.lumen, await Conversation.get(id=mail.conversation_id)
    assert (await sender_of(shop, "en", talk, row.public_id)).address == "returns@lumen.example"
    assert (await sender_of(shop, "en", talk, shop.public_id)).address == "help@lumen.example"
    assert (await sender_of(shop, "en", talk, "idt_of_somebody_else")).address == "help@lumen.example"


async def test_a_forward_is_undone_within_seconds(world: World, open_browser: OpenBrowser) -> None:
    await Agent.filter(id=world.omar.id).update(undo_seconds=10)
    browser, base, mail = await desk_of(world, open_browser)
    fields = {"to": "Depot <depot@example.net>", "text": "Please look", "message": "1", "client_id": "forward-0003"}
    assert "said=held" in (await browser.post(f"{base}/forward", **fields)).headers["location"]
    page = (await browser.get(base)).text
    assert "Forward to Depot &lt;depot@example.net&gt;" in page
    held = await HeldForward.get()
    colleague = await open_browser(world.mei)
    assert held.public_id not in (await colleague.get(base)).text  # it may never have been said
    await browser.get(base)
    answer = await browser.post(f"{base}/forwards/{held.public_id}/undo")
    form = (await browser.get(answer.headers["location"])).text
    assert 'value="Depot &lt;depot@example.net&gt;"' in form
    assert "Please look</textarea>" in form
    assert re.search(r'name="message" value="1"\s+checked', form)
    assert not await Note.exists(conversation_id=mail.conversation_id)
    spent = await browser.post(f"{base}/forward", **fields)  # the browser's way back to the old form
    assert spent.status_code == 409
    assert "You took this back." in spent.text
    renewed = re.findall(r'name="client_id" value="([^"]+)"', spent.text)
    assert renewed != ["forward-0003"]
    await browser.post(f"{base}/forward", **(fields | {"client_id": renewed[0]}))
    held = await HeldForward.filter(state="held").get()
    await browser.post(f"{base}/forwards/{held.public_id}/now")
    assert await Note.exists(conversation_id=mail.conversation_id)
    assert (await browser.post(f"{base}/forwards/{held.public_id}/undo")).status_code == 409


async def test_a_note_says_how_its_forward_fares(world: World, open_browser: OpenBrowser) -> None:
    browser, base, _ = await desk_of(world, open_browser)
    await browser.post(f"{base}/forward", to="Depot <depot@example.net>", text="Please look", message="1")
    assert "to Depot · Waiting to be sent" in (await browser.get(f"{base}?fragment=thread")).text
    job = await Job.get(kind="mail.forward")
    letter = await send_forward(job.args["note"], job.args["text"], job.args["addressing"], b"secret")
    await send(letter.id, RecordingMailer())
    assert "to Depot · Handed to the mail server" in (await browser.get(base)).text
    await mark_failed(await OutgoingMail.get(id=letter.id), "550 5.1.1 no such user")
    page = (await browser.get(base)).text
    assert "to Depot · Not delivered" in page
    assert "550 5.1.1 no such user" in page
    await browser.post(f"/console/sent-mails/{letter.public_id}/retry")
    page = (await browser.get(base)).text
    assert "to Depot · Waiting to be sent" in page
    assert "Sent again by an agent" in page


async def test_a_forward_without_a_letter_is_opened_again(world: World, open_browser: OpenBrowser) -> None:
    browser, base, mail = await desk_of(world, open_browser)
    await browser.post(f"{base}/forward", to="depot@example.net", text="Please look")
    note = await Note.get(conversation_id=mail.conversation_id)
    await give_up_forward(note.id)
    page = (await browser.get(base)).text
    assert "No letter could be made of it." in page
    again = re.findall(r'href="([^"]+/forward\?held=[^"]+)"', page)[0]
    assert "Please look</textarea>" in (await browser.get(again)).text


async def test_a_forward_leaves_from_the_address_that_was_chosen(world: World, open_browser: OpenBrowser) -> None:
    browser, base, _ = await desk_of(world, open_browser)
    assert 'name="identity"' not in (await browser.get(f"{base}/forward")).text
    repairs = await add_identity(world.lumen, "repairs@lumen.example", Words(), Actor.of(world.omar))
    page = (await browser.get(f"{base}/forward")).text
    assert f'<option value="{repairs.public_id}"' in page
    wrong = await browser.post(f"{base}/forward", to="nobody", text="Look", identity=repairs.public_id)
    assert f'<option value="{repairs.public_id}" selected>' in wrong.text
    await browser.post(f"{base}/forward", to="depot@example.net", text="Look", identity=repairs.public_id)
    job = await Job.get(kind="mail.forward")
    letter = await send_forward(job.args["note"], job.args["text"], job.args["addressing"], b"secret")
    assert letter.identity_id == repairs.id
    assert b'From: "Omar (Lumen)" <repairs@lumen.example>' in letter.content
