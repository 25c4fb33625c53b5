"""What mail servers say of a sender: believed from ours alone, on the topmost hop, and about the From alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.reading.authentication import FAIL, PASS, UNKNOWN, hops_of, sender_check
from app.mail.reading.parsing import parse

TRUSTED = frozenset({"mx.shop.example", "mx.google.com"})
INES = "ines@example.com"

SAID = [
    ("mx.shop.example; dmarc=pass (p=reject dis=none) header.from=example.com", PASS),
    ("MX.Shop.Example 1; dmarc=PASS header.from=Example.COM", PASS),
    (
        'mx.google.com;\r\n dkim=pass header.i=@example.com;\r\n dmarc=pass (p=NONE) header.from="example.com"',
        PASS,
    ),
    ("mx.shop.example; dmarc=fail (p=none dis=none) header.from=example.com", FAIL),
    ("mx.shop.example; dkim=pass header.d=example.com; dmarc=fail header.from=example.com", FAIL),
    ("mx.shop.example; dkim=pass header.d=example.com", PASS),
    ("mx.shop.example; dkim=pass header.d=evil.example", UNKNOWN),
    ("mx.shop.example; dkim=pass header.d=mail.example.com", UNKNOWN),  # what is below speaks not for what is above
    ("mx.shop.example; dkim=pass header.d=com", UNKNOWN),
    ("mx.shop.example; spf=pass smtp.mailfrom=ines@example.com", PASS),
    ("mx.shop.example; spf=pass smtp.mailfrom=example.com smtp.helo=x", PASS),
    ("mx.shop.example; spf=pass smtp.helo=example.com", UNKNOWN),
    ("mx.shop.example; spf=fail smtp.mailfrom=example.com; dkim=none", FAIL),
    ("mx.shop.example; spf=fail smtp.mailfrom=forwarder.example; dkim=pass header.d=example.com", PASS),
    ("mx.shop.example; dmarc=pass header.from=evil.example", UNKNOWN),
    ("mx.shop.example; dmarc=none header.from=example.com; spf=softfail", UNKNOWN),
    ("mx.shop.example; none", UNKNOWN),
    ("evil.example; dmarc=pass header.from=example.com", UNKNOWN),
    ("mx.shop.example.evil.example; dmarc=pass header.from=example.com", UNKNOWN),
    ("evil.example; x=y (; mx.shop.example); dmarc=pass", UNKNOWN),
    ("mx.shop.example (nested (comment); dmarc=pass header.from=example.com); dmarc=fail", FAIL),
    ('mx.shop.example; dkim=fail reason="; dmarc=pass header.from=example.com"', UNKNOWN),
    ("dmarc=pass header.from=example.com", UNKNOWN),
    ("", UNKNOWN),
    (";;;=;=", UNKNOWN),
]


@pytest.mark.parametrize(("said", "wanted"), SAID, ids=[said[:60] for said, _ in SAID])
def test_what_a_server_says(said: str, wanted: str) -> None:
    assert sender_check(hops_of([("authentication-results", said.encode())]), TRUSTED, INES) == wanted


def test_microsoft_writes_no_name_and_is_believed_only_when_asked() -> None:
    said = "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.com; dmarc=pass action=none header.from=example.com"
    hops = hops_of([("authentication-results", said.encode())])
    assert sender_check(hops, TRUSTED, INES) == UNKNOWN
    assert sender_check(hops, {"nameless"}, INES) == PASS


def test_the_servers_of_a_large_provider_are_named_together() -> None:
    said = b"mxfront7.mail.provider.example; spf=pass smtp.mail=ines@example.com; dkim=pass header.i=@example.com"
    hops = hops_of([("authentication-results", said)])
    assert sender_check(hops, {".mail.provider.example"}, INES) == PASS
    assert sender_check(hops, {"mail.provider.example"}, INES) == UNKNOWN
    assert sender_check(hops, {".l.provider.example"}, INES) == UNKNOWN


def test_what_stands_below_a_hop_of_ours_is_a_strangers() -> None:
    forged = ("authentication-results", b"mx.shop.example; dmarc=pass header.from=example.com")
    ours = ("authentication-results", b"mx.shop.example; dmarc=fail header.from=example.com")
    hop = ("received", b"from evil.example by mx.shop.example")
    assert sender_check(hops_of([hop, ours, hop, forged]), TRUSTED, INES) == FAIL
    assert sender_check(hops_of([ours, forged]), TRUSTED, INES) == FAIL
    foreign = ("authentication-results", b"scanner.example; dmarc=pass header.from=example.com")
    assert sender_check(hops_of([foreign, hop, ours]), TRUSTED, INES) == FAIL
    assert sender_check(hops_of([hop, foreign]), TRUSTED, INES) == UNKNOWN


def test_what_another_trusted_server_says_below_ours_is_not_heard() -> None:
    fields = [
        ("authentication-results", b"mx.shop.example; none"),
        ("authentication-results", b"mx.google.com; dmarc=pass header.from=example.com"),
    ]
    assert sender_check(hops_of(fields), TRUSTED, INES) == UNKNOWN


def test_two_fields_of_one_server_are_read_together() -> None:
    fields = [
        ("authentication-results", b"mx.shop.example; dmarc=none header.from=example.com"),
        ("authentication-results", b"mx.shop.example; dkim=pass header.d=example.com"),
    ]
    assert sender_check(hops_of(fields), TRUSTED, INES) == PASS


def test_a_domain_of_other_letters_is_compared_as_it_is_sent() -> None:
    said = "mx.shop.example; dmarc=pass header.from=xn--bcher-kva.example"
    hops = hops_of([("authentication-results", said.encode())])
    assert sender_check(hops, TRUSTED, "ines@bücher.example") == PASS


@pytest.mark.parametrize(
    "senders", ["From: a@example.com, b@evil.example\n", "From: a@example.com\nFrom: b@evil.example\n"]
)
def test_several_senders_are_counted(senders: str) -> None:
    assert parse(f"{senders}Subject: x\n\nhi".encode()).senders == 2


@given(
    st.lists(st.tuples(st.sampled_from(["received", "authentication-results"]), st.binary(max_size=200)), max_size=30)
)
def test_nothing_that_comes_in_is_proof_without_a_trusted_name(fields: list[tuple[str, bytes]]) -> None:
    assert sender_check(hops_of(fields), frozenset(), INES) == UNKNOWN


@given(st.text(alphabet='();="\\ .,ab mx.shop.example dmarc=pass header.from=', max_size=400))
def test_hostile_fields_never_fail_the_reading(said: str) -> None:
    assert sender_check(hops_of([("authentication-results", said.encode())]), TRUSTED, INES) in (PASS, FAIL, UNKNOWN)
