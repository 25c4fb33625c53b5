"""The part of a sender's page that says through which server its mail leaves: read from the form, and shown."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.gateways.smtp_server import PLAIN, TLS, USUAL_PORTS, SmtpServer
from app.mail.accounts import sending_server
from app.mail.identity_models import MailIdentity
from app.mail.leaving.servers import desk_server
from app.mail.mailbox_models import Mailbox
from app.mail.outlets import check_server, server_of
from app.settings import Settings
from app.web.mailbox_form import port_in
from core.errors import Invalid

DESK, ACCOUNT, OWN = "desk", "account", "own"  # ways


async def accounts_of(shop_id: int) -> list[Mailbox]:
    """The mailboxes of a shop that can send."""
    return await Mailbox.filter(shop_id=shop_id).exclude(smtp_host="").order_by("address", "id")


def chosen_server(
    form: Mapping[str, str], identity: MailIdentity, accounts: Sequence[Mailbox], settings: Settings
) -> tuple[SmtpServer | None, Mailbox | None]:
    """The server that the form means, and the mailbox whose account signs in there; no server: the desk has none.

    An empty password stands for the one there is, at the same server alone. Raises Invalid (password_again,
    mailbox_cannot_send, cannot_unseal, and as `check_server`).
    """
    way = form.get("way")
    if way == ACCOUNT:
        mailbox = next((box for box in accounts if box.public_id == form.get("account")), None)
        if mailbox is None:
            raise Invalid("no such mailbox", code="mailbox_cannot_send")
        return sending_server(mailbox, settings.secret, private=settings.private_hosts), mailbox
    if way != OWN:
        return desk_server(settings), None
    typed = typed_server(form, private=settings.private_hosts)
    if typed.user and not typed.password:
        typed = replace(typed, password=_kept_password(typed, identity, settings))
    return typed, None


def typed_server(form: Mapping[str, str], *, private: bool) -> SmtpServer:
    """The server in the fields. Raises Invalid as `check_server` does."""
    security = form.get("smtp_security", TLS)
    server = SmtpServer(
        host=form.get("smtp_host", "").strip().lower().rstrip("."),
        port=port_in(form.get("smtp_port", ""), USUAL_PORTS.get(security, 0)),
        security=security,
        user=form.get("smtp_user", "").strip(),
        password=form.get("smtp_password", "").strip(),
        private=private,
    )
    check_server(server)
    return server


def shown_server(identity: MailIdentity, accounts: Sequence[Mailbox], settings: Settings) -> dict[str, Any]:
    """The fields for what there is, never its password."""
    try:
        own = server_of(identity, settings.secret, private=settings.private_hosts)
    except Invalid:  # sealed by another installation: it has to be typed again
        own = None
    account = identity.mailbox if identity.mailbox in accounts else None
    mine = next((box.public_id for box in accounts if box.address == identity.address), "")
    return {
        "way": ACCOUNT if account else OWN if identity.server else DESK,
        "account": account.public_id if account else mine,
        "smtp_host": own.host if own else "",
        "smtp_port": str(own.port) if own else "",
        "smtp_security": own.security if own else TLS,
        "smtp_user": own.user if own else "",
    }


def _kept_password(typed: SmtpServer, identity: MailIdentity, settings: Settings) -> str:
    """Of the same user at the same server, which is no less protected than before."""
    kept = server_of(identity, settings.secret, private=settings.private_hosts)
    if kept is None or (kept.host, kept.user) != (typed.host, typed.user):
        raise Invalid("another server gets no password that it was not given", code="password_again")
    if typed.security == PLAIN and kept.security != PLAIN:
        raise Invalid("a password is not sent in plain by itself", code="password_again")
    return kept.password
