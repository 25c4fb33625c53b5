"""Mails that somebody passed on, as mail programs write them in many languages."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.reading.forwarding import forwarded
from app.mail.reading.parsing import ParsedMail, parse

ANNA = ("Anna Smith", "anna@example.com", "My lamp", "It came broken.\n\nAnna")
LI = ("李娜", "lina@qq.example", "我的台灯", "收到的台灯是坏的。")

GMAIL = """Please look after her.

---------- Forwarded message ---------
From: Anna Smith <anna@example.com>
Date: Mon, 2 Mar 2026 at 09:12
Subject: My lamp
To: <maya@lumen.example>


It came broken.

Anna"""
APPLE = """Please look after her.

> Begin forwarded message:
>
> From: Anna Smith <anna@example.com>
> Subject: My lamp
> Date: 2 March 2026 at 09:12:00 CET
> To: maya@lumen.example
>
> It came broken.
>
> Anna"""
OUTLOOK = """Please look after her.

________________________________
From: Anna Smith <anna@example.com>
Sent: Monday, March 2, 2026 9:12 AM
To: Maya Chen <maya@lumen.example>; Omar
<omar@lumen.example>
Subject: My lamp

It came broken.

Anna"""
OUTLOOK_OLD = """Please look after her.

-----Original Message-----
From: Anna Smith [mailto:anna@example.com]
Sent: Monday, March 2, 2026 9:12 AM
To: Maya Chen
Subject: My lamp

It came broken.

Anna"""
OUTLOOK_GERMAN = """Please look after her.

*Von:* Anna Smith <anna@example.com<mailto:anna@example.com>>
*Gesendet:* Montag, 2. März 2026 09:12
*An:* Maya Chen
*Betreff:* My lamp

It came broken.

Anna"""
THUNDERBIRD_FRENCH = """Please look after her.


-------- Message transféré --------
Sujet : My lamp
Date : Mon, 2 Mar 2026 09:12:00 +0100
De : Anna Smith <anna@example.com>
Pour : maya@lumen.example


It came broken.

Anna"""
YANDEX = """Please look after her.

-------- Пересылаемое сообщение --------
От кого: Anna Smith <anna@example.com>
Кому: maya@lumen.example
Тема: My lamp

It came broken.

Anna"""
QQ = """请跟进一下。

------------------ 转发邮件信息 ------------------
发件人: "李娜" <lina@qq.example>;
发送时间: 2026年3月2日(星期一) 上午9:12
收件人: "maya"<maya@chaye.example>;
主题: 我的台灯

收到的台灯是坏的。"""
NETEASE = """请跟进一下。

-------- 转发邮件信息 --------
发件人："李娜" <lina@qq.example>
发送日期：2026-03-02 09:12:00
收件人：maya@chaye.example
主题：我的台灯
收件人：x

收到的台灯是坏的。"""
FOXMAIL = """请跟进一下。


发件人： 李娜
发送时间： 2026-03-02 09:12
收件人： maya
主题： 我的台灯

收到的台灯是坏的。"""

LATVIAN = """Please look after her.

No: Anna Smith <anna@example.com>
Datums: 2026. gada 2. marts 09:12
Kam: maya@lumen.example
Tēma: My lamp

It came broken.

Anna"""
INLINE = [
    ("Fwd: My lamp", GMAIL, ANNA),
    ("Fwd: My lamp", APPLE, ANNA),
    ("FW: My lamp", OUTLOOK, ANNA),
    ("FW: My lamp", OUTLOOK_OLD, ANNA),
    ("WG: My lamp", OUTLOOK_GERMAN, ANNA),
    ("TR: My lamp", THUNDERBIRD_FRENCH, ANNA),
    ("Fwd: My lamp", YANDEX, ANNA),
    ("Fwd: My lamp", LATVIAN, ANNA),
    ("Fwd: My lamp", GMAIL.replace("her.", "her.\n\nNo: 4711\nDate: Monday"), ANNA),
    ("转发：我的台灯", QQ, LI),
    ("我的台灯", NETEASE, LI),
    ("转发: 我的台灯", FOXMAIL, (LI[0], "", *LI[2:])),
]


@pytest.mark.parametrize(("subject", "text", "wanted"), INLINE)
def test_a_mail_copied_into_the_text(subject: str, text: str, wanted: tuple[str, str, str, str]) -> None:
    found = forwarded(ParsedMail(subject=subject, text=text), parse)
    assert found is not None
    assert (found.name, found.address, found.subject, found.text) == wanted
    assert found.cover.partition("\n")[0] in ("Please look after her.", "请跟进一下。")


def test_a_mail_attached_whole() -> None:
    inner = "From: Anna Smith <anna@example.com>\nSubject: My lamp\n\nIt came broken.\n"
    mail = (
        "From: maya@lumen.example\nSubject: Fwd: My lamp\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nPlease look after her.\n'
        f"--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n"
    )
    found = forwarded(parse(mail.encode()), parse)
    assert found is not None
    assert (found.address, found.text, found.cover) == ("anna@example.com", "It came broken.", "Please look after her.")


NOT = [
    ("Re: My lamp", OUTLOOK.replace("____", "")),  # an answer with what it answers below
    ("Fwd: lunch", "From: here to there\n\nwe walk"),
    ("Fwd: lunch", "Where shall we go?"),
    ("My lamp", "The forwarded message is lost.\nFrom: anna@example.com is all I know."),
    ("", ""),
]


@pytest.mark.parametrize(("subject", "text"), NOT)
def test_what_is_not_passed_on(subject: str, text: str) -> None:
    assert forwarded(ParsedMail(subject=subject, text=text), parse) is None


@given(st.text(alphabet="From: >*-Subject发件人：\n<a@b>[mailto]", max_size=600))
def test_any_text_can_be_read(text: str) -> None:
    found = forwarded(ParsedMail(subject="Fwd: x", text=text), parse)
    assert found is None or found.text


@pytest.mark.parametrize("line", ["From: a@b\n", "> ", "From:" * 50, "-- Forwarded message\nFrom: x\nTo: y", "_-= \n"])
def test_long_texts_take_no_time(line: str) -> None:
    start = time.perf_counter()
    forwarded(ParsedMail(subject="Fwd: x", text=line * (1_000_000 // len(line))), parse)
    assert time.perf_counter() - start < 2
