"""Tokens name a conversation only for whom they were made."""

from app.mail.threading import (
    BOUNCE,
    REPLY,
    bounce_address,
    mailbox_of,
    message_id,
    reply_address,
    token_in_address,
    token_in_id,
    verify,
)
from core.ids import new_id

SECRET, OTHER = b"secret", b"other"
MAILBOX, INES = "help@lumen.example", "ines@example.com"


def test_reply_address() -> None:
    conversation = new_id("cnv")
    address = reply_address(SECRET, MAILBOX, conversation, INES)
    assert mailbox_of(address) == MAILBOX
    assert len(address.partition("@")[0]) <= 64
    token = token_in_address(address.upper())  # mail systems may change case
    assert token is not None
    assert (token.kind, token.public_id) == (REPLY, conversation)
    assert verify(SECRET, token, "Ines@Example.com")
    assert not verify(SECRET, token, "eve@example.com")
    assert not verify(OTHER, token, INES)


def test_a_token_serves_one_purpose() -> None:
    name = new_id("cnv").partition("_")[2]
    bounce = bounce_address(SECRET, MAILBOX, f"mlo_{name}", INES)
    forged = token_in_address(bounce.replace(f"+{BOUNCE}", f"+{REPLY}"))
    assert forged is not None
    assert not verify(SECRET, forged, INES)


def test_message_id_is_stable_and_signed() -> None:
    conversation = new_id("cnv")
    header_id = message_id(SECRET, MAILBOX, "message:7", conversation, INES)
    assert header_id == message_id(SECRET, MAILBOX, "message:7", conversation, INES)
    assert header_id != message_id(SECRET, MAILBOX, "message:8", conversation, INES)
    token = token_in_id(header_id)
    assert token is not None
    assert token.public_id == conversation
    assert verify(SECRET, token, INES)
    forged = token_in_id(message_id(OTHER, MAILBOX, "message:7", conversation, INES))
    assert forged is not None
    assert not verify(SECRET, forged, INES)


def test_what_is_no_token() -> None:
    for text in ("help@lumen.example", "help+x@lumen.example", "help+r.@x", "", "@", "+", "help+r" + "0" * 26 + "@x"):
        assert token_in_address(text) is None
    for text in ("", "x@y", "a.b.c@d", "." * 80, message_id(SECRET, MAILBOX, "code:1")):
        assert token_in_id(text) is None
