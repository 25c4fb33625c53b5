"""The whole desk on a free port, in the test's own loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.main import create_app
from app.serving import uvicorn_config
from app.settings import Settings
from tests.realtime.serving import Desk, QuietServer


@asynccontextmanager
async def open_desk(database_url: str, folder: Path, *, work: bool = False, **settings: Any) -> AsyncIterator[Desk]:
    """Serve everything but mail, as `wismo serve` does, for the length of the block."""
    values = Settings(data_dir=folder, port=0, database_url=SecretStr(database_url), **settings)
    app = create_app(values, work=work, intake=False)
    server = QuietServer(uvicorn_config(app, values))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(server.serve())
        while not server.started:
            assert not running.done(), "the desk did not start"
            await asyncio.sleep(0.005)
        try:
            yield Desk(app, app.state.hub, server)
        finally:
            server.should_exit = True
            await running
