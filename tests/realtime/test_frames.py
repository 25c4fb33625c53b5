"""The protocol as values: whatever bytes come, a frame or one clear refusal; and its description is complete."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.realtime import frames, rendering
from app.realtime.client_frames import MAX_NUMBER, ClientFrameBase, read_frame
from app.realtime.frames import server_frames
from core.errors import Malformed
from tests.realtime.protocol import as_document

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/chat-protocol.md"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
types = st.sampled_from(["hello", "post", "typing", "read", "fetch", "speak", "leave", "watch", "unwatch", "ping"])
names = st.sampled_from(
    [
        "site",
        "token",
        "last",
        "language",
        "client_id",
        "text",
        "conversation",
        "seen",
        "on",
        "number",
        "after",
        "before",
    ]
)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_frame_or_malformed(text: str) -> None:
    read_or_refuse(text)


@settings(deadline=None)
@given(types, st.dictionaries(names, json_values, max_size=4))
def test_any_fields_are_a_frame_or_malformed(kind: str, fields: dict[str, Any]) -> None:
    frame = read_or_refuse(json.dumps({**fields, "type": kind}))
    if frame is not None:
        assert frame.model_dump(exclude_unset=True, exclude_none=True).items() >= {"type": kind}.items()


def read_or_refuse(text: str) -> ClientFrameBase | None:
    try:
        return read_frame(text)
    except Malformed:
        return None


@settings(deadline=None)
@given(st.integers(0, MAX_NUMBER))
def test_numbers_that_a_browser_counts_exactly_pass(number: int) -> None:
    assert read_frame(json.dumps({"type": "read", "number": number})).number == number  # type: ignore[union-attr]


@pytest.mark.parametrize("number", [-1, MAX_NUMBER + 1, 1.5, "1", True, None, [1]])
def test_other_numbers_do_not(number: object) -> None:
    with pytest.raises(Malformed):
        read_frame(json.dumps({"type": "read", "number": number}))


def test_a_refusal_repeats_nothing_of_what_was_sent() -> None:
    with pytest.raises(Malformed) as refusal:
        read_frame('{"type":"hello","token":"secret-token","surprise":"secret-surprise"}')
    assert "secret" not in refusal.value.detail


def test_no_client_id_can_be_that_of_an_answer_to_come() -> None:
    """Ids that the server makes contain a colon."""
    for client_id in ("bot:17:0000", "a.b.c.d.e", "x" * 65, "short", "ünïcode-id"):
        with pytest.raises(Malformed):
            read_frame(json.dumps({"type": "post", "client_id": client_id, "text": "x"}))


def test_every_server_frame_reads_back() -> None:
    for name in ("Pong", "Welcome"):
        frame = getattr(frames, name)()
        assert server_frames.validate_json(frame.model_dump_json()) == frame


@given(
    kind=st.sampled_from(["customer", "agent", "bot", "system"]),
    text=st.text(),
    form=st.sampled_from([None, "code", "order"]),
    replies=st.lists(st.just({"label": "Yes", "text": "yes, please"}), max_size=2),
    files=st.none() | st.lists(st.just({"id": "att_1", "name": "a", "media_type": "image/png", "size": 3}), max_size=2),
    card=st.none() | st.just({"number": "1001"}),
)
def test_what_is_written_by_hand_is_what_the_model_says(
    kind: str, text: str, form: str | None, replies: list[Any], files: list[Any] | None, card: dict[str, Any] | None
) -> None:
    message: Any = SimpleNamespace(
        number=7, client_id="abcd1234", author_kind=kind, author_name="Ann", text=text, language="zh", channel="chat",
        created_at=datetime(2026, 11, 23, 4, tzinfo=UTC), quick_replies=replies, form=form, state="sent",
        attachments=files,
    )  # fmt: skip
    for frame in (rendering.message_frame("cnv_1", message, card), rendering.ack_frame("cnv_1", message)):
        assert list(frame.items()) == list(server_frames.validate_python(frame, strict=True).model_dump().items())


def test_the_document_is_made_from_the_frames() -> None:
    said = DOCUMENT.read_text(encoding="utf-8")
    made = re.search(r"<!-- frames -->\n(.*)\n<!-- end of frames -->", said, re.DOTALL)
    assert made is not None
    assert made[1] == as_document(), "docs/chat-protocol.md is behind: python -m tests.realtime.protocol"
