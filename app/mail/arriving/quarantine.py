"""What administrators do with mails as they came: download them, and have them read again."""

from collections.abc import Sequence

from app.mail.models import DUPLICATE, IncomingMail
from core import audit
from core.errors import Conflict, Forbidden, NotFound
from core.ids import as_id
from core.jobs import enqueue
from core.people import ADMIN, Actor, Agent, shop_ids_of
from core.transactions import transaction


async def raw_mail(agent: Agent, public_id: str) -> bytes:
    """The mail as it came, byte for byte; for administrators, audited. Raises NotFound, Forbidden (not_your_role)."""
    async with transaction():
        mail = await _found(agent, public_id, ("id", "public_id", "content"))
        _require_admin(agent)
        await audit.note(Actor.of(agent), "mail.downloaded", mail.public_id)
    return bytes(mail.content)


async def re_process(agent: Agent, public_id: str, *, person: bool = False) -> None:
    """Have a mail read again: what is new is posted once, whatever was said stays. For administrators, audited.

    `person`: what was set aside as a machine's is a person's. Raises NotFound, Forbidden (not_your_role) and Conflict
    (is_duplicate): the mail of which this is another copy can be read again.
    """
    async with transaction():
        mail = await _found(agent, public_id, ("id", "public_id", "state"))
        _require_admin(agent)
        if mail.state == DUPLICATE:
            raise Conflict("another copy was posted", code="is_duplicate")
        await IncomingMail.filter(id=mail.id).update(tries=0)
        await audit.note(Actor.of(agent), "mail.reread", mail.public_id, person=person)
        await enqueue("mail.reread", {"incoming_mail": mail.id, "person": person})


async def _found(agent: Agent, public_id: str, columns: Sequence[str]) -> IncomingMail:
    mine = IncomingMail.filter(public_id=as_id(public_id), shop_id__in=await shop_ids_of(agent))
    found = await mine.only(*columns).first()
    if found is None:
        raise NotFound("no such mail")
    return found


def _require_admin(agent: Agent) -> None:
    if agent.role != ADMIN:
        raise Forbidden("for administrators", code="not_your_role")
