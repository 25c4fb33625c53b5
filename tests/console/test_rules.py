"""Rules on the desk: written in a form, tried before they work, switched on, and explained in the ticket."""

from collections.abc import Awaitable, Callable

import pytest

from app.web.rule_form import TITLES, form_of, tree_of
from core.errors import Invalid
from tests.console.conftest import Browser, Talk
from tests.people import World
from tickets.rules.conditions import checked
from tickets.rules.facts import FACTS
from tickets.rules.listening import forget_listeners
from tickets.rules.models import Rule
from tickets.rules.templates import TEMPLATES
from tickets.rules.writing import checked_rule

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
NEW = "/console/rules/lumen/new"
FORM = {
    "name": "Refunds of large orders",
    "trigger": "ticket_opened",
    "mode": "all",
    "g0-mode": "any",
    "g0-0-ask": "ticket.kind|is|refund",
    "g0-1-ask": "order.total|at_least|",
    "g0-1-value": "500",
    "g1-mode": "none",
    "g1-0-ask": "ticket.tags|has|",
    "g1-0-value": "known",
    "a0-do": "priority",
    "a0-priority": "urgent",
    "a1-do": "tag",
    "a1-tag": "Look",
    "once": "1",
}


async def test_from_the_form_to_the_ticket(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    await talk.ticket(world.lumen, world.ines, "My money <b>back</b>", kind="refund")
    sue = await open_browser(world.sue)
    tried = await sue.post(NEW, **FORM, do="try")
    assert "1 tickets of the last 30 days match; 1 would change" in tried.text
    assert "My money &lt;b&gt;back" in tried.text
    assert (await Rule.all().count()) == 0
    saved = await sue.post(NEW, **FORM)
    assert saved.status_code == 303
    page = await sue.get(saved.headers["location"])
    for words in ("Refunds of large orders", 'value="500"', 'value="look"', "The order goes to the country"):
        assert words in page.text, words
    rule = await Rule.get()
    assert rule.conditions == {
        "mode": "all",
        "parts": [
            {
                "mode": "any",
                "parts": [
                    {"fact": "ticket.kind", "op": "is", "value": "refund"},
                    {"fact": "order.total", "op": "at_least", "value": 500.0},
                ],
            },
            {"mode": "none", "parts": [{"fact": "ticket.tags", "op": "has", "value": "known"}]},
        ],
    }
    assert not rule.enabled
    await sue.post(saved.headers["location"].partition("?")[0], do="on")
    assert await Rule.exists(id=rule.id, enabled=True)
    forget_listeners()


async def test_what_does_not_fit_is_said_and_the_form_is_kept(world: World, open_browser: OpenBrowser) -> None:
    sue = await open_browser(world.sue)
    page = await sue.post(NEW, **(FORM | {"g0-1-value": "many", "name": "Mine"}))
    assert page.status_code == 422
    assert "One of the conditions has no valid value." in page.text
    assert 'value="Mine"' in page.text
    page = await sue.post(NEW, **(FORM | {"trigger": "since_opened", "wait": "x"}))
    assert "Enter a time from one minute" in page.text


async def test_rules_are_for_supervisors_of_the_shop(world: World, open_browser: OpenBrowser) -> None:
    omar, sue = await open_browser(world.omar), await open_browser(world.sue)
    assert (await omar.get("/console/rules")).status_code == 403
    assert (await omar.post(NEW, **FORM)).status_code == 403
    assert (await sue.post(NEW.replace("lumen", "chaye"), **FORM)).status_code == 404


@pytest.mark.parametrize("name", TEMPLATES)
async def test_ready_rules_are_good_and_survive_the_form(world: World, open_browser: OpenBrowser, name: str) -> None:
    values, title = TEMPLATES[name], TITLES[name]
    kept = await checked_rule(world.lumen, values | {"name": title})
    assert checked(tree_of(form_of(kept["conditions"], kept["actions"])), FACTS) == kept["conditions"]
    sue = await open_browser(world.sue)
    await sue.post("/console/preferences", language="zh", next="/console")
    page = await sue.get(f"{NEW}?like={name}")
    assert page.status_code == 200
    with pytest.raises(Invalid):
        await checked_rule(world.lumen, values | {"name": title, "actions": []})
