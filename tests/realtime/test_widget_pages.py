"""The launcher and the page in the frame: who may embed it, in which language, and that nothing secret is in it."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from app.web.widget import WORDS
from core.shops import Shop
from tests.architecture.sources import ROOT
from tests.realtime.serving import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.sqlite]


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=desk.address) as client:
        yield client


def boot_of(page: httpx2.Response) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="boot">(.*?)</script>', page.text, re.DOTALL)
    assert found is not None
    boot: dict[str, Any] = json.loads(found[1])
    return boot


def policy_of(page: httpx2.Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in page.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in parts}


async def test_only_the_shops_own_pages_may_embed_it(desk: Desk, browser: httpx2.AsyncClient) -> None:
    desk.app.state.demo = False
    await Shop.filter(key="lumen").update(
        origins=["https://lumen.example", "https://*; script-src *", 7, "javascript:x"]
    )
    assert policy_of(await browser.get("/widget?site=lumen"))["frame-ancestors"] == "https://lumen.example"
    assert policy_of(await browser.get("/widget?site=chaye"))["frame-ancestors"] == "'none'"


async def test_a_demo_may_embed_its_own(desk: Desk, browser: httpx2.AsyncClient) -> None:
    assert desk.address in policy_of(await browser.get("/widget?site=lumen"))["frame-ancestors"].split()


async def test_it_talks_to_no_page_that_may_not_embed_it(desk: Desk, browser: httpx2.AsyncClient) -> None:
    await Shop.filter(key="lumen").update(origins=["https://lumen.example"])
    for parent, trusted in (
        ("https://lumen.example", "https://lumen.example"),
        ("https://evil.example", ""),
        ("*", ""),
    ):
        page = await browser.get("/widget", params={"site": "lumen", "origin": parent})
        assert boot_of(page)["origin"] == trusted


async def test_an_unknown_shop_is_not_there(browser: httpx2.AsyncClient) -> None:
    for site in ("nowhere", "", "x" * 500, "<script>"):
        assert (await browser.get("/widget", params={"site": site})).status_code == 404


async def test_nothing_is_inline(browser: httpx2.AsyncClient) -> None:
    page = await browser.get("/widget?site=lumen")
    policy = policy_of(page)
    assert (policy["script-src"], policy["style-src"], policy["connect-src"]) == ("'self'", "'self'", "'self'")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*(src=|application/json))", page.text)


async def test_names_of_shops_are_only_text(browser: httpx2.AsyncClient) -> None:
    await Shop.filter(key="lumen").update(name="</script><script>x()</script>")
    page = await browser.get("/widget?site=lumen")
    assert "<script>x()" not in page.text
    assert boot_of(page)["site"] == "lumen"


@pytest.mark.parametrize(
    ("lang", "header", "language"),
    [
        ("zh", "", "zh"),
        ("en", "zh-CN", "en"),
        ("auto", "zh-CN,en;q=0.5", "zh"),
        ("auto", "fr", "en"),
        ("xx", "zh", "en"),
    ],
)
async def test_it_opens_in_the_visitors_language(
    browser: httpx2.AsyncClient, lang: str, header: str, language: str
) -> None:
    page = await browser.get(f"/widget?site=lumen&lang={lang}", headers={"Accept-Language": header})
    assert boot_of(page)["language"] == language
    assert f'<html lang="{"zh-Hans" if language == "zh" else "en"}">' in page.text


async def test_the_launcher_is_small_public_and_kept(browser: httpx2.AsyncClient) -> None:
    script = await browser.get("/widget.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["access-control-allow-origin"] == "*"
    assert "max-age" in script.headers["cache-control"]
    assert len(script.content) <= 5_632


def test_the_widget_stays_light() -> None:
    """All that a customer's page loads besides the words, before it is compressed."""
    own = ("widget", "log", "card", "dom", "words", "composer")
    shared = ("wire", "lines", "talk", "thread", "outbox")
    names = [*(f"widget/{name}.js" for name in own), *(f"js/{name}.js" for name in shared)]
    assert sum((ROOT / "static" / name).stat().st_size for name in names) <= 64_000


def test_every_word_of_the_widget_is_sent_along() -> None:
    """Scripts and marked elements look their words up in what the page brought."""
    said: set[str] = set()
    for path in sorted((ROOT / "static/widget").glob("*.js")):
        said |= set(re.findall(r'\bt\("([^"]+)"', path.read_text(encoding="utf-8")))
    page = (ROOT / "templates/widget/page.html").read_text(encoding="utf-8")
    said |= set(re.findall(r'data-t(?:-label|-hint)?="([^"]+)"', page))
    assert said
    assert said <= set(WORDS)
