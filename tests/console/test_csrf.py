"""No other site can act with an agent's session, and none can sign a person in."""

from collections.abc import Awaitable, Callable

import pytest

from app.auth.models import Session
from tests.console.conftest import BASE, PASSWORD, Browser
from tests.people import World

pytestmark = [pytest.mark.anyio, pytest.mark.sqlite]  # refused before any database is asked
OpenBrowser = Callable[..., Awaitable[Browser]]
LOGIN = {"email": "omar@wismo.example", "password": PASSWORD}


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": BASE},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": BASE + ".evil.example"},
        {"origin": "https://desk.test"},  # the same host over another scheme is another origin
        {},
    ],
)
async def test_foreign_requests_change_nothing(
    world: World, open_browser: OpenBrowser, headers: dict[str, str]
) -> None:
    browser = await open_browser(world.omar)
    token = browser.form_token
    for path, fields in [("/console/login", LOGIN), ("/console/logout", {"form_token": token})]:
        answer = await browser.client.post(path, data=fields, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    assert await Session.filter(agent_id=world.omar.id).count() == 1


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": BASE}])
async def test_own_requests_pass(world: World, open_browser: OpenBrowser, headers: dict[str, str]) -> None:
    browser = await open_browser()
    answer = await browser.client.post("/console/login", data=LOGIN, headers=headers)
    assert answer.status_code == 303


async def test_a_form_needs_the_sessions_token(world: World, open_browser: OpenBrowser) -> None:
    browser, other = await open_browser(world.omar), await open_browser(world.mei)
    own = {"sec-fetch-site": "same-origin"}
    for fields in (
        {},
        {"form_token": ""},
        {"form_token": "guess"},
        {"form_token": other.form_token},
        {"form_token": "é"},
    ):
        answer = await browser.client.post("/console/logout", data=fields, headers=own)
        assert answer.status_code == 403
        assert "older than your session" in answer.text
    assert "Omar" in (await browser.get("/console/whoami")).text
    answer = await browser.client.post("/console/logout", headers=own | {"x-form-token": browser.form_token})
    assert answer.status_code == 303


async def test_the_door_still_reads_the_form_after_the_check(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.omar)
    await browser.post("/console/preferences", theme="dark")
    files = {"ignored": ("a.txt", b"x" * 70_000)}
    fields = {"form_token": browser.form_token, "language": "zh"}
    answer = await browser.client.post(
        "/console/preferences", data=fields, files=files, headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.status_code == 303
    await world.omar.refresh_from_db()
    assert (world.omar.theme, world.omar.language) == ("dark", "zh")


async def test_json_is_no_way_round(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.omar)
    own = {"sec-fetch-site": "same-origin", "accept": "application/json"}
    answer = await browser.client.post("/console/preferences", json={"form_token": browser.form_token}, headers=own)
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_form_token")


async def test_a_huge_body_is_refused_before_it_is_kept(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.omar)
    answer = await browser.post("/console/preferences", theme="x" * (2 << 20))
    assert answer.status_code == 413


async def test_webhooks_prove_themselves_otherwise(open_browser: OpenBrowser) -> None:
    browser = await open_browser()
    answer = await browser.client.post("/webhooks/shopify/lumen", content=b"{}")
    assert answer.status_code == 404  # no such door in this app: the check let it through


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"x", "multipart/form-data"),  # no boundary
        (b"--b\r\nbroken", "multipart/form-data; boundary=b"),
        (b"&".join(b"a%d=1" % n for n in range(1500)), "application/x-www-form-urlencoded"),
    ],
)
async def test_a_form_that_cannot_be_read_is_refused(
    world: World, open_browser: OpenBrowser, content: bytes, kind: str
) -> None:
    browser = await open_browser(world.omar)
    headers = {"sec-fetch-site": "same-origin", "content-type": kind}
    answer = await browser.client.post("/console/logout", content=content, headers=headers)
    assert answer.status_code in (400, 403)
    assert await Session.filter(agent_id=world.omar.id).count() == 1
