"""The private servers of the tests: they start, answer, and are gone afterwards."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis import asyncio as aioredis

from tests import servers
from tests.servers import free_port, postgres_server, redis_server, stop, wait_for_port


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not end when it is asked to."""
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.stdout.close()


@pytest.mark.pg
def test_postgresql_is_private_and_leaves_nothing() -> None:
    with postgres_server() as server:
        assert answers(server.port)
        server.run("CREATE DATABASE a", "DROP DATABASE a")
        with pytest.raises(RuntimeError, match="does not exist"):
            server.run("DROP DATABASE a")
    assert not answers(server.port)


@pytest.mark.redis
def test_redis_is_private_and_leaves_nothing() -> None:
    with redis_server() as url:
        client = redis.Redis.from_url(url)
        assert client.ping()
        client.close()
        port = int(url.split(":")[2].split("/")[0])
    assert not answers(port)


@pytest.mark.redis
async def test_the_redis_of_the_run_answers(redis_url: str) -> None:
    async with aioredis.Redis.from_url(redis_url) as client:
        assert await client.set("greeting", "你好")
        assert await client.get("greeting") == "你好".encode()


@pytest.mark.pg
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_a_server_ends_with_a_run_that_is_killed() -> None:
    script = (
        "import time; from tests.servers import postgres_server\n"
        "with postgres_server() as server: print(server.port, server.folder, flush=True); time.sleep(60)"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    assert run.stdout is not None
    words = run.stdout.readline().split()
    port, folder = int(words[0]), Path(words[1].decode())
    assert answers(port)
    run.kill()
    run.wait()
    run.stdout.close()
    deadline = time.monotonic() + 10
    while answers(port) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not answers(port)
    with postgres_server():
        assert not folder.exists()


def test_a_process_that_will_not_stop_is_stopped(
    stubborn: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "STOP_SECONDS", 0.2)
    stop(stubborn)
    assert stubborn.returncode == -9
    with pytest.raises(ProcessLookupError):
        os.kill(stubborn.pid, 0)


def test_waiting_for_a_port_ends_with_the_process() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    assert not wait_for_port(free_port(), process, seconds=10)


def test_waiting_for_a_port_has_an_end(stubborn: subprocess.Popen[bytes]) -> None:
    with pytest.raises(TimeoutError):
        wait_for_port(free_port(), stubborn, seconds=0.1)
    stubborn.kill()
    stubborn.wait()


def test_tests_refuse_a_database_that_somebody_uses() -> None:
    environment = os.environ | {"WISMO_DATABASE_URL": "postgresql://db.example/desk"}
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", __file__],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert answer.returncode == 4
    assert "tests never touch a database that somebody uses" in answer.stderr + answer.stdout
