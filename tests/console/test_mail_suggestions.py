"""What a mail seems to be stands below the thread, and an agent decides by one click."""

import re
from collections.abc import Awaitable, Callable

import pytest

from app.mail.models import IncomingMail, MailSuggestion
from conversations.attachments import ArrivedFile
from conversations.models import Conversation, Message
from conversations.noting import add_note
from core.people import Agent
from tests.console.conftest import Browser
from tests.mail.conftest import Letter
from tests.mail.test_joining import EVE, come, thread
from tests.mail.test_passing_on import OMAR, passed_on
from tests.people import World
from tickets.models import Ticket

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


async def look(browser: Browser, mail: IncomingMail) -> tuple[str, str]:
    """The path of the mail's ticket and its page."""
    ticket = await Ticket.get(conversation_id=mail.conversation_id)
    path = f"/console/tickets/{ticket.number}"
    return path, (await browser.get(path)).text


async def act(browser: Browser, page: str, what: str, **fields: str) -> str:
    """Press the button that leads to `what`; the page that comes then."""
    found = re.search(rf'action="(/console/tickets/\d+/mail-suggestions/mls_\w+/{what})"', page)
    assert found, f"nothing leads to {what}"
    answer = await browser.post(found[1], **fields)
    while answer.status_code == 303:
        answer = await browser.get(answer.headers["location"])
    return answer.text


async def test_a_mail_is_joined_by_one_click(world: World, open_browser: OpenBrowser) -> None:
    await thread(world)
    old = await Ticket.get()
    browser = await open_browser(world.omar)
    mail = await come(world, Letter(subject="Re: Where is my lamp?", text="One more.", header_id="second@x"))
    path, page = await look(browser, mail)
    assert f"Does this belong to ticket {old.number}?" in page
    assert "with the same subject" in page
    page = await act(browser, page, "joining")
    assert f"Ticket {old.number}" in page
    assert "mail-suggestion" not in page
    assert (await browser.get(path)).headers["location"].startswith(f"/console/tickets/{old.number}")


async def test_a_strangers_mail_is_never_joined_and_says_why(world: World, open_browser: OpenBrowser) -> None:
    talk, _, reply_to = await thread(world)
    await Agent.filter(id=world.omar.id).update(language="zh")
    browser = await open_browser(world.omar)
    mail = await come(world, Letter(sender=f"<b>Eve</b> <{EVE}>", text="Hm?", header_id="eve@x"), EVE, reply_to)
    _, page = await look(browser, mail)
    assert "&lt;b&gt;Eve&lt;/b&gt; &lt;eve@example.net&gt; 使用了专供 Ines 回信的地址" in page
    assert "/joining" not in page
    await act(browser, page, "participation")
    words = await Message.filter(conversation_id=talk.id).order_by("-number").first()
    assert words is not None
    assert EVE in words.author_name
    shown = (await look(browser, await IncomingMail.filter(conversation_id=talk.id).order_by("id").first()))[1]  # type: ignore[arg-type]
    assert "&lt;eve@example.net&gt;" in shown


async def test_a_forged_sender_is_let_in_by_nobody(world: World, open_browser: OpenBrowser) -> None:
    _, _, reply_to = await thread(world)
    mail = await come(world, Letter(sender=EVE, header_id="eve@x"), EVE, reply_to, "fail")
    _, page = await look(await open_browser(world.omar), mail)
    assert "The sender may be forged." in page
    assert "/participation" not in page


async def test_a_mail_that_a_colleague_passed_on_asks_who_the_customer_is(
    world: World, open_browser: OpenBrowser
) -> None:
    mail = await come(world, passed_on(), OMAR)
    browser = await open_browser(world.mei)
    path, page = await look(browser, mail)
    assert "Omar forwarded this email. Who is the customer?" in page
    assert 'value="anna@example.com"' in page
    assert "forwarded by Omar" in page
    assert "Sender confirmed" not in page  # Omar is; Anna is not
    refused = await browser.post(f"{path}/replies", text="Sorry!", client_id="c1", take_over="1", seen="1")
    assert refused.status_code == 409
    assert "first say who the customer is" in refused.text
    page = (await browser.get(path)).text
    assert (await act(browser, page, "customer", address="nobody", name="")).count(
        "Enter the customer’s email"
    ) == 2  # once among the words for scripts
    page = await act(browser, page, "customer", address="anna@example.com", name="Anna S.")
    assert "Mei said that the customer is Anna S." in page
    assert "mail-suggestion" not in page
    talk = await Conversation.get().select_related("customer")
    assert talk.customer.email == "anna@example.com"


@pytest.mark.parametrize("who", ["wei", ""])
async def test_only_the_shops_agents_decide(world: World, open_browser: OpenBrowser, who: str) -> None:
    mail = await come(world, passed_on(), OMAR)
    ticket, suggestion = await Ticket.get(conversation_id=mail.conversation_id), await MailSuggestion.get()
    agent: Agent | None = getattr(world, who) if who else None
    browser = await open_browser(agent)
    answer = await browser.fetch(
        f"/console/tickets/{ticket.number}/mail-suggestions/{suggestion.public_id}/customer", address=EVE
    )
    assert answer.status_code in (401, 403, 404)
    assert (await MailSuggestion.get()).state == "open"


async def test_files_of_a_third_party_stand_in_the_note(world: World, open_browser: OpenBrowser) -> None:
    talk, _, _ = await thread(world)
    file = ArrivedFile(
        public_id="att_1", name="protocol.pdf", media_type="application/pdf", size=2_000, sha256="0" * 64
    )
    await add_note(talk.id, None, "Warehouse answers:", "w1", files=[file])
    _, page = await look(await open_browser(world.omar), await IncomingMail.get())
    note = page[page.index('<li class="note ') :]
    assert 'href="/files/att_1/protocol.pdf"' in note[: note.index("</li>")]
