"""Sessions of agents: a random token in a cookie, its hash in a row that can be listed and revoked."""

import hashlib
from datetime import timedelta

from starlette.requests import HTTPConnection
from starlette.responses import Response
from tortoise.expressions import Q

from app.auth.models import Session
from core.bundles import Bundle
from core.clock import now, since
from core.ids import new_token
from core.people import SHOPS_OF, Agent
from tickets.staffing import show_presence

IDLE, LONGEST = timedelta(hours=12), timedelta(days=14)
_TOUCH_EVERY = timedelta(minutes=1)
_KEPT = timedelta(days=7)  # rows of what is over: one night with a wrong clock must not be the last word
_LONGEST_TOKEN = 100


async def agent_of(connection: HTTPConnection) -> Agent | None:
    """The agent who is asking, or None: no session, a dead one, or an agent who was disabled.

    Sets `connection.state.agent`, `.shop_ids` (those that the agent may see), `.session`, `.form_token` and `.language`
    for the doors and templates that follow.
    """
    session = await session_of(connection)
    return session.agent if session is not None else None


async def session_of(connection: HTTPConnection) -> Session | None:
    """The live session of a request or socket; looked up once for each."""
    if not hasattr(connection.state, "session"):
        session = await _find(connection)
        connection.state.session = session
        if session is not None:
            connection.state.agent = session.agent
            connection.state.form_token = session.form_token
            connection.state.language = session.agent.language
    found: Session | None = connection.state.session
    return found


async def is_alive(session: Session) -> bool:
    """Whether `session` still stands. Sockets ask this every few seconds, so that a revoked session loses them too."""
    found = await Session.filter(id=session.id).select_related("agent").first()
    return found is not None and _stands(found)


async def start_session(agent: Agent, *, ip: str = "", user_agent: str = "") -> str:
    """Open a session for `agent` and return its token, which is stored nowhere."""
    token, moment = new_token(), now()
    await Session.create(
        token_hash=_hash(token),
        form_token=new_token(),
        agent=agent,
        created_at=moment,
        used_at=moment,
        expires_at=moment + LONGEST,
        ip=ip[:64],
        user_agent=user_agent[:300],
    )
    return token


async def end_session(session: Session) -> None:
    """Log out: the token is worth nothing from now on."""
    await Session.filter(id=session.id).delete()


async def end_other_sessions(agent: Agent, keep: Session | None = None) -> int:
    """End every session of `agent` except `keep`. Returns how many ended."""
    sessions = Session.filter(agent_id=agent.id)
    return await (sessions.exclude(id=keep.id) if keep is not None else sessions).delete()


async def forget_dead_sessions() -> int:
    """Delete the rows of sessions that have been over for a week. Returns how many."""
    moment = now() - _KEPT
    return await Session.filter(Q(expires_at__lte=moment) | Q(used_at__lte=moment - IDLE)).delete()


def set_cookie(connection: HTTPConnection, response: Response, token: str) -> None:
    """Give the browser the session's token."""
    response.set_cookie(
        cookie_name(connection),
        token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=_is_secure(connection),
        httponly=True,
        samesite="lax",
    )


def clear_cookie(connection: HTTPConnection, response: Response) -> None:
    """Make the browser forget the session."""
    secure = _is_secure(connection)
    response.delete_cookie(cookie_name(connection), path="/", secure=secure, httponly=True, samesite="lax")


def cookie_name(connection: HTTPConnection) -> str:
    """`__Host-` binds the cookie to this very host, but browsers take it over TLS only."""
    return "__Host-wismo" if _is_secure(connection) else "wismo_session"


def client_address(connection: HTTPConnection) -> str:
    """The client's network address, as the server (and its trusted proxies) say."""
    return connection.client.host if connection.client is not None else ""


async def _find(connection: HTTPConnection) -> Session | None:
    token = connection.cookies.get(cookie_name(connection), "")
    if not token or len(token) > _LONGEST_TOKEN:
        return None
    session, shop_ids = await _with_agent_and_shops(_hash(token))
    if session is None or not _stands(session):
        return None
    connection.state.shop_ids = shop_ids
    moment = now()
    if abs(moment - session.used_at) >= _TOUCH_EVERY:  # in the future: while the clock was wrong
        await Session.filter(id=session.id).update(used_at=moment)
        await show_presence(session.agent_id)
    return session


async def _with_agent_and_shops(token_hash: str) -> tuple[Session | None, list[int]]:
    bundle, whose = Bundle(), "(SELECT s.agent_id FROM session AS s WHERE s.token_hash = {token})"
    sessions = bundle.rows(Session, "WHERE t.token_hash = {token}", token=token_hash)
    agents = bundle.rows(Agent, f"WHERE t.id = {whose}", token=token_hash)
    shops = bundle.table("id", SHOPS_OF.format(agent=whose), token=token_hash)
    await bundle.read()
    for session, agent in zip(sessions, agents, strict=True):
        session.agent = agent
    return next(iter(sessions), None), [row["id"] for row in shops]


def _stands(session: Session) -> bool:
    return session.agent.active and now() < session.expires_at and since(session.used_at) < IDLE


def _is_secure(connection: HTTPConnection) -> bool:
    return bool(connection.app.state.settings.secure)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
