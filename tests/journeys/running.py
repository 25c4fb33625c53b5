"""A whole desk in a process of its own, as an operator starts it; and the people who use it, in real browsers."""

import base64
import hashlib
import hmac
import json
import os
import re
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
from playwright.async_api import Browser, Frame, Page, expect

from tests.browsing import ALIVE, wait_for_scripts

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "wismo-demo"
SHOPIFY_SECRET = "demo-shopify-secret"


class Desk:
    """The program, running on free ports with its own data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = 0
        self.mail_port = 0
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it says where it is. A restart keeps the ports, as a service would."""
        settings = {"DATA_DIR": str(self.data), "PORT": str(self.port), "MAIL_PORT": str(self.mail_port)}
        settings |= {"LOG_LEVEL": "error", "RATE_SCALE": "20"}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WISMO_")}
        environment |= {f"WISMO_{name}": value for name, value in settings.items()}
        with (self.data.parent / f"{self.data.name}.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "run"],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"Console +http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(found[1])
            if found := re.search(r"Mail in +127\.0\.0\.1:(\d+)", line):
                self.mail_port = int(found[1])
            if "Ctrl-C" in line:
                return
        raise AssertionError(f"the desk did not start: {(self.data.parent / f'{self.data.name}.log').read_text()}")

    def kill(self) -> None:
        """As a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)
        self._forget()

    def stop(self) -> int:
        """As Ctrl-C does. Returns the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        status = self.process.wait(30)
        self._forget()
        return status

    def _forget(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()

    async def notify(
        self,
        body: bytes,
        topic: str = "orders/updated",
        *,
        shop: str = "lumen",
        event: str = "",
        secret: str = SHOPIFY_SECRET,
    ) -> httpx2.Response:
        """What Shopify sends when an order changes."""
        signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-SHA256": signature,
            "X-Shopify-Event-Id": event or hashlib.sha256(body).hexdigest(),
        }
        async with httpx2.AsyncClient() as client:
            return await client.post(f"{self.url}/webhooks/shopify/{shop}", content=body, headers=headers)

    def mail(self, sender: str, recipient: str, subject: str, text: str, **headers: str) -> None:
        """A mail as any mail program sends it."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, recipient, subject
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        self.send(message)

    def send(self, message: EmailMessage) -> None:
        """A mail that is written already."""
        with smtplib.SMTP("127.0.0.1", self.mail_port, timeout=10) as server:
            server.send_message(message)


class Shopper:
    """A customer on the shop's page."""

    def __init__(self, desk: Desk, page: Page, shop: str) -> None:
        self.desk, self.page, self.shop = desk, page, shop

    async def visit(self) -> None:
        """Open the shop's page."""
        await self.page.goto(f"{self.desk.url}/demo/{self.shop}")

    async def open_chat(self) -> None:
        """Click the launcher, which sits in the corner, out of reach for the page's own scripts."""
        await self.page.wait_for_function("window.Wismo && window.Wismo.ready")
        size = self.page.viewport_size
        assert size is not None
        async with self.page.expect_event("frameattached"):
            await self.page.mouse.click(size["width"] - 49, size["height"] - 49)
        await self.page.wait_for_function("document.activeElement?.localName === 'wismo-chat'")
        await (await frame_of(self.page)).locator(".suggestions button").first.wait_for()

    @property
    def chat(self) -> Frame:
        """The widget inside the page."""
        return next(frame for frame in self.page.frames if "/widget?" in frame.url)

    async def ask(self, text: str) -> None:
        """Type and send."""
        await self.chat.locator(".composer textarea").fill(text)
        await self.chat.locator(".composer textarea").press("Enter")

    async def reads(self, text: str | re.Pattern[str]) -> None:
        """See these words in the conversation."""
        await expect(self.chat.get_by_role("log").get_by_text(text).last).to_be_visible()

    async def enter_code(self, code: str) -> None:
        """Type the six digits into the form that asks for them."""
        await self.ask(code)


async def frame_of(page: Page) -> Frame:
    """The widget inside the page, once its scripts listen."""
    while not any("/widget?" in frame.url for frame in page.frames):
        await page.wait_for_event("framenavigated")
    frame = next(frame for frame in page.frames if "/widget?" in frame.url)
    await frame.wait_for_selector(ALIVE)
    return frame


async def latest_code(desk: Desk, page: Page, recipient: str) -> str:
    """The newest one-time code in the demo mailbox."""
    for _ in range(200):
        await page.goto(f"{desk.url}/demo/mailbox?to={recipient}")
        links = page.locator("a[href*='/demo/mailbox/mlo_']")
        if await links.count():
            await links.first.click()
            found = re.search(r"(?<!\d)(\d{6})(?!\d)", await page.locator("main").inner_text())
            if found:
                return found[1]
        await page.wait_for_timeout(100)
    raise AssertionError(f"no code for {recipient}")


@asynccontextmanager
async def window(browser: Browser, language: str, *, width: int = 1280, height: int = 860) -> AsyncIterator[Page]:
    """A fresh browser window of somebody who speaks `language`; a script error or a broken page fails the test."""
    locale = {"en": "en-US", "zh": "zh-CN"}[language]
    context = await browser.new_context(locale=locale, viewport={"width": width, "height": height})
    page = await context.new_page()
    await wait_for_scripts(page)
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on(
        "console",
        lambda message: (
            trouble.append(message.text) if message.type == "error" and "Content Security" in message.text else None
        ),
    )
    try:
        yield page
    finally:
        await context.close()
    assert not trouble, trouble


async def sign_in(desk: Desk, page: Page, email: str) -> None:
    """Log in to the console."""
    await page.goto(f"{desk.url}/console")
    await page.locator("input[name=email]").fill(email)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("input[name=password]").press("Enter")
    await page.wait_for_url(re.compile(r"/console/?(\?.*)?$"))


def order_notice(path: Path, **changes: Any) -> bytes:
    """The platform's own sample order as a notification, with some fields changed."""
    return json.dumps(json.loads(path.read_bytes())["order"] | changes, ensure_ascii=False).encode()


def wait_until(what: Any, seconds: float = 30) -> Any:
    """Poll until `what()` is true and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := what():
            return result
        time.sleep(0.05)
    raise AssertionError("did not happen in time")
