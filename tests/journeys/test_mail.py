"""A customer writes by mail: a ticket opens, an order is suggested, and the answer leaves as mail in the thread."""

import email
import io
import sqlite3
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, expect

from tests.journeys.running import Desk, sign_in, wait_until, window

pytestmark = pytest.mark.browser


def rows(desk: Desk, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with sqlite3.connect(desk.data / "wismo.db") as database:
        return database.execute(statement, values).fetchall()


async def test_a_mail_becomes_a_ticket_and_is_answered_by_mail(desk: Desk, browser: Browser) -> None:
    desk.mail(
        "Nora Field <nora@example.com>",
        "help@lumen.example",
        "Where is order 1001?",
        "Hello,\n\nI am still waiting for order 1001.\n\nNora",
        Message_ID="<question-1@example.com>",
    )
    async with window(browser, "en", width=1440, height=900) as console:
        await sign_in(desk, console, "maya@wismo.example")
        row = console.locator("li.row", has_text="Nora Field")
        await expect(row).to_be_visible()
        await row.locator("a.row-link").click()
        await expect(console.get_by_text("I am still waiting for order 1001.").first).to_be_visible()
        suggestion = console.locator("form[action$='/confirmation']")
        await expect(suggestion).to_be_visible()  # a suggestion: nothing about the order was proved
        await suggestion.locator("button").click()
        await expect(suggestion).to_have_count(0)

        await console.locator("#text").fill("Dear Nora, it leaves us tomorrow.")
        await console.locator("button.for-reply").click()
        await console.locator(".message.held [data-now]").click()
        await expect(console.locator(".message.from-agent[data-number]").last).to_contain_text("it leaves us tomorrow")

    def answer() -> EmailMessage | None:
        found = rows(
            desk,
            "SELECT content FROM outgoing_mail WHERE recipient = 'nora@example.com' AND state = 'sent' ORDER BY id",
        )
        mails = [email.message_from_bytes(content, policy=policy.default) for (content,) in found]
        return next((mail for mail in mails if "leaves us tomorrow" in str(mail.get_body(("plain",)))), None)

    sent = wait_until(answer)
    assert sent["In-Reply-To"] == "<question-1@example.com>"
    assert "<question-1@example.com>" in sent["References"]
    assert sent["Subject"] == "Re: Where is order 1001?"

    desk.mail(
        "Nora Field <nora@example.com>",
        sent["Reply-To"] or sent["From"],
        "Re: Where is order 1001?",
        "Thank you!\n",
        In_Reply_To=sent["Message-ID"],
    )
    threads = "SELECT conversation_id FROM message WHERE text LIKE 'Thank you!%' AND channel = 'email'"
    [(joined,)] = wait_until(lambda: rows(desk, threads))
    assert (
        joined
        == rows(desk, "SELECT conversation_id FROM message WHERE text LIKE '%still waiting for order 1001%'")[0][0]
    )


def letter_with_a_photo() -> EmailMessage:
    """What a mail program makes of a customer's words, a photo among them, a file and what was answered."""
    photo, logo = io.BytesIO(), io.BytesIO()
    shape = Image.new("RGB", (480, 300), "#d8dee3")
    ImageDraw.Draw(shape).polygon([(120, 240), (200, 60), (280, 60), (360, 240)], fill="#c9a227", outline="#6b4f00")
    ImageDraw.Draw(shape).line([(150, 70), (260, 160), (230, 180), (330, 250)], fill="#5a1f1a", width=5)
    shape.save(photo, "JPEG")
    Image.new("RGB", (60, 20), "#0b6a62").save(logo, "PNG")
    mail = EmailMessage()
    mail["From"], mail["To"] = "Nora Field <nora@example.com>", "Lumen Lighting <help@lumen.example>"
    mail["Cc"], mail["Subject"] = "Tom Field <tom@example.com>", "Broken shade, order 1001"
    mail["Message-ID"], mail["Date"] = "<shade-1@example.com>", "Mon, 02 Mar 2026 10:00:00 +0100"
    mail.set_content(
        "Hello,\n\nthe shade of my lamp arrived broken.\n\nOn Sun, Lumen wrote:\n> Your lamp is on its way.\n"
    )
    mail.add_alternative(
        """<div style="font-family:Georgia;font-size:15px"><p>Hello,</p><p>the <b style="color:#a32b21">shade</b> of my
lamp arrived broken, look:</p><p><img src="cid:shade@x" width="320" alt="The broken shade"></p>
<p>Can I have a new one?</p><p>Nora</p><img src="cid:logo@x">
<img src="https://pictures.invalid/banner.png" alt="Field &amp; Sons" width="200">
<img src="https://pictures.invalid/open?u=1" width="1" height="1"><script>document.title = "hurt"</script></div>
<div class="gmail_quote">On Sun, Lumen wrote:<blockquote>Your lamp is on its way.</blockquote></div>""",
        "html",
    )
    [_plain, page] = mail.iter_parts()
    assert isinstance(page, EmailMessage)
    page.add_related(photo.getvalue(), "image", "jpeg", cid="<shade@x>", filename="shade.jpg")
    page.add_related(logo.getvalue(), "image", "png", cid="<logo@x>", filename="logo.png")
    mail.add_attachment(b"%PDF-1.4 invoice", "application", "pdf", filename="invoice 1001.pdf")
    return mail


async def test_a_mail_looks_like_mail_and_one_that_cannot_be_read_is_kept(
    desk: Desk, browser: Browser, pictures: Path
) -> None:
    tickets = rows(desk, "SELECT count(*) FROM ticket")[0][0]
    desk.mail("odd@example.com", "help@lumen.example", "=?utf-8?b?w?=", "\x00\x01 broken \ufffd")
    desk.send(letter_with_a_photo())
    wait_until(lambda: rows(desk, "SELECT count(*) FROM ticket")[0][0] == tickets + 2)
    assert rows(desk, "SELECT count(*) FROM incoming_mail")[0][0] == 2
    async with window(browser, "en", width=1440, height=1000) as console:
        await sign_in(desk, console, "maya@wismo.example")
        await console.locator("li.row", has_text="Broken shade").locator("a.row-link").click()
        mail = console.locator("li.letter", has_text="arrived broken")
        await expect(mail.get_by_text("<nora@example.com>")).to_be_visible()
        await expect(mail.get_by_text("to us and 1 more")).to_be_visible()
        await expect(mail.get_by_role("link", name="invoice 1001.pdf")).to_be_visible()
        await expect(mail.get_by_role("img", name="Photo shade.jpg")).to_be_visible()
        await mail.get_by_text("Original", exact=True).click()
        original = mail.frame_locator('iframe[title="The original email"]')
        await expect(original.get_by_role("img", name="The broken shade")).to_have_js_property("naturalWidth", 480)
        await expect(original.get_by_text("Can I have a new one?")).to_be_visible()
        await expect(mail.get_by_text("1 remote picture isn’t shown.")).to_be_visible()
        await mail.get_by_text("Original", exact=True).scroll_into_view_if_needed()
        await console.screenshot(path=pictures / "mail.png")
