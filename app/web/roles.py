"""Who may open what at the desk: supervisors look after their shops, administrators after all of it."""

from core.errors import Forbidden
from core.people import ADMIN, SUPERVISOR, Agent

OVERSEERS = frozenset({SUPERVISOR, ADMIN})


def require_overseer(agent: Agent) -> Agent:
    """The agent, if they are a supervisor or an administrator. Raises Forbidden (not_your_role)."""
    if agent.role not in OVERSEERS:
        raise Forbidden("for supervisors and administrators", code="not_your_role")
    return agent


def require_admin(agent: Agent) -> Agent:
    """The agent, if they are an administrator. Raises Forbidden (not_your_role)."""
    if agent.role != ADMIN:
        raise Forbidden("for administrators", code="not_your_role")
    return agent
