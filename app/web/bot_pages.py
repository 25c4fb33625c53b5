"""What the pages of the bot have in common: who may see them, and why something was refused."""

from typing import Any

from app.web.desk import OVERSEERS
from app.web.refusals import refusal
from core.errors import Forbidden, WismoError
from core.people import Agent

HERE = "/console/bot"
RULES = HERE + "/rules"


def require_overseer(agent: Agent) -> Agent:
    if agent.role not in OVERSEERS:
        raise Forbidden("for supervisors and administrators", code="not_your_role")
    return agent


def told(error: WismoError, agent: Agent) -> dict[str, Any]:
    told = refusal(error, agent.language)
    return told | {"text": f"{told['text']} {reason(error)}".strip()}


def reason(error: WismoError) -> str:
    return str(error.data.get("reason", ""))
