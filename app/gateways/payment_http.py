"""HTTP towards a payment service: one question, asked once. Whether to ask again is decided where the money is kept.

Whatever is not a whole answer means that nobody knows what was done. Nothing secret is in an error.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec

import httpx2

from app.gateways.feed_http import certificates, checked_address, seconds_asked
from core.errors import Invalid, Unavailable
from core.text import clean
from orders.refunds.gateway import Answer, Outcome

LARGEST = 1 << 20  # bytes of one answer, unpacked
LARGEST_FILE = 64 << 20  # of a statement
LONGEST = 40.0  # seconds for one answer as a whole: a refund may take its bank some time
UNAUTHORISED = frozenset({401, 403})
_TIMEOUTS = httpx2.Timeout(30.0, connect=10.0)
P = ParamSpec("P")
_MOST = 10**15  # minor units
_AGAIN = timedelta(minutes=15)  # after credentials were refused: a person has to act first


class Unanswered(Unavailable):
    """There is no whole answer, or none that can be trusted: what was asked may have been done. `outcome` says why."""

    def __init__(self, code: str, text: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(text or code, code=code)
        self.outcome = Outcome(state=Answer.UNKNOWN, code=code, text=text, retry_after=retry_after)


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer. Header names are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def document(self) -> dict[str, Any]:
        """The JSON object that it is, fractions as text. Raises Unanswered(unreadable)."""
        try:
            found = json.loads(self.body, parse_float=str)
        except (ValueError, RecursionError):
            raise Unanswered("unreadable", f"an answer with status {self.status} that is no JSON") from None
        if not isinstance(found, dict):
            raise Unanswered("unreadable", f"an answer with status {self.status} that is no JSON object")
        return found

    def refusal(self) -> dict[str, Any]:
        """What it says in place of what was asked for; nothing where a proxy in between shows a page for people."""
        try:
            return self.document()
        except Unanswered:
            return {}

    def objects(self) -> list[dict[str, Any]]:
        """The list of JSON objects that it is. Raises Unanswered(unreadable)."""
        try:
            found = json.loads(self.body, parse_float=str)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise Unanswered("unreadable", f"an answer with status {self.status} that is no list of JSON objects")
        return found


async def ask(
    method: str,
    address: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Sequence[tuple[str, str]] = (),
    content: bytes = b"",
    auth: tuple[str, str] | None = None,
    largest: int = LARGEST,
) -> Reply:
    """One request, without redirects and repetitions; `address` is complete. Raises Unanswered.

    429 and 5xx are answers for the caller to read: some services say in them what happened.
    """
    given = {"accept": "application/json", "user-agent": "wismo", **(headers or {})}
    try:
        async with (
            asyncio.timeout(LONGEST),
            httpx2.AsyncClient(
                timeout=_TIMEOUTS, follow_redirects=False, trust_env=False, verify=certificates(), auth=auth
            ) as client,
            client.stream(method, address, headers=given, params=list(params) or None, content=content) as response,
        ):
            body = await _whole(response, largest)
            return Reply(response.status_code, response.headers, body)
    except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unanswered("no_answer", f"no answer ({type(error).__name__})") from error


def answered(asked: Callable[P, Awaitable[Outcome]]) -> Callable[P, Coroutine[Any, Any, Outcome]]:
    """A method of a gateway that never raises for what the network or the service does."""

    @wraps(asked)
    async def outcome(*args: P.args, **kwargs: P.kwargs) -> Outcome:
        try:
            said = await asked(*args, **kwargs)
            if said.amount is not None and not 0 <= said.amount <= _MOST:
                raise Unanswered("unreadable", "an amount that cannot be true")
            return said
        except Unanswered as trouble:
            return trouble.outcome
        except Invalid as error:  # an amount, a time or a key in the answer that is none
            return Outcome(state=Answer.UNKNOWN, code="unreadable", text=error.detail)

    return outcome


def base_of(address: str, usual: str) -> str:
    """The base URL of an account without a slash at its end. Raises Unanswered(bad_address)."""
    try:
        return checked_address(address or usual)
    except Invalid as error:
        raise Unanswered("bad_address", error.detail) from error


def passing(reply: Reply, said: str = "") -> Outcome | None:
    """What 408, 425, 429, 5xx and refused credentials mean with every service; None for all other answers."""
    text = said or f"status {reply.status}"
    if reply.status in UNAUTHORISED:
        return Outcome(state=Answer.UNKNOWN, code="credentials_refused", text=text, retry_after=_AGAIN)
    if reply.status in {408, 425, 429} or reply.status >= httpx2.codes.INTERNAL_SERVER_ERROR:
        seconds = seconds_asked(reply.headers.get("retry-after", ""))
        wait = None if seconds is None else timedelta(seconds=seconds)
        return Outcome(state=Answer.UNKNOWN, code=f"http_{reply.status}", text=text, retry_after=wait)
    return None


def code_of(reply: Reply) -> str:
    """The machine's word for a refusal, as many services call it: `code`."""
    found = reply.refusal().get("code")
    return found[:64] if isinstance(found, str) else ""


def said_in(reply: Reply) -> str:
    """Its sentence, `message`, or the status for want of one."""
    return sentence(reply.refusal().get("message")) or f"status {reply.status}"


def sentence(value: Any) -> str:
    """What a service says, cleaned and short enough to be kept."""
    return clean(value, limit=300) if isinstance(value, str) else ""


def credential(credentials: Mapping[str, Any], name: str) -> str:
    """Raises Unanswered(credentials_missing): an account that was never completed."""
    found = credentials.get(name)
    if not isinstance(found, str) or not found:
        raise Unanswered("credentials_missing", f"the account has no {name}", _AGAIN)
    return found


async def _whole(response: httpx2.Response, largest: int) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > largest:
            raise Unanswered("answer_too_large", "the answer is too large")
        parts.append(part)
    return b"".join(parts)
