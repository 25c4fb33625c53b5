"""Through which server an identity's mail leaves: its own one, that of a mailbox's account, or the desk's."""

from collections.abc import Mapping
from typing import Any

from app.gateways.outside import is_host
from app.gateways.smtp_server import SCHEMES, SmtpServer, read_url
from app.mail.identity_models import MailIdentity
from app.mail.mailbox_models import Mailbox
from core import audit
from core.errors import Invalid
from core.people import Actor
from core.sealing import seal, unseal
from core.transactions import transaction

_LONGEST = 320  # characters of a user


async def set_server(identity: MailIdentity, server: SmtpServer | None, actor: Actor, *, secret: bytes) -> None:
    """Send this identity's mail through its own server; None: through the desk's. It is sealed, and its password is
    never shown again. Raises Invalid (bad_smtp_host, bad_smtp_port, bad_smtp_security, bad_smtp_user)."""
    if server is not None:
        check_server(server)
    changes: dict[str, Any] = {
        "server": seal(secret, identity.public_id, {"url": server.url}) if server else None,
        "server_name": server.name[:300] if server else "",
        "mailbox_id": None,
    }
    await _change(identity, changes, actor, own=server is not None)


async def use_account(identity: MailIdentity, mailbox: Mailbox, actor: Actor) -> None:
    """Send this identity's mail through the server of a mailbox of the same shop, as its account. Raises Invalid
    (mailbox_cannot_send)."""
    if mailbox.shop_id != identity.shop_id or not mailbox.smtp_host:
        raise Invalid("this mailbox has no server for sending", code="mailbox_cannot_send")
    changes = {"server": None, "server_name": "", "mailbox_id": mailbox.id}
    await _change(identity, changes, actor, mailbox=mailbox.public_id)


def server_of(identity: MailIdentity, secret: bytes, *, private: bool) -> SmtpServer | None:
    """Its own server, if it has one. Raises Invalid (cannot_unseal)."""
    if not identity.server:
        return None
    return read_url(unseal(secret, identity.public_id, identity.server)["url"], private=private)


def server_name(identity: MailIdentity) -> str:
    """Where its mail leaves (`smtp.example.com:465`); empty: through the desk's server. Its mailbox is at hand."""
    box = identity.mailbox
    if box is None or not box.smtp_host:
        return identity.server_name.rpartition("://")[2]
    return f"{box.smtp_host}:{box.smtp_port}"


def check_server(server: SmtpServer) -> None:
    """Raise Invalid (bad_smtp_host, bad_smtp_port, bad_smtp_security, bad_smtp_user) for what cannot be."""
    right = {
        "bad_smtp_host": is_host(server.host),
        "bad_smtp_port": 0 < server.port <= 65535,
        "bad_smtp_security": server.security in SCHEMES.values(),
        "bad_smtp_user": len(server.user) <= _LONGEST and server.user.isprintable() and server.password.isprintable(),
    }
    for code, holds in right.items():
        if not holds:
            raise Invalid(f"the server's {code.removeprefix('bad_smtp_')} cannot be used", code=code)


async def _change(identity: MailIdentity, changes: Mapping[str, Any], actor: Actor, **told: object) -> None:
    async with transaction():
        row = await MailIdentity.filter(id=identity.id).select_for_update().get()
        await MailIdentity.filter(id=row.id).update(**changes, revision=row.revision + 1)
        await audit.note(actor, "mail_identity.server_set", row.public_id, **told)
    await identity.refresh_from_db()
