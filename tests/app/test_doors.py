"""The doors of the whole desk, tried with what no browser sends."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from app.main import MAX_BODY_BYTES
from tests.app.desks import open_desk

pytestmark = pytest.mark.sqlite  # what it tests does not depend on the database

LONG, NUL = "a" * 300, "%00"


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        open_desk(database_url, tmp_path, demo=True) as desk,
        httpx2.AsyncClient(base_url=desk.address) as client,
    ):
        yield client


@pytest.mark.parametrize(
    "path",
    [f"/demo/mailbox/{LONG}", f"/demo/mailbox/{NUL}", f"/demo/{LONG}", f"/widget?site={LONG}", f"/widget?site={NUL}"],
)
async def test_names_that_nothing_can_have_lead_nowhere(desk: httpx2.AsyncClient, path: str) -> None:
    answer = await desk.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("before", [LONG, NUL])
async def test_a_page_of_letters_that_never_was_is_the_first(desk: httpx2.AsyncClient, before: str) -> None:
    assert (await desk.get(f"/demo/mailbox?before={before}")).status_code == 200


@pytest.mark.parametrize("key", [LONG, NUL, "%E8%8C%B6"])
async def test_a_webhook_for_a_shop_that_cannot_be_is_refused_like_any_other(
    desk: httpx2.AsyncClient, key: str
) -> None:
    answer = await desk.post(f"/webhooks/shopify/{key}", content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/version", "/widget.js", "/demo", "/demo/mailbox"])
async def test_every_address_that_people_and_machines_are_told_answers(desk: httpx2.AsyncClient, path: str) -> None:
    answer = await desk.get(path)
    assert answer.status_code == 200
    assert (await desk.head(path)).status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_figures_count_open_sockets(desk: httpx2.AsyncClient) -> None:
    assert "wismo_sockets_open 0.0" in (await desk.get("/metrics")).text


@pytest.mark.parametrize("path", ["/webhooks/shopify/lumen", "/api/v1/orders:upsert", "/console/login", "/nothing"])
async def test_what_is_too_large_is_refused_before_it_is_read(desk: httpx2.AsyncClient, path: str) -> None:
    answer = await desk.post(path, content=b"x" * (MAX_BODY_BYTES + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_turns_out_too_large_is_refused_while_it_is_read(desk: httpx2.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 65_536 + 1):  # what comes after the answer would reset the connection
            yield b"x" * 65_536

    answer = await desk.post("/webhooks/shopify/lumen", content=pieces())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
