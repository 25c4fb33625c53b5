"""Four ways by which the world hands a letter to the desk, as its programs do: again and again until it is taken."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import aiosmtplib
import httpx2

from app.intake.hook import sign
from core.clock import now
from tests.faults.mail_desks import USER, MailDesk
from tests.faults.mail_letters import HELP, Letter
from tests.scale.running import ROOT

SMTP, IMAP, HOOK, PIPE = "smtp", "imap", "hook", "pipe"
SHARE = {SMTP: 16, IMAP: 12, HOOK: 11, PIPE: 1}  # of forty mails; a pipe starts a program for each: a second or two
BOTH = 7  # one mail in so many comes by a second way as well
KILLED_PIPES = 0.2
WAIT = 5.0  # seconds for an answer
PAUSE = 0.05


@dataclass
class Sent:
    """How often each way was tried and how often it said yes. `odd`: answers that no sender may get."""

    tries: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    both: int = 0
    odd: list[str] = field(default_factory=list)


class Ways:
    """Sends letters to one desk."""

    def __init__(self, desk: MailDesk, chance: Random) -> None:
        self.desk, self.chance, self.sent = desk, chance, Sent()
        self._cards = [way for way, share in SHARE.items() for _ in range(share)]
        chance.shuffle(self._cards)
        self._cards.sort(key=PIPE.__eq__, reverse=True)  # a short run has one as well

    async def send(self, letter: Letter) -> None:
        """By one way, or by two at the same time; returns when the desk has taken all of it."""
        ways = [self._cards[letter.number % len(self._cards)]]
        if letter.number % BOTH == 0:
            ways.append(self.chance.choice([way for way in (SMTP, IMAP, HOOK) if way not in ways]))
            self.sent.both += 1
        contents = [letter.content(), letter.passed_on("mx")]
        await asyncio.gather(*(self._until_taken(way, letter, contents.pop()) for way in ways))

    async def _until_taken(self, way: str, letter: Letter, content: bytes) -> None:
        hand_over = HAND_OVER[way]
        while True:
            self.sent.tries[way] += 1
            with suppress(aiosmtplib.SMTPException, httpx2.HTTPError, OSError, TimeoutError):
                if await hand_over(self, letter, content):
                    self.sent.taken[way] += 1
                    return
            await asyncio.sleep(PAUSE)

    async def smtp(self, letter: Letter, content: bytes) -> bool:
        to, port = [HELP], self.desk.hops["door"].port
        try:
            await aiosmtplib.send(
                content, sender=letter.sender, recipients=to, hostname="127.0.0.1", port=port, timeout=WAIT
            )
        except aiosmtplib.SMTPResponseException as error:
            self._must_be(error.code < 500, f"smtp {error.code}")
            raise
        return True

    async def imap(self, letter: Letter, content: bytes) -> bool:
        """Who lays it into the mailbox is done; the desk has to come for it."""
        await asyncio.to_thread(self.desk.outside.post_box.deliver, USER, content)
        return True

    async def hook(self, letter: Letter, content: bytes) -> bool:
        moment = int(now().timestamp())
        headers = {"x-wismo-timestamp": str(moment), "x-wismo-signature": sign(self.desk.hook_secret, moment, content)}
        address = f"http://127.0.0.1:{self.desk.hops['web'].port}/hooks/mail/lumen"
        async with httpx2.AsyncClient(timeout=WAIT) as service:
            answer = await service.post(address, content=content, headers=headers)
        self._must_be(answer.status_code in (200, 429) or answer.status_code >= 500, f"hook {answer.status_code}")
        return answer.status_code == 200

    async def pipe(self, letter: Letter, content: bytes) -> bool:
        """Postfix's pipe(8): 0 is delivered, 75 and an end by a signal mean later, and all else would bounce."""
        command = [sys.executable, "-m", "app.cli", "mail", "receive", "--to", HELP, "--from", letter.sender]
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=self.desk.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        said = asyncio.ensure_future(process.communicate(content))
        if self.chance.random() < KILLED_PIPES:
            await asyncio.wait({said}, timeout=self.chance.uniform(0.2, 2))
            with suppress(ProcessLookupError):
                process.kill()
        with suppress(BrokenPipeError):  # it was killed while it read
            await said
        status = await process.wait()
        self._must_be(status in (os.EX_OK, os.EX_TEMPFAIL) or status < 0, f"pipe {status}")
        return status == os.EX_OK

    def _must_be(self, fine: bool, answer: str) -> None:
        if not fine:
            self.sent.odd.append(answer)


HAND_OVER: dict[str, Callable[[Ways, Letter, bytes], Awaitable[bool]]] = {
    SMTP: Ways.smtp,
    IMAP: Ways.imap,
    HOOK: Ways.hook,
    PIPE: Ways.pipe,
}
