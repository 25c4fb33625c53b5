"""A customer writes by mail: a ticket opens, an order is suggested, and the answer leaves as mail in the thread."""

import email
import sqlite3
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest
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
        await expect(row).to_be_visible(timeout=10_000)
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


async def test_a_mail_that_cannot_be_read_is_kept_and_opens_a_ticket(desk: Desk) -> None:
    tickets = rows(desk, "SELECT count(*) FROM ticket")[0][0]
    desk.mail("odd@example.com", "help@lumen.example", "=?utf-8?b?w?=", "\x00\x01 broken \ufffd")
    wait_until(lambda: rows(desk, "SELECT count(*) FROM ticket")[0][0] == tickets + 1)
    assert rows(desk, "SELECT count(*) FROM incoming_mail")[0][0] == 1
