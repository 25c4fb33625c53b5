"""A desk of any size for the bench of the pages: a small one made by the verbs, then rows of it copied in bulk."""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.auth.sessions import start_session
from app.database import open_database, sqlite_url
from app.migrating import migrate
from conversations.posting import post
from core.clock import now, utc
from core.people import Actor
from core.text import index_text
from tests.people import chat, make_agent, make_order, make_world
from tickets.opening import open_ticket

AGENTS, QUEUE, FIRST = 20, 40, 100_000
SAID = (
    "Where is my parcel? It should have come on Friday",
    "The parcel is late and nobody told me why",
    "我的订单什么时候发货？已经等了五天",
    "Thank you, it has arrived",
    "请问退款到账了吗，包裹还没有收到",
    "The lamp arrived broken, I want my money back",
    "Can I still change the address of this order",
    "快递显示已签收，但是我没有收到",
    "Hello, is anybody there",
    "It says delivered but there was nothing at the door",
)
_TABLES = ("customer", "shop_order", "conversation", "message", "ticket", "ticket_link")


async def make_desk(folder: Path, tickets: int, messages: int) -> str:
    """A migrated desk with so many tickets of so many messages each. Returns the token of a session at it."""
    folder.mkdir()
    path = folder / "wismo.db"
    await migrate(sqlite_url(path))
    async with open_database(sqlite_url(path)):
        world = await make_world()
        for number in range(AGENTS):
            await make_agent(f"A{number}")
        order = await make_order(world.lumen, "#1", email="ines@example.com")
        conversation = await chat(world.lumen, world.ines)
        await post(conversation.id, Actor.of(world.ines), "Hello", client_id="first")
        await open_ticket(conversation.id, "question", Actor.of(world.ines), subject="Hello", order_ids=[order.id])
        token = await start_session(world.omar)
        shop = world.lumen.id
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA synchronous = OFF")
        _copy(database, shop, tickets, messages)
        database.execute("PRAGMA optimize")
    return token


def _copy(database: sqlite3.Connection, shop: int, tickets: int, messages: int) -> None:
    rows = {name: _first(database, name) for name in _TABLES}
    moment = now()
    people = {"shop_id": shop, "email": None, "phone": None}
    numbers = range(FIRST, FIRST + tickets)
    _fill(database, "customer", rows, ({**people, **_named(n, "cus"), "name": f"Ines {n % 997}"} for n in numbers))
    _fill(database, "shop_order", rows, (_order(n, moment) for n in numbers))
    _fill(database, "conversation", rows, (_conversation(n, moment, tickets, messages) for n in numbers))
    _fill(database, "ticket", rows, (_ticket(n, moment, tickets) for n in numbers))
    links = ({"id": n, "ticket_id": n, "order_id": n} for n in numbers)
    _fill(database, "ticket_link", rows, links)
    _fill(database, "message", rows, (_message(n, place, messages) for n in numbers for place in range(messages)))
    texts = [index_text(text) for text in SAID]
    database.executemany(
        "INSERT INTO message_search (rowid, body) VALUES (?, ?)",
        (
            (n * messages + place, f"{texts[(n + place) % len(SAID)]} {n if place == 0 else ''}")
            for n in numbers
            for place in range(messages)
        ),
    )
    database.executemany(
        "INSERT INTO order_search (rowid, body) VALUES (?, ?)", ((n, f"ines {n % 997} lamp {n % 89}") for n in numbers)
    )


def _first(database: sqlite3.Connection, table: str) -> dict[str, Any]:
    found = database.execute(f"SELECT * FROM {table} ORDER BY id LIMIT 1")
    return dict(zip([column[0] for column in found.description], found.fetchone(), strict=True))


def _fill(
    database: sqlite3.Connection, table: str, first: dict[str, dict[str, Any]], rows: Iterable[dict[str, Any]]
) -> None:
    """Copies of the first row with other values."""
    names = list(first[table])
    places = ", ".join(f":{name}" for name in names)
    values: Iterator[dict[str, Any]] = (first[table] | row for row in rows)
    database.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", values)


def _named(number: int, prefix: str) -> dict[str, Any]:
    return {"id": number, "public_id": f"{prefix}_{number}"}


def _order(number: int, moment: datetime) -> dict[str, Any]:
    text = f"#{number}"
    contact = {"email": f"c{number}@example.com", "phone": f"+4930{number:08}", "customer_name": f"Ines {number % 997}"}
    named = {"number": text, "number_key": str(number), "source_id": str(number)}
    return {**_named(number, "ord"), **named, **contact, "placed_at": _time(moment, number)}


def _conversation(number: int, moment: datetime, tickets: int, messages: int) -> dict[str, Any]:
    place = number - FIRST
    state = {"handler": "queue", "agent_id": None} if place < QUEUE else {"handler": "agent", "agent_id": None}
    read = {"last_number": messages, "desk_read": messages, "last_customer_number": messages - place % 2}
    said = {"last_text": SAID[number % len(SAID)], "last_message_at": _time(moment, tickets - place)}
    return {**_named(number, "cnv"), "customer_id": number, "order_id": number, **state, **read, **said}


def _ticket(number: int, moment: datetime, tickets: int) -> dict[str, Any]:
    """Of a hundred, 2 are open, 3 wait for the customer, 15 are resolved; of 22, one is nobody's."""
    place = number - FIRST
    kind = number * 7919 % 100
    status = "open" if kind < 2 or place < QUEUE else "pending" if kind < 5 else "resolved" if kind < 20 else "closed"
    owner = number * 104_729 % (AGENTS + 2)
    at = _time(moment, tickets - place)
    whose = {"assignee_id": owner if 0 < owner <= AGENTS and place >= QUEUE else None}
    said = {"subject": SAID[number % len(SAID)], "number": number, "conversation_id": number, "status": status}
    return {**_named(number, "tkt"), **said, **whose, "updated_at": at, "first_replied_at": at}


def _message(number: int, place: int, messages: int) -> dict[str, Any]:
    text = SAID[(number + place) % len(SAID)] + (f" #{number}" if place == 0 else "")
    name = {"id": number * messages + place, "number": place + 1, "client_id": str(place)}
    return {**name, "conversation_id": number, "author_kind": "agent" if place % 2 else "customer", "text": text}


def _time(moment: datetime, seconds: int) -> str:
    return utc(moment - timedelta(seconds=seconds)).isoformat(" ")
