"""What the pages of the bot have in common: their addresses, and why something was refused."""

from typing import Any

from app.web.refusals import refusal
from core.errors import WismoError
from core.people import Agent

HERE = "/console/bot"
RULES = HERE + "/rules"


def told(error: WismoError, agent: Agent) -> dict[str, Any]:
    told = refusal(error, agent.language)
    return told | {"text": f"{told['text']} {reason(error)}".strip()}


def reason(error: WismoError) -> str:
    return str(error.data.get("reason", ""))
