"""A mail server's words become one of a few reasons, and each reason has words in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.leaving.failures import FAILURES, failure_of, words_of


@pytest.mark.parametrize(
    ("words", "failure"),
    [
        ("550 5.1.1 The email account that you tried to reach does not exist.", "unknown_address"),
        ("550 Mailbox not found or access denied", "unknown_address"),
        ("550 5.1.2 Domain not found", "unknown_domain"),
        ("452 4.2.2 The email account that you tried to reach is over quota", "mailbox_full"),
        ("552 5.2.3 Message exceeds local size limit", "too_large"),
        ("552 Error: message size exceeds fixed maximum message size", "too_large"),
        ("550 5.7.1 Service unavailable, Client host blocked using Spamhaus", "refused"),
        ("550-5.7.26 This mail is unauthenticated, which poses a security risk", "our_proof"),
        ("550 5.7.1 rejected by DMARC policy of the sender's domain", "our_proof"),
        ("451 4.7.1 Greylisted, please try again later", "too_many"),
        ("421-4.7.28 Our system has detected an unusual rate of unsolicited mail", "too_many"),
        ("SMTPAuthenticationError: 535 5.7.8 Username and Password not accepted", "our_login"),
        ("SMTPAuthenticationError: 535 Error: 授权码错误", "our_login"),
        ("SMTPConnectTimeoutError: Timed out connecting to smtp.example on port 25", "unreachable"),
        ("550 Mail content denied. 垃圾邮件", "refused"),
        ("554 no", "other"),
        ("", "other"),
    ],
)
def test_reasons(words: str, failure: str) -> None:
    assert failure_of(words) == failure


@given(st.text(max_size=300))
def test_any_words_have_a_reason(words: str) -> None:
    assert failure_of(words) in FAILURES


@pytest.mark.parametrize("failure", [*FAILURES, "something new"])
def test_reasons_are_put_into_words(failure: str) -> None:
    assert words_of(failure, "en") != words_of(failure, "zh")
