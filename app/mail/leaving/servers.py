"""Which server a mail leaves through: its identity's own one, its mailbox's account, or the desk's."""

import asyncio
from dataclasses import dataclass

from app.gateways.mail import MailDeferred, Mailer
from app.gateways.smtp import SmtpMailer
from app.gateways.smtp_server import SmtpServer, read_url
from app.mail.accounts import sending_server
from app.mail.identities import key_of
from app.mail.identity_models import MailIdentity
from app.mail.leaving.composing import wire_address
from app.mail.leaving.signing import can_sign, sign
from app.mail.models import OutgoingMail
from app.mail.outlets import server_of
from app.mail.tagging import envelope_sender
from app.settings import Settings
from core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Way:
    """How one mail leaves: through what, from whom by its envelope, and its bytes, signed if its identity has a key."""

    mailer: Mailer
    envelope_from: str
    content: bytes


class Servers:
    """The servers of this process. Those of identities are kept until their settings change."""

    def __init__(self, common: Mailer, settings: Settings) -> None:
        self.common, self._settings = common, settings
        self._own: dict[int, tuple[tuple[int, ...], SmtpMailer]] = {}

    async def ready(self, mail: OutgoingMail) -> Way:
        """The way for `mail`. Raises MailDeferred when its server's password cannot be read."""
        if mail.identity_id is None:
            return Way(self.common, _envelope_from(mail, self.common), mail.content)
        identity = await MailIdentity.get(id=mail.identity_id).select_related("mailbox")
        content = await signed(identity, mail.content, self._settings.secret)
        mailer = await self._server(identity)
        return Way(mailer, _envelope_from(mail, mailer), content)

    async def close(self) -> None:
        """Let go of the connections to identities' own servers."""
        for _, mailer in self._own.values():
            await mailer.close()
        self._own.clear()

    async def _server(self, identity: MailIdentity) -> Mailer:
        box = identity.mailbox
        now = (identity.revision, box.id if box else 0, box.revision if box else 0)
        known, mailer = self._own.get(identity.id, ((), None))
        if mailer is None or known != now:
            if mailer is not None:
                await self._own.pop(identity.id)[1].close()
            try:
                server = own_server(identity, self._settings)
            except Invalid as error:
                raise MailDeferred(f"{error.code}: the password of the mail server cannot be read") from None
            if server is None:
                return self.common
            mailer = SmtpMailer(server)
            self._own[identity.id] = now, mailer
        return mailer


def own_server(identity: MailIdentity, settings: Settings) -> SmtpServer | None:
    """The server of an identity that has its mailbox at hand; None: the desk's. Raises Invalid (cannot_unseal)."""
    if identity.mailbox and identity.mailbox.smtp_host:
        return sending_server(identity.mailbox, settings.secret, private=settings.private_hosts)
    return server_of(identity, settings.secret, private=settings.private_hosts)


def desk_server(settings: Settings) -> SmtpServer | None:
    """The server of the whole desk, which the operator has named; None: there is none."""
    url = settings.smtp_url.get_secret_value()
    return read_url(url) if url else None


async def signed(identity: MailIdentity, content: bytes, secret: bytes) -> bytes:
    """`content` with the identity's signature (DKIM), if it has a key."""
    if not identity.selector or not can_sign():
        return content
    domain, pem = wire_address(identity.address).rpartition("@")[2], key_of(identity, secret)
    return await asyncio.to_thread(sign, content, domain=domain, selector=identity.selector, pem=pem)


def _envelope_from(mail: OutgoingMail, mailer: Mailer) -> str:
    return envelope_sender(mailer.server, mail.sender) if isinstance(mailer, SmtpMailer) else wire_address(mail.sender)
