"""Who works at the desk: hiring, passwords, leaving."""

from collections.abc import Iterable

from tortoise.exceptions import IntegrityError

from app.auth.models import Session
from app.auth.passwords import hash_password
from app.auth.sessions import end_other_sessions
from conversations.holding import HOLD_CHOICES
from core import audit
from core.clock import now
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.people import AGENT, ROLES, SYSTEM, Actor, Agent, ShopMember
from core.shops import Shop
from core.text import clean
from core.transactions import transaction


async def create_agent(
    email: str,
    name: str,
    password: str,
    *,
    role: str = AGENT,
    language: str = "en",
    shops: Iterable[Shop] = (),
    actor: Actor = SYSTEM,
) -> Agent:
    """Add somebody to the desk.

    Raises Invalid (bad_email, bad_name, bad_role, weak_password) or Conflict (email_taken).
    """
    email, name = normal_email(email), clean(name, limit=200)
    if not name:
        raise Invalid("an agent needs a name", code="bad_name")
    if role not in ROLES:
        raise Invalid(f"a role is one of {', '.join(ROLES)}", code="bad_role")
    password_hash = await hash_password(password)
    try:
        async with transaction():
            agent = await Agent.create(
                public_id=new_id("agt"),
                email=email,
                name=name,
                password_hash=password_hash,
                role=role,
                language=language,
                created_at=now(),
            )
            for shop in shops:
                await ShopMember.create(agent=agent, shop=shop)
            await audit.note(actor, "agent.created", agent.public_id, role=role)
    except IntegrityError:
        raise Conflict("this e-mail already belongs to an agent", code="email_taken") from None
    return agent


async def set_password(agent: Agent, password: str, *, keep: Session | None = None, actor: Actor = SYSTEM) -> None:
    """Give `agent` a new password; every session except `keep` ends. Raises Invalid (weak_password)."""
    password_hash = await hash_password(password)
    async with transaction():
        await Agent.filter(id=agent.id).update(password_hash=password_hash)
        await end_other_sessions(agent, keep)
        await audit.note(actor, "agent.password_set", agent.public_id)
    agent.password_hash = password_hash


async def set_habits(agent: Agent, *, undo_seconds: int, single_keys: bool) -> None:
    """How `agent` likes to write: how long a reply can be undone, and whether single keys are shortcuts.

    Raises Invalid (bad_choice).
    """
    if undo_seconds not in HOLD_CHOICES:
        raise Invalid("0, 5, 10 or 20 seconds", code="bad_choice")
    await Agent.filter(id=agent.id).update(undo_seconds=undo_seconds, single_keys=single_keys)
    agent.undo_seconds, agent.single_keys = undo_seconds, single_keys


async def disable_agent(agent: Agent, *, actor: Actor = SYSTEM) -> None:
    """Close the desk to `agent` at once: no login, no session."""
    await _set_active(agent, active=False, actor=actor)


async def enable_agent(agent: Agent, *, actor: Actor = SYSTEM) -> None:
    """Let `agent` log in again."""
    await _set_active(agent, active=True, actor=actor)


def normal_email(email: str) -> str:
    """The form in which e-mail addresses are stored and looked up. Raises Invalid (bad_email)."""
    email = email.strip().lower()
    name, at, domain = email.rpartition("@")
    if not (name and at and domain) or len(email) > 254 or any(c.isspace() or not c.isprintable() for c in email):
        raise Invalid("not an e-mail address", code="bad_email")
    return email


async def _set_active(agent: Agent, *, active: bool, actor: Actor) -> None:
    async with transaction():
        await Agent.filter(id=agent.id).update(active=active)
        if not active:
            await end_other_sessions(agent)
        await audit.note(actor, "agent.enabled" if active else "agent.disabled", agent.public_id)
    agent.active = active
