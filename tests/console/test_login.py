"""Signing in and out at the desk's door: who gets in, who is kept waiting, and that nobody learns who works here."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from app.auth import passwords
from app.auth.agents import create_agent, disable_agent, set_password
from app.auth.models import Session
from core.audit import AuditEntry
from core.clock import FrozenClock
from core.errors import Conflict, Invalid
from core.people import ShopMember
from tests.console.conftest import PASSWORD, Browser
from tests.people import World

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


async def test_omar_signs_in_and_out(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser()
    page = await browser.get("/console/login")
    assert page.status_code == 200
    assert "Sign in to Wismo" in page.text
    answer = await browser.post("/console/login", email=" OMAR@wismo.example ", password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    assert "Omar" in (await browser.get("/console/whoami")).text
    answer = await browser.post("/console/logout")
    assert answer.headers["location"] == "/console/login"
    assert "nobody" in (await browser.get("/console/whoami")).text
    assert await Session.all().count() == 0


async def test_the_cookie_is_bound_and_hidden_from_scripts(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser()
    cookie = (await browser.sign_in(world.omar)).headers["set-cookie"]
    assert cookie.startswith("wismo_session=")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    token = cookie.split(";")[0].removeprefix("wismo_session=")
    row = await Session.get()
    assert token not in (row.token_hash, row.form_token)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_refusal_looks_the_same(world: World, open_browser: OpenBrowser, language: str) -> None:
    await disable_agent(world.mei)
    browser = await open_browser(language=language)
    tries = [
        ("omar@wismo.example", "wrong password"),
        ("nobody@wismo.example", PASSWORD),
        ("mei@wismo.example", PASSWORD),
    ]
    pages = []
    for email, password in tries:
        answer = await browser.post("/console/login", email=email, password=password)
        assert answer.status_code == 401
        assert 'role="alert"' in answer.text
        pages.append(answer.text.replace(email, ""))
    assert pages[0] == pages[1] == pages[2]


async def test_an_unknown_name_costs_a_hash_like_a_known_one(
    world: World, open_browser: OpenBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    verify = passwords._verify

    def noting(stored: str, password: str) -> bool:
        verified.append(stored)
        return verify(stored, password)

    monkeypatch.setattr(passwords, "_verify", noting)
    browser = await open_browser()
    for email in ("omar@wismo.example", "nobody@wismo.example"):
        await browser.post("/console/login", email=email, password="wrong password")
    assert len(verified) == 2
    assert verified[0].split("$")[:4] == verified[1].split("$")[:4]  # the same algorithm and parameters


def test_the_hash_of_nobody_has_todays_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert isinstance(passwords._hasher, PasswordHasher)
    assert not passwords.is_outdated(passwords._NOBODY)


async def test_guessing_at_one_account_ends_from_wherever_it_comes(world: World, open_browser: OpenBrowser) -> None:
    for guess in range(10):
        browser = await open_browser(address=f"192.0.2.{guess}")
        assert (
            await browser.post("/console/login", email="omar@wismo.example", password=f"guess {guess}")
        ).status_code == 401
    browser = await open_browser(address="192.0.2.99")
    answer = await browser.post("/console/login", email="omar@wismo.example", password=PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 15 * 60
    assert (await browser.sign_in(world.mei)).status_code == 303  # others are not locked out


async def test_parallel_guesses_count_too(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser()
    answers = await asyncio.gather(
        *(browser.post("/console/login", email="omar@wismo.example", password=f"guess {n}") for n in range(30))
    )
    assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 20


async def test_spraying_one_password_over_many_names_ends(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser()
    for name in range(60):
        await browser.post("/console/login", email=f"agent{name}@wismo.example", password="summer2026")
    answer = await browser.post("/console/login", email="another@wismo.example", password="summer2026")
    assert answer.status_code == 429


async def test_a_good_login_gives_the_tries_back(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser()
    for _ in range(3):
        for _ in range(9):
            await browser.post("/console/login", email="omar@wismo.example", password="slip of the finger")
        assert (await browser.sign_in(world.omar)).status_code == 303


@pytest.mark.parametrize(
    ("wish", "where"),
    [
        ("/console/tickets/1042?pane=order", "/console/tickets/1042?pane=order"),
        ("//evil.example", "/console"),
        ("/\\evil.example", "/console"),
        ("https://evil.example/", "/console"),
        ("/\t/evil.example", "/console"),
        ("javascript:alert(1)", "/console"),
        ("", "/console"),
    ],
)
async def test_login_leads_to_own_pages_only(world: World, open_browser: OpenBrowser, wish: str, where: str) -> None:
    browser = await open_browser()
    answer = await browser.post("/console/login", email="omar@wismo.example", password=PASSWORD, next=wish)
    assert answer.headers["location"] == where


async def test_a_login_is_always_a_new_session(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.omar)
    first = browser.client.cookies["wismo_session"]
    await browser.sign_in(world.mei)
    assert browser.client.cookies["wismo_session"] != first
    assert await Session.filter(agent_id=world.omar.id).count() == 0
    thief = await open_browser()
    thief.client.cookies.set("wismo_session", first)
    assert "nobody" in (await thief.get("/console/whoami")).text


async def test_a_planted_session_is_not_adopted(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser()
    browser.client.cookies.set("wismo_session", "planted")
    await browser.post("/console/login", email="omar@wismo.example", password=PASSWORD)
    other = await open_browser()
    other.client.cookies.set("wismo_session", "planted")
    assert "nobody" in (await other.get("/console/whoami")).text


async def test_sessions_end_by_idling_and_by_age(world: World, open_browser: OpenBrowser, clock: FrozenClock) -> None:
    browser = await open_browser(world.omar)
    clock.advance(timedelta(hours=11, minutes=59))
    assert "Omar" in (await browser.get("/console/whoami")).text
    clock.advance(timedelta(hours=12))
    assert "nobody" in (await browser.get("/console/whoami")).text
    await browser.sign_in(world.omar)
    for _ in range(28):
        clock.advance(timedelta(hours=11, minutes=59))
        assert "Omar" in (await browser.get("/console/whoami")).text
    clock.advance(timedelta(hours=1))
    assert "nobody" in (await browser.get("/console/whoami")).text


async def test_a_disabled_agent_is_out_at_once(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.omar)
    await disable_agent(world.omar)
    assert "nobody" in (await browser.get("/console/whoami")).text
    assert (await browser.sign_in(world.omar)).status_code == 401


async def test_a_new_password_ends_the_other_sessions(world: World, open_browser: OpenBrowser) -> None:
    here, there = await open_browser(world.omar), await open_browser(world.omar)
    kept = await Session.all().order_by("id").first()
    await set_password(world.omar, "a much better one", keep=kept)
    assert "Omar" in (await here.get("/console/whoami")).text
    assert "nobody" in (await there.get("/console/whoami")).text
    assert (await there.sign_in(world.omar)).status_code == 401
    assert (await there.sign_in(world.omar, "a much better one")).status_code == 303


async def test_old_hashes_are_renewed_at_login(
    world: World, open_browser: OpenBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", stronger)
    assert passwords.is_outdated(world.omar.password_hash if world.omar.password_hash != "-" else passwords._NOBODY)
    await open_browser(world.omar)
    await world.omar.refresh_from_db()
    assert not stronger.check_needs_rehash(world.omar.password_hash)


async def test_hiring(world: World) -> None:
    noor = await create_agent(" Noor@Wismo.Example ", " Noor ", "a long password", shops=[world.lumen])
    assert (noor.email, noor.name) == ("noor@wismo.example", "Noor")
    assert await ShopMember.exists(agent=noor, shop=world.lumen)
    assert await AuditEntry.exists(action="agent.created", subject=noor.public_id)
    with pytest.raises(Conflict) as taken:
        await create_agent("NOOR@wismo.example", "Other", "a long password")
    assert taken.value.code == "email_taken"
    for email, name, password, role, code in [
        ("noor", "N", "a long password", "agent", "bad_email"),
        ("a b@x.example", "N", "a long password", "agent", "bad_email"),
        ("n@x.example", " ", "a long password", "agent", "bad_name"),
        ("n@x.example", "N", "a long password", "god", "bad_role"),
        ("n@x.example", "N", "too short", "agent", "weak_password"),
    ]:
        with pytest.raises(Invalid) as wrong:
            await create_agent(email, name, password, role=role)
        assert wrong.value.code == code


async def test_language_of_a_guest_and_of_an_agent(world: World, open_browser: OpenBrowser) -> None:
    guest = await open_browser()
    assert '<html lang="en"' in (await guest.get("/console/login")).text
    answer = await guest.post("/console/preferences", language="zh", next="/console/login")
    assert answer.headers["location"] == "/console/login"
    assert '<html lang="zh-Hans"' in (await guest.get("/console/login")).text
    browser = await open_browser(world.omar)
    await browser.post("/console/preferences", language="zh", theme="dark", next="//evil.example")
    await world.omar.refresh_from_db()
    assert (world.omar.language, world.omar.theme) == ("zh", "dark")
    await browser.post("/console/preferences", language="xx", theme="<script>")
    await world.omar.refresh_from_db()
    assert (world.omar.language, world.omar.theme) == ("zh", "dark")
