"""Answering by mail at the desk: to one, to all, elsewhere; and showing a talk to somebody else."""

import re
from collections.abc import Awaitable, Callable

import pytest

from app.mail.identities import Words, add_identity, sender_of
from app.mail.models import IncomingMail
from conversations.models import Conversation, Message, Note
from core.jobs import Job
from core.people import Actor
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
    assert "The sender wants answers at boss@elsewhere.example." in page
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
    assert "“nobody at all” is no e-mail address." in refused.text
    assert 'value="nobody at all"' in refused.text
    assert "On its way</textarea>" in refused.text
    stranger = await browser.post(
        f"{base}/replies", text="Hello", **(OFFERED | {"mail_to": "carrier@example.net", "seen": await seen(mail)})
    )
    assert "An answer goes to the customer." in stranger.text
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
    assert "Forwarded by e-mail to Depot <depot@example.net>" in note.text
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
