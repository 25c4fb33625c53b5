"""Visitor tokens: what a shop's page keeps so that a reload finds the same conversation.

A token is signed by this installation and bound to its shop, so nobody can choose one for somebody else. It has no row
until its first message: looking at the chat leaves nothing behind.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

from tortoise.exceptions import IntegrityError

from app.auth.models import VisitorToken
from core.clock import now
from core.ids import new_id, new_token
from core.people import Customer
from core.shops import Shop
from core.transactions import transaction

IDLE = timedelta(days=180)
_TOUCH_EVERY = timedelta(hours=1)
_PREFIX = "wv1"


def issue(secret: bytes, site: str) -> str:
    """A new token for a visitor of the shop `site`."""
    random = new_token()
    return f"{_PREFIX}.{random}.{_mac(secret, site, random)}"


def is_genuine(secret: bytes, site: str, token: str) -> bool:
    """Whether this installation made `token` for a visitor of `site`."""
    prefix, _, rest = token.partition(".")
    random, _, mac = rest.partition(".")
    return prefix == _PREFIX and hmac.compare_digest(mac.encode(), _mac(secret, site, random).encode())


async def is_dead(token: str) -> bool:
    """Whether `token` was ended, or not used for 180 days."""
    row = await VisitorToken.get_or_none(token_hash=digest(token))
    return row is not None and row.expires_at <= now()


async def find(token: str, shop: Shop) -> Customer | None:
    """Whom `token` stands for, if they have said anything yet. Using it keeps it alive."""
    row = await VisitorToken.filter(token_hash=digest(token)).select_related("customer").first()
    if row is None or row.expires_at <= now() or row.customer.shop_id != shop.id:
        return None
    if now() - row.used_at >= _TOUCH_EVERY:
        await VisitorToken.filter(id=row.id).update(used_at=now(), expires_at=_expiry())
    return row.customer


async def admit(token: str, shop: Shop, *, language: str) -> Customer:
    """Whom `token` stands for; a new guest at first. Two tabs that speak at once become the same guest."""
    known = await find(token, shop)
    if known is not None:
        return known
    try:
        async with transaction():
            guest = await Customer.create(public_id=new_id("cus"), shop_id=shop.id, language=language, created_at=now())
            moment = now()
            await VisitorToken.create(
                token_hash=digest(token), customer=guest, created_at=moment, used_at=moment, expires_at=_expiry()
            )
            return guest
    except IntegrityError:
        row = await VisitorToken.get(token_hash=digest(token)).select_related("customer")
        return row.customer


async def replace(token: str, fresh: str, customer: Customer) -> None:
    """From now on `fresh` stands for `customer`, and `token` for nobody: whoever knew it before proved nothing."""
    async with transaction():
        await end(token)
        moment = now()
        await VisitorToken.create(
            token_hash=digest(fresh), customer=customer, created_at=moment, used_at=moment, expires_at=_expiry()
        )


async def end(token: str) -> None:
    """The visitor is done: the token is worth nothing from now on."""
    await VisitorToken.filter(token_hash=digest(token)).update(expires_at=now())


async def forget_dead_tokens(older_than: timedelta) -> int:
    """Delete the rows of tokens that have been dead for so long. Returns how many."""
    return await VisitorToken.filter(expires_at__lte=now() - older_than).delete()


def digest(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _mac(secret: bytes, site: str, random: str) -> str:
    return hmac.new(secret, f"visitor:{site}:{random}".encode(), hashlib.sha256).hexdigest()[:32]


def _expiry() -> datetime:
    return now() + IDLE
