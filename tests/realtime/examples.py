"""One example of every frame, as docs/chat-protocol.md shows it and as both transports carry it."""

from typing import Any

TALK = "cnv_7q3m8d2k"
ORDER = "ord_4h9t1c6b"
CLIENT_ID = "b1946ac92492d2347c6235b4d2611184"
AT = "2026-03-02T09:05:00.000Z"
MESSAGE: dict[str, Any] = {
    "type": "message",
    "conversation": TALK,
    "number": 2,
    "client_id": "bot:1:0",
    "author": {"kind": "bot", "name": "Wismo"},
    "text": "Which order is it about?",
    "language": "en",
    "at": AT,
    "quick_replies": [{"label": "#1001", "text": "#1001"}],
}
CARD = {"order": ORDER, "number": "#1001", "title": "On its way"}
MARKS = {"customer_received": 2, "customer_read": 2, "desk_received": 1, "desk_read": 1}
ORDERS = [
    {
        "order": ORDER,
        "number": "#1001",
        "placed": "1 Mar",
        "items": "Halo floor lamp and 1 more",
        "state": "On its way",
        "tone": "calm",
        "total": "€149.00",
    }
]

FROM_CLIENT: list[dict[str, Any]] = [
    {"type": "hello", "site": "lumen", "token": "", "last": 0, "language": "en", "shown": True},
    {"type": "post", "client_id": CLIENT_ID, "text": "Where is my order?"},
    {"type": "typing", "on": True},
    {"type": "read", "number": 2},
    {"type": "received", "number": 2},
    {"type": "fetch", "after": 1},
    {"type": "speak", "language": "zh"},
    {"type": "ping"},
    {"type": "identify", "token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"},
    {"type": "rate", "score": 5, "text": "Quick and kind"},
    {
        "type": "enquire",
        "client_id": CLIENT_ID,
        "name": "Ines",
        "contact": "ines@example.com",
        "text": "Please call me back",
        "order": "#1001",
    },
    {"type": "prove", "client_id": CLIENT_ID, "address": "ines@example.com"},
    {"type": "transcript", "client_id": CLIENT_ID},
    {"type": "show", "on": False},
    {"type": "leave"},
    {"type": "watch", "conversation": TALK, "last": 0},
    {"type": "unwatch", "conversation": TALK},
]

FROM_SERVER: list[dict[str, Any]] = [
    {
        "type": "welcome",
        "visitor_token": "wv1.Zm9yZ2Vk.c2VhbA",
        "conversation": TALK,
        "shop": "Lumen",
        "handler": "agent",
        "agent": "Maya",
        "here": True,
        "online": True,
        "messages": [MESSAGE],
        "marks": MARKS,
    },
    MESSAGE,
    {"type": "history", "conversation": TALK, "messages": [MESSAGE], "handler": "bot", "marks": MARKS},
    {"type": "ack", "conversation": TALK, "client_id": CLIENT_ID, "number": 1, "at": AT},
    {"type": "handler", "conversation": TALK, "handler": "agent", "agent": "Maya", "here": True, "reason": "taken"},
    {"type": "typing", "conversation": TALK, "who": "agent", "name": "Maya", "on": True},
    {"type": "presence", "conversation": TALK, "who": "agent", "name": "Maya", "on": False},
    {"type": "customers", "states": {TALK: "open"}},
    {"type": "work", "load": 4, "capacity": 8, "availability": "online"},
    {"type": "held", "conversation": TALK, "id": "hld_5k2v8x1r", "client_id": CLIENT_ID, "state": "held"},
    {"type": "draft", "conversation": TALK, "mode": "reply", "version": 3},
    {"type": "order", "conversation": TALK, "card": CARD},
    {"type": "ticket", "conversation": TALK, "number": 12, "kind": "refund", "status": "open"},
    {"type": "rated", "conversation": TALK, "score": 5},
    {"type": "enquired", "client_id": CLIENT_ID, "number": 12, "by": AT},
    {"type": "proof", "client_id": CLIENT_ID, "state": "sent"},
    {"type": "transcript", "client_id": CLIENT_ID, "address": "in…@example.com"},
    {"type": "orders", "conversation": TALK, "orders": ORDERS},
    {"type": "queue", "conversation": TALK, "online": True, "by": AT, "place": 2, "wait": 240},
    {"type": "read", "conversation": TALK, "reader": "desk", "number": 2},
    {"type": "received", "conversation": TALK, "receiver": "desk", "number": 2},
    {
        "type": "note",
        "conversation": TALK,
        "id": "not_5k2v8x1r",
        "author": {"kind": "agent", "name": "Maya"},
        "text": "She called, too",
        "at": AT,
    },
    {"type": "inbox", "conversation": TALK, "ticket": 12, "what": "assignment"},
    {"type": "hint", "conversation": TALK, "number": 3},
    {"type": "error", "code": "too_many", "client_id": CLIENT_ID, "data": {"retry_after": 12}},
    {"type": "pong"},
    {"type": "bye", "reason": "signed_out"},
]
