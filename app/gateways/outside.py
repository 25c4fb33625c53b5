"""Where servers that people name may be: on the public network, unless the operator says otherwise.

A name is resolved once, what it resolves to is judged, and exactly that is connected to: a name that changes its mind
(DNS rebinding) gains nothing, and numbers in odd spellings are judged as the addresses that they are.
"""

import asyncio
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from core.errors import Forbidden, Unavailable

_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last four bytes
_RESOLVE_SECONDS = 10.0
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*|[0-9a-f:.]{2,45}")
Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address to connect to, as the resolver gave it and as the guard has let it through."""

    family: int
    address: tuple[Any, ...]


class HostUnknown(Unavailable):
    """The name is not known now."""

    code = "host_unknown"


class HostRefused(Forbidden):
    """The name leads to a place that the desk does not connect to."""

    code = "host_refused"


def is_host(name: str) -> bool:
    """Whether it can be the name or the number of a server, in lower case."""
    return len(name) <= 253 and bool(_HOST.fullmatch(name))


async def endpoints(host: str, port: int, *, private: bool) -> list[Endpoint]:
    """The addresses of `host` that may be connected to. `private`: also those of this machine and its networks.

    Link-local addresses (cloud metadata among them) are never given. Raises HostUnknown or HostRefused.
    """
    try:
        async with asyncio.timeout(_RESOLVE_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise HostUnknown(f"no server is called {host}") from None
    judged = [Endpoint(family, place) for family, _kind, _protocol, _name, place in found]
    allowed = [endpoint for endpoint in judged if is_allowed(str(endpoint.address[0]), private=private)]
    if not allowed:
        raise HostRefused(f"{host} is not on the public network")
    return allowed


def is_allowed(address: str, *, private: bool) -> bool:
    """Whether an address may be connected to; every address that is wrapped in it must be allowed, too."""
    try:
        outer = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_fits(inner, private=private) for inner in _within(outer))


def _within(outer: Address) -> Iterator[Address]:
    """The address and what reaches an IPv4 address through it. A mapped address is nothing but the inner one."""
    if isinstance(outer, IPv6Address):
        if outer.ipv4_mapped:
            yield outer.ipv4_mapped
            return
        if outer.sixtofour:
            yield outer.sixtofour
        if outer.teredo:
            yield outer.teredo[1]
        if outer in _NAT64:
            yield IPv4Address(int(outer) & 0xFFFFFFFF)
            return
    yield outer


def _fits(inner: Address, *, private: bool) -> bool:
    never = inner.is_link_local or inner.is_multicast or inner.is_unspecified
    if never or (isinstance(inner, IPv4Address) and inner.is_reserved):
        return False
    if private and (inner.is_private or inner.is_loopback):
        return True
    return inner.is_global and not inner.is_reserved
