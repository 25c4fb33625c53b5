"""Pictures that stand in mails and lie elsewhere: fetched once, by us and not by whoever looks, and only from outside.

Nothing tells the other side who reads: no cookies, no referrer, the same words for everybody.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import httpx2

from app.gateways.feed_http import certificates
from app.gateways.outside import Endpoint, endpoints
from core.errors import Forbidden, NotFound, TooLarge, Unavailable

LARGEST = 8 << 20  # bytes of one picture
LONGEST = 10.0  # seconds for one picture with all its redirects
REDIRECTS = 3
AT_ONCE = 8
PORTS = frozenset({80, 443})
_HEADERS = {
    "accept": "image/webp,image/png,image/jpeg,image/gif",
    "accept-encoding": "identity",
    "user-agent": "Mozilla/5.0 (compatible; mail pictures)",
}
_MOVED = frozenset({301, 302, 303, 307, 308})


@dataclass
class RemotePictures:
    """Fetches pictures. `private` allows addresses of this machine and its networks, and every port: for tests."""

    private: bool = False
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def fetch(self, address: str) -> bytes:
        """The bytes behind an http or https address, whatever they are: draw them anew before anybody sees them.

        Where it leads is judged before each connection, redirects included. Raises NotFound, TooLarge, Unavailable
        (does not answer in time), Forbidden (leads to our own network, or is no plain web address).
        """
        try:
            async with self._places, asyncio.timeout(LONGEST):
                return await self._fetch(address)
        except (TimeoutError, httpx2.HTTPError) as error:
            raise Unavailable(f"the picture cannot be had ({type(error).__name__})", code="no_answer") from None

    async def _fetch(self, address: str) -> bytes:
        for _hop in range(REDIRECTS + 1):
            url = self._checked(address)
            port = url.port or (443 if url.scheme == "https" else 80)
            found = await _ask_one_of(url, await endpoints(url.host, port, private=self.private))
            if isinstance(found, bytes):
                return found
            address = str(url.join(found))
        raise NotFound("the picture is passed on for ever")

    def _checked(self, address: str) -> httpx2.URL:
        try:
            url = httpx2.URL(address)
        except httpx2.InvalidURL:
            raise Forbidden("no address of the web", code="bad_address") from None
        usual = self.private or url.port is None or url.port in PORTS
        if url.scheme not in ("http", "https") or not url.host or url.userinfo or not usual:
            raise Forbidden("no plain address of the web", code="bad_address")
        return url


async def _ask_one_of(url: httpx2.URL, places: Sequence[Endpoint]) -> bytes | str:
    """What the first of its addresses answers that can be reached from here."""
    for place in places[:-1]:
        with suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
            return await _ask(url, place)
    return await _ask(url, places[-1])


async def _ask(url: httpx2.URL, endpoint: Endpoint) -> bytes | str:
    """The content, or where it has moved to. Connects to exactly the address that was judged."""
    place = url.copy_with(host=str(endpoint.address[0]), fragment=None)
    headers = {**_HEADERS, "host": url.netloc.decode("ascii")}
    async with httpx2.AsyncClient(trust_env=False, verify=certificates(), follow_redirects=False) as client:
        name = {"sni_hostname": url.raw_host.decode()}
        request = client.build_request("GET", place, headers=headers, extensions=name)
        response = await client.send(request, stream=True)
        try:
            if response.status_code in _MOVED and "location" in response.headers:
                return str(response.headers["location"])
            if response.status_code != httpx2.codes.OK:
                raise NotFound("no such picture")
            return await _body(response)
        finally:
            await response.aclose()


async def _body(response: httpx2.Response) -> bytes:
    pieces = bytearray()
    async for piece in response.aiter_raw():
        pieces += piece
        if len(pieces) > LARGEST:
            raise TooLarge("the picture is too large", code="picture_too_large")
    return bytes(pieces)
