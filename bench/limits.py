"""Bare servers that the desk is measured against: what the parts can give when nothing is checked.

    python bench/limits.py {echo,socket,prototype,broadcast} [folder]
    python bench/limits.py postgres DATABASE_URL REDIS_URL

`echo` and `broadcast` are the `websockets` library alone; `socket` is a bare uvicorn socket with the desk's settings;
`prototype` stores (SQLite, synchronous=FULL, all that wait in one commit), acknowledges and tells both sides: no
access, no order, no resends, no events, no jobs. `postgres` is the same with PostgreSQL, and with Redis between the
storing and the telling, as several processes would need it. Each prints its port.
"""

import asyncio
import json
import queue
import sqlite3
import sys
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import uvicorn
import uvloop
from redis.asyncio import Redis
from websockets.asyncio.server import ServerConnection, broadcast, serve


async def echo(socket: ServerConnection) -> None:
    """Send back what comes."""
    async for message in socket:
        await socket.send(message)


class Broadcast:
    """Everybody hears everything, each frame written once."""

    def __init__(self) -> None:
        self.everybody: set[ServerConnection] = set()

    async def join(self, socket: ServerConnection) -> None:
        """Listen until the socket ends."""
        self.everybody.add(socket)
        async for message in socket:
            broadcast(self.everybody, message)


Said = tuple[ServerConnection, str, str, str]  # socket, room, client id, text


class Rooms:
    """Rooms that keep what is said in them, and tell everybody in them."""

    def __init__(self) -> None:
        self.rooms: defaultdict[str, set[ServerConnection]] = defaultdict(set)

    def put(self, said: Said) -> None:
        """Store it, and tell when it is stored."""
        raise NotImplementedError

    async def join(self, socket: ServerConnection) -> None:
        """Frames: {"join": room} as often as you like, then {"client_id", "text"}, said in the first of them."""
        rooms: list[str] = []
        async for message in socket:
            frame = json.loads(message)
            if room := frame.get("join"):
                rooms.append(room)
                self.rooms[room].add(socket)
                await socket.send(json.dumps({"type": "joined"}))
            else:
                self.put((socket, rooms[0], frame["client_id"], frame["text"]))
        for room in rooms:
            self.rooms[room].discard(socket)

    def acknowledge(self, batch: Sequence[Said]) -> None:
        """Tell those who said it."""
        for socket, _, client_id, _ in batch:
            broadcast([socket], json.dumps({"type": "ack", "client_id": client_id}))

    def tell(self, rooms: Iterable[tuple[str, str, str]]) -> None:
        """Tell everybody in the room: (room, client id, text)."""
        for room, client_id, text in rooms:
            frame = {"type": "message", "conversation": room, "client_id": client_id, "text": text}
            broadcast(self.rooms[room], json.dumps(frame))


class Prototype(Rooms):
    """Rooms in SQLite."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.waiting: queue.SimpleQueue[Said] = queue.SimpleQueue()
        self.database = sqlite3.connect(folder / "limit.db", isolation_level=None, check_same_thread=False)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.execute("CREATE TABLE said (id INTEGER PRIMARY KEY, room TEXT, client_id TEXT, text TEXT)")
        self.loop = asyncio.get_running_loop()
        threading.Thread(target=self._store, daemon=True).start()

    def put(self, said: Said) -> None:
        """The thread stores it."""
        self.waiting.put(said)

    def _store(self) -> None:
        while True:
            batch = [self.waiting.get()]
            while not self.waiting.empty():
                batch.append(self.waiting.get())
            self.database.execute("BEGIN IMMEDIATE")
            rows = [item[1:] for item in batch]
            self.database.executemany("INSERT INTO said (room, client_id, text) VALUES (?, ?, ?)", rows)
            self.database.execute("COMMIT")
            self.loop.call_soon_threadsafe(self._tell, batch)

    def _tell(self, batch: list[Said]) -> None:
        self.acknowledge(batch)
        self.tell(item[1:] for item in batch)


class PostgresPrototype(Rooms):
    """Rooms in PostgreSQL; what was stored goes through Redis to whoever listens."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        super().__init__()
        self.waiting: list[Said] = []
        self.arrived = asyncio.Event()
        self.redis = Redis.from_url(redis_url)
        self.tasks = [asyncio.ensure_future(self._store(database_url)), asyncio.ensure_future(self._hear())]

    def put(self, said: Said) -> None:
        """The next transaction stores it."""
        self.waiting.append(said)
        self.arrived.set()

    async def _store(self, url: str) -> None:
        database = await asyncpg.connect(url)
        await database.execute("CREATE TABLE said (id bigserial PRIMARY KEY, room text, client_id text, text text)")
        insert = "INSERT INTO said (room, client_id, text) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])"
        while True:
            await self.arrived.wait()
            self.arrived.clear()
            batch, self.waiting = self.waiting, []
            rows = [item[1:] for item in batch]
            await database.execute(insert, *(list(column) for column in zip(*rows, strict=True)))
            self.acknowledge(batch)
            await self.redis.publish("said", json.dumps(rows))

    async def _hear(self) -> None:
        pubsub = self.redis.pubsub()
        await pubsub.subscribe("said")
        async for message in pubsub.listen():
            if message["type"] == "message":
                self.tell(json.loads(message["data"]))


async def idle_socket(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that accepts and waits."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": "{}"})


async def main(kind: str, *arguments: str) -> None:
    """Serve until the end."""
    if kind == "socket":
        await _serve_with_uvicorn()
        return
    made = {
        "echo": lambda: echo,
        "broadcast": lambda: Broadcast().join,
        "prototype": lambda: Prototype(Path(arguments[0])).join,
        "postgres": lambda: PostgresPrototype(*arguments).join,
    }
    async with serve(made[kind](), "127.0.0.1", 0, compression=None, max_queue=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.Future()


async def _serve_with_uvicorn() -> None:
    config = uvicorn.Config(
        idle_socket, port=0, ws="websockets-sansio", ws_per_message_deflate=False, log_config=None, lifespan="off"
    )
    server = uvicorn.Server(config)
    running = asyncio.ensure_future(server.serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await running


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
