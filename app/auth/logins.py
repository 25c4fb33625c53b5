"""Logging in: the same work and the same answer for a wrong password, an unknown name and a disabled agent."""

import hashlib

import structlog

from app.auth.passwords import hash_password, is_outdated, password_fits
from app.limits import Limiter
from core import audit
from core.errors import Unauthenticated
from core.people import Actor, Agent

log = structlog.get_logger(__name__)

BY_ACCOUNT, BY_ADDRESS = "login.account", "login.address"


async def log_in(limiter: Limiter, email: str, password: str, *, address: str) -> Agent:
    """The agent with this e-mail and password. Raises Unauthenticated (bad_login) or TooMany."""
    email = email.strip().lower()[:254]
    account = hashlib.sha256(email.encode()).hexdigest()
    # Counted before the password is looked at, so that parallel guesses count too.
    await limiter.hit(BY_ADDRESS, address)
    await limiter.hit(BY_ACCOUNT, account)
    agent = await Agent.filter(email=email, active=True).first()
    if not await password_fits(agent.password_hash if agent else None, password) or agent is None:
        log.info("login_failed", address=address, account=account[:12])
        raise Unauthenticated("wrong e-mail or password", code="bad_login")
    await limiter.forget(BY_ACCOUNT, account)
    if is_outdated(agent.password_hash):
        fresh = await hash_password(password)
        await Agent.filter(id=agent.id, password_hash=agent.password_hash).update(password_hash=fresh)
    await audit.note(Actor.of(agent), "agent.logged_in", agent.public_id)
    return agent
