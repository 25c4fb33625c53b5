"""A letter to an agent that shows whether the mail of a sender arrives: sent at once, not through the outbox."""

from app.gateways.smtp_trial import attempt
from app.mail.identity_models import MailIdentity
from app.mail.leaving.composing import GENERATED, Envelope, Mailbox, compose, wire_address
from app.mail.leaving.letters import write_letter
from app.mail.leaving.servers import desk_server, own_server, signed
from app.mail.tagging import envelope_sender
from app.mail.threading import message_id
from app.settings import Settings
from core.clock import now
from core.errors import Invalid
from core.ids import new_id
from core.people import Agent


async def send_trial(identity: MailIdentity, agent: Agent, settings: Settings) -> str:
    """Send it to the agent's own address, as an answer would leave; the identity has its shop and mailbox at hand.

    Returns the server's last words. Raises SmtpTrouble, Invalid (no_smtp_server, cannot_unseal).
    """
    server = own_server(identity, settings) or desk_server(settings)
    if server is None:
        raise Invalid("the desk has no mail server", code="no_smtp_server")
    name = (identity.name_zh if agent.language == "zh" else identity.name_en) or identity.shop.name
    context = {"shop": name, "address": identity.address, "server": server.host, "signature": "", "stop_url": ""}
    envelope = Envelope(
        from_address=identity.address,
        from_name=name,
        to=(Mailbox(agent.name, agent.email),),
        message_id=message_id(settings.secret, identity.address, new_id("try")),
        date=now(),
        automatic=GENERATED,
    )
    content = compose(write_letter("trial", context, agent.language), envelope)
    content = await signed(identity, content, settings.secret)
    sender = envelope_sender(server, identity.address)
    return await attempt(server, sender, wire_address(agent.email), content)
