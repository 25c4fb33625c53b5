"""Identity tokens: a shop's page says who its customer is, in a JWT signed with the shop's own key (RFC 7519). Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from core.clock import now
from core.errors import Unauthenticated
from core.shops import Shop
from core.text import clean
from orders.contacts import normal_email, normal_phone

SECRETS = "identity"  # the kind of the shop's keys
ALGORITHM = "HS256"  # pinned: a token does not choose how it is checked (RFC 8725, 3.1)
LONGEST_LIFE = timedelta(minutes=10)
SKEW = timedelta(seconds=60)  # how far the shop's clock may be off
LONGEST = 4096  # characters of a token
MOST_ORDERS = 20
_NAME_LIMIT, _ID_LIMIT, _NUMBER_LIMIT = 200, 200, 120
_LATEST = 253402300799.0  # seconds since 1970 at the end of the year 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom the shop vouches for. Only contacts that it calls verified are here."""

    subject: str  # the customer's id in the shop
    contacts: tuple[str, ...]  # e-mail in lower case, phone in E.164
    name: str
    orders: tuple[str, ...]  # numbers the page is about; they open nothing that the contacts do not
    nonce: str  # `jti`: each token identifies once
    expires_at: datetime


def read_identity(token: str, shop: Shop) -> Identity:
    """What `token` says, if `shop` signed it for this chat and it is fresh. Raises Unauthenticated (bad_identity).

    Required claims: `sub`, `aud` (the shop's key), `iat`, `exp` (ten minutes later at most) and `jti`. The contacts are
    those of OpenID Connect Core 5.1: `email` with `email_verified`, `phone_number` with `phone_number_verified`.
    """
    claims = _signed_claims(token, shop)
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    if issued > now() + SKEW:
        raise _bad("`iat` lies in the future")
    if expires <= now() - SKEW:
        raise _bad("the token has expired")
    if not timedelta() < expires - issued <= LONGEST_LIFE:
        raise _bad("`exp` is at most 600 seconds after `iat`")
    orders = claims.get("orders") or []
    if not isinstance(orders, list):
        raise _bad("`orders` is a list of order numbers")
    return Identity(
        subject=_text(claims, "sub"),
        contacts=_contacts(claims, shop),
        name=clean(str(claims.get("name") or ""), limit=_NAME_LIMIT),
        orders=tuple(clean(str(number), limit=_NUMBER_LIMIT) for number in orders[:MOST_ORDERS]),
        nonce=_text(claims, "jti"),
        expires_at=expires,
    )


def _signed_claims(token: str, shop: Shop) -> Mapping[str, Any]:
    """The claims, if one of the shop's keys signed them. Times are checked by our own clock."""
    keys = shop.secrets.get(SECRETS) or []
    if not keys:
        raise _bad("this shop has no identity key: make one with `wismo shops secret KEY identity`")
    if len(token) > LONGEST:
        raise _bad(f"a token has at most {LONGEST} characters")
    times = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    options: Any = {"require": ["sub", "aud", "iat", "exp", "jti"], "strict_aud": True, **times}
    reason = ""
    for key in keys:
        try:
            return jwt.decode(token, key, algorithms=[ALGORITHM], audience=shop.key, options=options)
        except jwt.InvalidSignatureError:
            reason = "the signature fits none of the shop's identity keys"
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise _bad(clean(str(error), limit=200)) from None
    raise _bad(reason)


def _contacts(claims: Mapping[str, Any], shop: Shop) -> tuple[str, ...]:
    email = normal_email(str(claims.get("email") or "")) if claims.get("email_verified") is True else None
    verified = claims.get("phone_number_verified") is True
    phone = normal_phone(str(claims.get("phone_number") or ""), shop.country) if verified else None
    return tuple(contact for contact in (email, phone) if contact)


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _bad(f"`{name}` is a number of seconds since 1970")
    if not 0 <= value <= _LATEST:
        raise _bad(f"`{name}` is a number of seconds since 1970")
    return datetime.fromtimestamp(value, UTC)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims[name]
    words = clean(value, limit=_ID_LIMIT + 1) if isinstance(value, str) else ""
    if not words or len(words) > _ID_LIMIT:
        raise _bad(f"`{name}` is a text of 1 to {_ID_LIMIT} characters")
    return words


def _bad(detail: str) -> Unauthenticated:
    return Unauthenticated(detail, code="bad_identity")
