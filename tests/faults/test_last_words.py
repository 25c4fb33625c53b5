"""Who reads along on a line to a mail server: which mails may come twice, and which may not."""

from tests.faults.last_words import LastWords

MAIL = b"From: a@b.example\r\nMessage-ID: <one@lumen.example>\r\n\r\nIt is on its way.\r\n..\r\n"


def said(words: LastWords, line: object, *pieces: bytes) -> None:
    for piece in (b"EHLO x\r\n", b"MAIL FROM:<a@b>\r\n", b"DATA\r\n", *pieces):
        words.asked(line, piece)


def test_a_line_that_ends_after_the_dot_leaves_doubt() -> None:
    words = LastWords()
    said(words, 1, MAIL[:40], MAIL[40:] + b".", b"\r\n")
    words.ended(1)
    assert words.allowed == {"one@lumen.example": 1}


def test_before_the_dot_and_after_the_answer_there_is_none() -> None:
    words = LastWords()
    said(words, 1, MAIL)
    words.ended(1)
    said(words, 2, MAIL, b".\r\n")
    words.answered(2, b"250 2.0.0 Ok\r\n")
    words.ended(2)
    said(words, 3, MAIL, b".\r\n")
    words.answered(3, b"450 4.3.0 Error: command failed\r\n")
    words.ended(3)
    assert not words.allowed
    assert (words.taken, words.refused) == (1, 1)


def test_what_was_heard_and_not_noted_may_come_once_more() -> None:
    words = LastWords()
    said(words, 1, MAIL, b".\r\n")
    words.answered(1, b"250 2.0.0 Ok\r\n")
    assert words.recent(60) == {"one@lumen.example"}
    words.unsure(words.recent(60))
    words.unsure(words.recent(60))
    assert words.allowed == {"one@lumen.example": 1}
