"""The new part of a reply, in the ways mail programs quote."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.reading.quoting import new_part

CHINESE = [
    (
        '还没收到\n\n------------------ 原始邮件 ------------------\n发件人: "茶野"\n发送时间: 3月2日\n\n您好',
        "还没收到",
    ),
    ("好的，谢谢\n\n在 2026年3月2日，下午5:00，茶野 <help@chaye.example> 写道：\n\n> 您好", "好的，谢谢"),
    ("好的\n\n茶野 <help@chaye.example> 于2026年3月2日周一 17:00写道：\n\n> 您好", "好的"),
    ("好的\n\n---- 回复的原邮件 ----\n| 发件人 | 茶野 |\n| 日期 | 2026年3月2日 |", "好的"),
    ("收到\n\n发自我的iPhone\n\n> 在 2026年3月2日，茶野 写道：\n> 您好", "收到"),
    ("發貨了嗎\n\n寄件者: 茶野\n寄件日期: 3月2日\n收件者: lin@example.com\n主旨: 訂單\n\n您好", "發貨了嗎"),
]
LUMEN = "Lumen <help@lumen.example>"
OTHERS = [
    (f"Still nothing.\n\nOn Mon, 2 Mar 2026 at 10:00, {LUMEN} wrote:\n\n> Hello", "Still nothing."),
    ("Thanks\n\n-----Original Message-----\nFrom: Lumen\nSent: Monday\nTo: Ines\nSubject: Order\n\nHello", "Thanks"),
    (f"Thanks\n\nFrom: {LUMEN}\nSent: Monday\nTo: Ines\nSubject: Order\n\nHello", "Thanks"),
    (f"Danke!\n\nAm Mo., 2. März 2026 um 10:00 Uhr schrieb {LUMEN}:\n> Hallo", "Danke!"),
    (f"Merci\n\nLe lun. 2 mars 2026 à 10:00, {LUMEN} a écrit :\n> Bonjour", "Merci"),
    ("Thanks\n\nSent from my iPhone", "Thanks"),
    ("Thanks\n-- \nInes\nHamburg", "Thanks"),
    (f"On Mon, 2 Mar 2026 at 10:00, {LUMEN} wrote:\n> Which lamp?\n\nThe blue one.", "The blue one."),
]
INTERLEAVED = "Hi\n\n> Which lamp?\nThe blue one.\n\n> Which street?\n\nLange Reihe."


@pytest.mark.parametrize(("mail", "new"), [*CHINESE, *OTHERS, (INTERLEAVED, INTERLEAVED)])
def test_new_part(mail: str, new: str) -> None:
    assert new_part(mail) == new


@pytest.mark.parametrize(
    "mail",
    [
        "On Monday I ordered lamp 1001 and you wrote: it comes on Friday. It did not.",
        "Subject: my lamp is broken\nIt fell down.",
        "Please send it to:\nInes, Lange Reihe 1, 20099 Hamburg",
        "From: Hamburg\nI moved. To: Berlin.",
        "地址：汉堡\n电话：123456",
        "> all quote",
        "-- \nonly a signature",
        "",
    ],
)
def test_words_of_the_sender_are_kept(mail: str) -> None:
    assert new_part(mail) == mail.strip()


@given(
    st.lists(
        st.sampled_from(
            [
                "On 1/2/2026 a@b.c wrote:",
                "> q",
                "",
                "text",
                "--",
                "From: a",
                "To: b",
                "Subject: c",
                "----- Original Message -----",
                "在 2026年 写道：",
            ]
        ),
        max_size=40,
    )
)
def test_something_is_always_left(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert bool(new_part(text).strip()) == bool(text.strip())


PIECES = [
    "On Fri, 3 May 2024 at 10:02, Lumen <a@b.example> wrote:",
    "> quoted",
    "> a long quoted line that was broken by a program at the place where it",
    "goes on",
    "",
    "The blue one.",
    "-----",
    "-- ",
    "From: a <a@b.example>",
    "Sent: Friday, 3 May 2024",
    "Subject: c",
    "-----Original Message-----",
    "Sent from my iPhone",
    "在 2024年5月3日 10:02，茶野 写道：",
    "谢谢",
    "-Ines",
    "```",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_lines_are_left_out_and_nothing_else_is_done(lines: list[str]) -> None:
    left = iter(line.rstrip() for line in "\n".join(lines).strip().split("\n"))
    assert all(line.rstrip() in left for line in new_part("\n".join(lines)).split("\n"))


@given(st.text("aB 我é>-\n.", max_size=300), st.sampled_from(["Where is it?", "Thanks", "收到"]))
def test_what_stands_above_a_mail_is_what_it_is_without_that_mail(words: str, more: str) -> None:
    words = f"{more}\n{words}"
    quote = "\n\n-----Original Message-----\nFrom: a <a@b.example>\nSent: Friday\nTo: b\nSubject: c\n\nHello"
    assert new_part(words + quote).split() == new_part(words).split()


@pytest.mark.parametrize(
    "piece",
    [
        "On ",
        "> ",
        "On 2026 a@b.c wrote:\n",
        "From:\nTo:\nSubject:\n",
        "2\n",
        "-",
        "在2026\n",
        "wrote:\n",
        f">>> 1{'1' * 170}>>>\n",
        "x. On 1 " * 40 + ":\n",
        "to\n\n1.1.2024 10:00\nsubject\n",
    ],
)
def test_time_is_linear(piece: str) -> None:
    started = time.process_time()
    new_part(piece * (1_000_000 // len(piece)))
    assert time.process_time() - started < 2
