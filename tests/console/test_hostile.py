"""Whatever somebody who is signed in sends to a door of the console, no door stumbles over it."""

import re
from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from app import web
from app.web.aftersale_steps import STEPS
from core.people import Actor
from orders.refunds.case import Reason
from tests.console.conftest import Browser, Talk
from tests.people import World
from tests.tickets.sold import sold
from tickets.aftersales.kinds import Kind
from tickets.aftersales.opening import Wanted, open_case
from tickets.aftersales.scope import Asked
from tickets.complaints.intake import receive

pytestmark = pytest.mark.anyio
_READS = re.compile(r'(?:_one\(form, |(?:form|fields|ticked|query_params)(?:\.get\(|\[))"([\w:-]+)')
FIELDS = sorted({name for file in Path(web.__path__[0]).glob("*.py") for name in _READS.findall(file.read_text())})
HOSTILE = ("a\0", "000000" + "9" * 30, "9999-12-31T23:59")
ENDS_THE_SESSION = ("/console/log", "/console/account/sessions")


def paths(app: Starlette, real: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each door with its method: about what there is, and about what has a NUL in one place of its address."""
    for route in app.routes:
        if not isinstance(route, Route) or route.path.startswith(ENDS_THE_SESSION):
            continue
        names = list(route.param_convertors)
        known = {name: real.get(name, "x") for name in names}
        steps = [known | {"step": step} for step in STEPS] if "step" in names else [known]
        for filled in (*steps, *(known | {name: "a\0"} for name in names)):
            path = route.path
            for name in names:
                path = re.sub(rf"{{{name}(:\w+)?}}", quote(filled[name], safe=""), path)
            yield from ((method, path) for method in (route.methods or set()) - {"HEAD"})


@pytest.mark.pg  # which is the stricter one
async def test_no_door_stumbles(
    desk: Starlette, world: World, talk: Talk, open_browser: Callable[..., Awaitable[Browser]]
) -> None:
    order = await sold(world.lumen)
    ticket, conversation = await talk.ticket(world.lumen, world.ines, "My lamp", kind="complaint", order_ids=[order.id])
    wanted = Wanted(kind=Kind.RETURN_REFUND, reason=Reason.DEFECTIVE, lines=[Asked(line="lamp", units=1)])
    case = await open_case(ticket.id, order.id, wanted, Actor.of(world.omar))
    await receive(ticket.id)
    browser = await open_browser(world.ada)
    real = {"number": str(ticket.number), "case": case.public_id, "key": "lumen", "public_id": conversation.public_id}
    turns = [dict(zip(FIELDS, cycle(HOSTILE[start:] + HOSTILE[:start]), strict=False)) for start in range(3)]
    fitting = {"order": order.public_id, "kind": "return_refund", "reason": "defective", "units-lamp": "1"}
    for number, (method, path) in enumerate(paths(desk, real)):
        hostile = turns[number % 3]
        if method == "GET":
            answer = await browser.get(f"{path}?{urlencode(hostile)}")
        else:
            answer = await browser.post(path, **hostile | (fitting if number % 2 else {}))
        assert answer.status_code < 500, (method, path)
