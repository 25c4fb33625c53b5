"""What the form of a mailbox holds: a place and credentials from its fields, and its fields from a mailbox. Pure."""

import re
from collections.abc import Collection, Mapping

from app.mail.mailbox_models import LEAVE, PASSWORD, TLS, USUAL_PORTS, Mailbox
from app.mail.mailboxes import CREDENTIALS, Place, place_of
from app.mail.presets import provider_of

_GROUPS = re.compile(r"[a-z]{4}(?: [a-z]{4}){3}")


def place_in(form: Mapping[str, str]) -> Place:
    """The place that was typed; not checked yet. The user is the address unless something else was typed."""
    port = form.get("port", "").strip()
    security = form.get("security", TLS)
    return Place(
        address=form.get("address", ""),
        host=form.get("host", ""),
        user=form.get("user", "").strip() or form.get("address", ""),
        port=int(port) if port.isascii() and port.isdigit() and len(port) < 6 else _usual_port(port, security),
        security=security,
        auth=form.get("auth", PASSWORD),
        folder=form.get("folder", "").strip() or "INBOX",
        after=form.get("after", LEAVE),
        checkers=form.get("checkers", ""),
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
    mailboxes had their own."""
    place, before = place_of(mailbox), mailbox.checkers is None and not provider_of("", mailbox.host).checkers
    shown = {name: str(getattr(place, name)) for name in Place.__dataclass_fields__}
    return shown | {"checkers": ", ".join(sorted(desk))} if before else shown


def _usual_port(typed: str, security: str) -> int:
    """Nothing typed: the usual one. Anything else that is no number is none."""
    return 0 if typed else USUAL_PORTS.get(security, 0)
