"""Bare servers that the desk is measured against: what the parts can give when nothing is checked.

    python bench/limits.py {echo,socket,prototype,broadcast} [folder]

`echo` and `broadcast` are the `websockets` library alone; `socket` is a bare uvicorn socket with the desk's settings;
`prototype` stores (SQLite, synchronous=FULL, all that wait in one commit), acknowledges and tells both sides: no
access, no order, no resends, no events, no jobs. Each prints its port.
"""

import asyncio
import json
import queue
import sqlite3
import sys
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
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


class Prototype:
    """Rooms that keep what is said in them."""

    def __init__(self, folder: Path) -> None:
        self.rooms: defaultdict[str, set[ServerConnection]] = defaultdict(set)
        self.waiting: queue.SimpleQueue[tuple[ServerConnection, str, str, str]] = queue.SimpleQueue()
        self.database = sqlite3.connect(folder / "limit.db", isolation_level=None, check_same_thread=False)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.execute("CREATE TABLE said (id INTEGER PRIMARY KEY, room TEXT, client_id TEXT, text TEXT)")
        self.loop = asyncio.get_running_loop()
        threading.Thread(target=self._store, daemon=True).start()

    async def join(self, socket: ServerConnection) -> None:
        """Frames: {"join": room} first, then {"client_id", "text"}, or {"also": room} to listen to another one."""
        rooms: list[str] = []
        async for message in socket:
            frame = json.loads(message)
            if room := frame.get("join") or frame.get("also"):
                rooms.append(room)
                self.rooms[room].add(socket)
                await socket.send(json.dumps({"type": "joined"}))
            else:
                self.waiting.put((socket, rooms[0], frame["client_id"], frame["text"]))
        for room in rooms:
            self.rooms[room].discard(socket)

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

    def _tell(self, batch: list[tuple[ServerConnection, str, str, str]]) -> None:
        for socket, room, client_id, text in batch:
            broadcast([socket], json.dumps({"type": "ack", "client_id": client_id}))
            frame = {"type": "message", "conversation": room, "client_id": client_id, "text": text}
            broadcast(self.rooms[room], json.dumps(frame))


async def idle_socket(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that accepts and waits."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": "{}"})


async def main(kind: str, folder: str = ".") -> None:
    """Serve until the end."""
    if kind == "socket":
        config = uvicorn.Config(
            idle_socket, port=0, ws="websockets-sansio", ws_per_message_deflate=False, log_config=None, lifespan="off"
        )
        server = uvicorn.Server(config)
        running = asyncio.ensure_future(server.serve())
        while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
            await asyncio.sleep(0.01)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)
        await running
        return
    handler = {"echo": lambda: echo, "broadcast": lambda: Broadcast().join}.get(kind)
    join = handler() if handler else Prototype(Path(folder)).join
    async with serve(join, "127.0.0.1", 0, compression=None, max_queue=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.Future()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
