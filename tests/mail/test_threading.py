"""Tokens name a conversation only for whom they were made."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.reading.headers import ids
from app.mail.threading import (
    BOUNCE,
    REPLY,
    bounce_address,
    mailbox_of,
    message_id,
    reply_address,
    same_address,
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


@given(name=st.uuids(), separator=st.sampled_from("+-=_#"), upper=st.booleans(), quoted=st.booleans())
def test_a_reply_address_survives_mail_systems(name: UUID, separator: str, upper: bool, quoted: bool) -> None:
    conversation = f"cnv_{name.hex[:26]}"
    address = reply_address(SECRET, MAILBOX, conversation, INES).replace("+", separator)
    local, _, domain = (address.upper() if upper else address).rpartition("@")
    address = f'"{local}"@{domain}' if quoted else f"{local}@{domain}"
    assert mailbox_of(address) == MAILBOX
    token = token_in_address(address)
    assert token is not None
    assert token.public_id == conversation
    assert verify(SECRET, token, INES)


WRITTEN = [
    lambda header_id: f"<{header_id}>",
    lambda header_id: f"<{header_id.upper()}>",
    lambda header_id: f"<x@y>\r\n\t<{header_id[:40]}\r\n {header_id[40:]}> <z@y>",  # folded within
    lambda header_id: f"<x@y> <{header_id[:65]}",  # cut off within the domain
    lambda header_id: header_id,
    lambda header_id: f"<{header_id}.relay.example>",
    lambda header_id: f'"Re: lamp" of Monday <{header_id}>',
]


@pytest.mark.parametrize("write", WRITTEN)
def test_a_message_id_survives_mail_programs(write: Callable[[str], str]) -> None:
    conversation = new_id("cnv")
    header_id = message_id(SECRET, MAILBOX, "message:7", conversation, INES)
    found = [token_in_id(each) for each in ids(write(header_id).encode())]
    [token] = [token for token in found if token is not None]
    assert verify(SECRET, token, INES)


def test_an_address_is_signed_as_it_is_sent() -> None:
    token = token_in_address(reply_address(SECRET, MAILBOX, new_id("cnv"), "ines@bücher.example"))
    assert token is not None
    assert verify(SECRET, token, "Ines@xn--bcher-kva.example")


@given(address=st.emails(), other=st.emails(), cut=st.integers(0, 15), letter=st.sampled_from("abc234"))
def test_a_token_is_for_one_address_and_cannot_be_bent(address: str, other: str, cut: int, letter: str) -> None:
    token = token_in_address(reply_address(SECRET, MAILBOX, new_id("cnv"), address))
    assert token is not None
    assert verify(SECRET, token, address)
    assert verify(SECRET, token, other) == (same_address(address) == same_address(other))
    bent = token.signature[:cut] + letter + token.signature[cut + 1 :]
    assert verify(SECRET, replace(token, signature=bent), address) == (bent == token.signature)
    assert not verify(SECRET, replace(token, public_id=new_id("cnv")), address)
