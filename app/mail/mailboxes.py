"""The mailboxes that a shop's mail is fetched from: adding, changing, pausing, removing them. All of it is audited."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError

from app.gateways.outside import is_host
from app.mail.answering import answer_from, stop_answering
from app.mail.leaving.composing import is_address
from app.mail.mailbox_models import LEAVE, MARK_SEEN, OAUTH, PASSWORD, PLAIN, STARTTLS, TLS, Mailbox
from app.mail.reading.authentication import is_name, names_in
from core import audit
from core.clock import now
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.people import Actor
from core.sealing import seal, unseal
from core.shops import Shop
from core.transactions import transaction

CREDENTIALS = {PASSWORD: ("password",), OAUTH: ("client_id", "client_secret", "refresh_token", "token_url")}
OPTIONAL_CREDENTIALS = frozenset({"client_secret"})  # public clients have none
GO_BACK = timedelta(days=7)  # when a folder's numbers no longer mean what they meant, or the server is another
_MOST_CHECKERS = 10
_LONGEST_SECRET = 8_000  # characters; refresh tokens of Microsoft have about 1,500
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where mail is fetched: all of a mailbox that is no secret. `address` is what customers write to; with a
    `smtp_host`, answers leave from it through that server, as the same account."""

    address: str
    host: str
    user: str
    port: int = 993
    security: str = TLS
    auth: str = PASSWORD
    folder: str = "INBOX"
    after: str = LEAVE
    checkers: str = ""  # names of servers whose word about senders counts, by commas; empty: the provider's
    smtp_host: str = ""
    smtp_port: int = 465
    smtp_security: str = TLS


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where reading begins: behind the mails that a folder has now, as a test of it has just seen."""

    uidvalidity: int
    last_uid: int


async def add_mailbox(
    shop: Shop,
    place: Place,
    credentials: Mapping[str, str],
    actor: Actor,
    *,
    secret: bytes,
    begin: Cursor | None = None,
    begin_at: datetime | None = None,
) -> Mailbox:
    """Fetch mail from `place` from now on: from behind `begin`, or what came since `begin_at` (UTC). Answer from its
    address through the same account, if `place` has a server for that.

    Raises Invalid (see `checked`, `check_credentials`) or Conflict (mailbox_known, address_taken).
    """
    place = checked(place)
    check_credentials(place.auth, credentials)
    public_id, moment = new_id("mbx"), now()
    try:
        async with transaction():
            mailbox = await Mailbox.create(
                public_id=public_id,
                shop=shop,
                credentials=seal(secret, public_id, credentials),
                begin_at=begin_at or moment,
                uidvalidity=begin.uidvalidity if begin else None,
                last_uid=begin.last_uid if begin else 0,
                created_at=moment,
                **asdict(place),
            )
            await audit.note(actor, "mailbox.added", public_id, **_told(place))
            if place.smtp_host:
                await answer_from(mailbox, actor)
    except IntegrityError:
        raise Conflict("this folder is fetched already", code="mailbox_known") from None
    return mailbox


async def change_mailbox(
    mailbox: Mailbox, place: Place, credentials: Mapping[str, str] | None, actor: Actor, *, secret: bytes
) -> None:
    """Give the mailbox a new place and, unless None, new credentials; it is tried at once.

    Another account or folder begins with what comes now; the same one at another server is looked through for the
    last days, and what is known already is not taken twice. With a first server for sending, or another address,
    answers leave from there; without a server, no more. Raises as `add_mailbox` does.
    """
    place = checked(place)
    if credentials is not None:
        check_credentials(place.auth, credentials)
    elif place.auth != mailbox.auth:
        raise Invalid("another way to sign in needs other credentials", code="bad_credentials")
    async with transaction():
        locked = await Mailbox.filter(id=mailbox.id).select_for_update().get()
        changes: dict[str, Any] = asdict(place) | _begun(locked, place) | _fresh()
        if credentials is not None:
            changes["credentials"] = seal(secret, locked.public_id, credentials)
        changes["revision"] = locked.revision + 1
        same = Mailbox.filter(host=place.host, user=place.user, folder=place.folder).exclude(id=locked.id)
        if await same.exists():
            raise Conflict("this folder is fetched already", code="mailbox_known")
        await Mailbox.filter(id=locked.id).update(**changes)
        renewed = credentials is not None
        await audit.note(actor, "mailbox.changed", locked.public_id, credentials=renewed, **_told(place))
        await mailbox.refresh_from_db()
        if place.smtp_host and (place.address != locked.address or not locked.smtp_host):
            await answer_from(mailbox, actor)
        elif locked.smtp_host and not place.smtp_host:
            await stop_answering(mailbox, actor)


async def pause_mailbox(mailbox: Mailbox, actor: Actor) -> None:
    """Fetch nothing more until `resume_mailbox`; the cursor stays. Audited."""
    await _switch(mailbox, actor, "mailbox.paused", enabled=False)


async def resume_mailbox(mailbox: Mailbox, actor: Actor) -> None:
    """Fetch again, at once, from where reading stopped. Audited."""
    await _switch(mailbox, actor, "mailbox.resumed", enabled=True)


async def remove_mailbox(mailbox: Mailbox, actor: Actor) -> None:
    """Forget the mailbox with its credentials. The mail that was fetched stays; answers that left through the account
    leave through the desk's server. Audited."""
    async with transaction():
        await stop_answering(mailbox, actor)
        await audit.note(actor, "mailbox.removed", mailbox.public_id, address=mailbox.address, host=mailbox.host)
        await mailbox.delete()


async def keep_credentials(mailbox: Mailbox, credentials: Mapping[str, str], *, secret: bytes) -> None:
    """Note what a server gave in exchange (OAuth 2 servers may renew a refresh token, RFC 6749 section 6)."""
    sealed = seal(secret, mailbox.public_id, credentials)
    if await Mailbox.filter(id=mailbox.id, revision=mailbox.revision).update(credentials=sealed):
        mailbox.credentials = sealed


def credentials_of(mailbox: Mailbox, secret: bytes) -> dict[str, str]:
    """The credentials in the clear, for the gateway alone. Raises Invalid (cannot_unseal)."""
    return unseal(secret, mailbox.public_id, mailbox.credentials)


def place_of(mailbox: Mailbox) -> Place:
    """All of a mailbox that is no secret and may be changed."""
    known = {name: getattr(mailbox, name) for name in Place.__dataclass_fields__}
    return Place(**known | {"checkers": mailbox.checkers or ""})


def checked(place: Place) -> Place:
    """The place with its names in their usual form. Raises Invalid (bad_mailbox_address, bad_host, bad_port,
    bad_security, bad_auth, bad_mailbox_user, bad_folder, bad_after, bad_checkers, bad_smtp_host, bad_smtp_port,
    bad_smtp_security)."""
    tidy = Place(
        address=place.address.strip().lower(),
        host=place.host.strip().lower().rstrip("."),
        user=place.user.strip(),
        port=place.port,
        security=place.security,
        auth=place.auth,
        folder=_folder(place.folder),
        after=place.after,
        checkers=", ".join(names_in(place.checkers)),
        **_sending(place),
    )
    right = {
        "bad_mailbox_address": is_address(tidy.address) and len(tidy.address) <= 254,
        "bad_host": is_host(tidy.host),
        "bad_port": 0 < tidy.port <= 65535,
        "bad_security": tidy.security in (TLS, STARTTLS, PLAIN),
        "bad_auth": tidy.auth in (PASSWORD, OAUTH),
        "bad_mailbox_user": 0 < len(tidy.user) <= 320 and not _CONTROL.search(tidy.user),
        "bad_folder": 0 < len(tidy.folder) <= 500 and not _CONTROL.search(tidy.folder),
        "bad_after": tidy.after in (LEAVE, MARK_SEEN),
        "bad_checkers": _are_names(tidy.checkers),
        "bad_smtp_host": not tidy.smtp_host or is_host(tidy.smtp_host),
        "bad_smtp_port": 0 < tidy.smtp_port <= 65535,
        "bad_smtp_security": tidy.smtp_security in (TLS, STARTTLS, PLAIN),
    }
    for code, holds in right.items():
        if not holds:
            raise Invalid(f"the mailbox's {code.removeprefix('bad_')} cannot be used", code=code)
    return tidy


def check_credentials(auth: str, given: Mapping[str, str]) -> None:
    """Raise Invalid (bad_credentials), which never says what was given, unless `given` is what `auth` needs."""
    names = CREDENTIALS.get(auth, ())
    filled = all(given.get(name) or name in OPTIONAL_CREDENTIALS for name in names)
    fit = all(len(value) <= _LONGEST_SECRET and not _CONTROL.search(value) for value in given.values())
    if not filled or not fit or not set(given) <= set(names):
        raise Invalid(f"the credentials are {', '.join(names)}", code="bad_credentials")


def _sending(place: Place) -> dict[str, Any]:
    """Of the server for sending; without one there is nothing else to say."""
    host = place.smtp_host.strip().lower().rstrip(".")
    return {"smtp_host": host, "smtp_port": place.smtp_port, "smtp_security": place.smtp_security} if host else {}


def _begun(mailbox: Mailbox, place: Place) -> dict[str, Any]:
    """What of the cursor changes with the place."""
    if (place.user, place.folder) != (mailbox.user, mailbox.folder):
        begin_at = now()
    elif place.host != mailbox.host:
        begin_at = max(mailbox.begin_at, now() - GO_BACK)
    else:
        return {}
    empty: dict[str, Any] = {"uidvalidity": None, "last_uid": 0, "scan_since": None, "scan_below": None, "aside": []}
    return empty | {"begin_at": begin_at}


def _fresh() -> dict[str, Any]:
    """A new chance: what went wrong before says nothing any more."""
    errors = {"last_error": None, "last_error_detail": None, "failing_since": None, "not_before": None}
    return errors | {"failures": 0, "enabled": True}


async def _switch(mailbox: Mailbox, actor: Actor, action: str, *, enabled: bool) -> None:
    changes = _fresh() | {"enabled": enabled, "revision": mailbox.revision + 1}
    async with transaction():
        await Mailbox.filter(id=mailbox.id).update(**changes)
        await audit.note(actor, action, mailbox.public_id, address=mailbox.address)
    await mailbox.refresh_from_db()


def _folder(name: str) -> str:
    """`INBOX` is the one name whose case does not matter (RFC 9051 section 5.1)."""
    name = name.strip()
    return "INBOX" if name.upper() == "INBOX" else name


def _are_names(checkers: str) -> bool:
    names = names_in(checkers)
    return len(names) <= _MOST_CHECKERS and len(checkers) <= 500 and all(map(is_name, names))


def _told(place: Place) -> dict[str, Any]:
    return {name: value for name, value in asdict(place).items() if name != "user"}
