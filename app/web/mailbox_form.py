"""What the form of a mailbox holds: a place and credentials from its fields, and its fields from a mailbox. Pure."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from app.gateways import smtp_server
from app.mail.mailbox_models import LEAVE, PASSWORD, PLAIN, TLS, USUAL_PORTS, Mailbox
from app.mail.mailboxes import CREDENTIALS, Place, place_of
from app.mail.presets import Provider, provider_of
from core.errors import Invalid

_GROUPS = re.compile(r"[a-z]{4}(?: [a-z]{4}){3}")


def place_in(form: Mapping[str, str]) -> Place:
    """The place that was typed; not checked yet. Unless something else was typed, the user is the address, and the
    server for sending the provider's. Raises Invalid (bad_smtp_host) when answers shall leave nobody knows where."""
    security = form.get("security", TLS)
    return Place(
        address=form.get("address", ""),
        host=form.get("host", ""),
        user=form.get("user", "").strip() or form.get("address", ""),
        port=port_in(form.get("port", ""), USUAL_PORTS.get(security, 0)),
        security=security,
        auth=form.get("auth", PASSWORD),
        folder=form.get("folder", "").strip() or "INBOX",
        after=form.get("after", LEAVE),
        checkers=form.get("checkers", ""),
        **(_sending(form) if form.get("answer") == "1" else {}),
    )


def given_credentials(form: Mapping[str, str]) -> dict[str, str]:
    """The credentials that were typed, of the chosen way to sign in. Google shows app passwords in groups, with spaces
    that are no part of them."""
    names = CREDENTIALS.get(form.get("auth", PASSWORD), ())
    given = {name: form.get(name, "").strip() for name in names}
    if _GROUPS.fullmatch(given.get("password", "")):
        given["password"] = given["password"].replace(" ", "")
    return given


def shown_form(mailbox: Mailbox, desk: Collection[str]) -> dict[str, str]:
    """The fields for what there is; secrets are never shown again. `desk` are the names that every door trusted before
    mailboxes had their own. An account that only reads shows where its provider takes mail."""
    place, before = place_of(mailbox), mailbox.checkers is None and not provider_of("", mailbox.host).checkers
    shown = {name: str(getattr(place, name)) for name in Place.__dataclass_fields__}
    shown |= {"answer": "1"} if place.smtp_host else sending_fields(provider_of(place.address, place.host))
    return shown | {"checkers": ", ".join(sorted(desk))} if before else shown


def new_form(provider: Provider) -> dict[str, str]:
    """The fields for a new mailbox at a provider."""
    known = {"host": provider.host, "auth": provider.auth, "token_url": provider.token_url, "answer": "1"}
    return known | sending_fields(provider)


def sending_fields(provider: Provider) -> dict[str, str]:
    """Those of the provider's server for sending; nothing is known of others."""
    if not provider.smtp:
        return {"smtp_host": "", "smtp_port": "", "smtp_security": TLS}
    return {
        "smtp_host": provider.smtp,
        "smtp_port": str(provider.smtp_port),
        "smtp_security": provider.smtp_security,
    }


def keeps_to_its_servers(place: Place, mailbox: Mailbox) -> bool:
    """Whether a password that was typed for the mailbox may go to `place`: to the same servers, or to the one for
    sending that belongs to them, never less protected."""
    same = (place.host, place.auth) == (mailbox.host, mailbox.auth)
    if not same or (place.security == PLAIN and mailbox.security != PLAIN):
        return False
    if not place.smtp_host or (place.smtp_host, place.smtp_security) in (
        (mailbox.smtp_host, mailbox.smtp_security),
        (mailbox.host, mailbox.security),
    ):
        return True
    known = {mailbox.host, mailbox.smtp_host, provider_of("", mailbox.host).smtp}
    return place.smtp_host in known and place.smtp_security != PLAIN


def port_in(typed: str, usual: int) -> int:
    """The port that was typed. Nothing typed: the usual one. Anything else that is no number is none."""
    typed = typed.strip()
    if typed.isascii() and typed.isdigit() and len(typed) < 6:
        return int(typed)
    return 0 if typed else usual


def _sending(form: Mapping[str, str]) -> dict[str, Any]:
    provider = provider_of(form.get("address", ""), form.get("host", "").strip())
    fields = {name: form.get(name, "").strip() for name in ("smtp_host", "smtp_port", "smtp_security")}
    if not fields["smtp_host"]:
        fields = sending_fields(provider)
    if not fields["smtp_host"]:
        raise Invalid("name the server for sending", code="bad_smtp_host")
    usual = smtp_server.USUAL_PORTS.get(fields["smtp_security"], 0)
    return fields | {"smtp_port": port_in(fields["smtp_port"], usual)}
