"""One page for what runs the desk: every place that the agent's role may open, with a sentence on what it is for."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.rendering import render
from app.web.desk import shell, signed_in
from app.web.navigation import SETTINGS, sections
from core.people import Agent


@signed_in
async def settings_page(request: Request, agent: Agent) -> Response:
    """GET: the places, in groups."""
    frame = shell(request, agent)
    return render(request, "console/settings.html", {"shell": frame, "sections": sections(agent, frame["waits"])})


routes = [Route(SETTINGS, settings_page, methods=["GET"])]
