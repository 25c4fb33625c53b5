"""Which server a mail leaves through: its identity's own one, or the desk's."""

import asyncio

from app.gateways.mail import Mailer
from app.gateways.smtp import SmtpMailer
from app.mail.identities import key_of, server_of
from app.mail.identity_models import MailIdentity
from app.mail.leaving.composing import wire_address
from app.mail.leaving.signing import can_sign, sign
from app.mail.models import OutgoingMail
from app.settings import Settings


class Servers:
    """The servers of this process. Those of identities are kept until their settings change."""

    def __init__(self, common: Mailer, settings: Settings) -> None:
        self.common, self._settings = common, settings
        self._own: dict[int, tuple[int, SmtpMailer]] = {}

    async def ready(self, mail: OutgoingMail) -> tuple[Mailer, bytes]:
        """The server for `mail`, and its bytes as they leave: signed where its identity has a key."""
        if mail.identity_id is None:
            return self.common, mail.content
        identity = await MailIdentity.get(id=mail.identity_id)
        content = mail.content
        if identity.selector and can_sign():
            domain = wire_address(identity.address).rpartition("@")[2]
            pem = key_of(identity, self._settings.secret)
            content = await asyncio.to_thread(sign, content, domain=domain, selector=identity.selector, pem=pem)
        return await self._server(identity), content

    async def close(self) -> None:
        """Let go of the connections to identities' own servers."""
        for _, mailer in self._own.values():
            await mailer.close()
        self._own.clear()

    async def _server(self, identity: MailIdentity) -> Mailer:
        if not identity.server:
            return self.common
        revision, mailer = self._own.get(identity.id, (0, None))
        if mailer is None or revision != identity.revision:
            if mailer is not None:
                await mailer.close()
            url = server_of(identity, self._settings.secret)
            mailer = SmtpMailer(url, private=self._settings.private_hosts)
            self._own[identity.id] = identity.revision, mailer
        return mailer
