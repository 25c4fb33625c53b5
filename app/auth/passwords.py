"""Passwords: Argon2id, never more than two hashes at a time, never on the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import Invalid

T = TypeVar("T")

SHORTEST, LONGEST = 10, 200

# One hash takes about 0.2 s and 64 MiB. Two threads keep a burst of logins from eating the memory or the loop.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
# The hash of a password nobody has, with the parameters above: an unknown name costs the same as a wrong password.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$QuIw1ZwInWPBtGADJ71N4g$o/0f9gXmNOt3rABBLTJ/xBlNBDuLGwD1gTdQ/UdrToo"


async def hash_password(password: str) -> str:
    """Hash `password` for storing. Raises Invalid (weak_password) unless it has 10 to 200 characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid("a password has 10 to 200 characters", code="weak_password", shortest=SHORTEST, longest=LONGEST)
    return await _in_thread(_hasher.hash, password)


async def password_fits(stored: str | None, password: str) -> bool:
    """Whether `password` is the one behind `stored`; None does the same work and is never right."""
    fits = await _in_thread(_verify, stored or _NOBODY, password[:LONGEST])
    return fits and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether `stored` was made with other parameters than we use now."""
    return _hasher.check_needs_rehash(stored)


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


async def _in_thread(function: Callable[..., T], *arguments: str) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, function, *arguments)
