"""Run as a program of its own, with little memory and time: reads mails one after another as its parent hands them in.

Asked by `arriving.reader`. Whatever a stranger's bytes do to a parser, they can only end this process, which knows no
secret and can write no file.
"""

import dataclasses
import json
import resource
import struct
import sys
from contextlib import suppress
from datetime import datetime
from typing import Any, BinaryIO

from app.mail.reading.cleaning import CleanHtml, clean_html
from app.mail.reading.forwarding import forwarded
from app.mail.reading.parsing import ParsedMail, parse, parse_headers

MEGA = 1 << 20
MEMORY_BYTES, SECONDS = 512 * MEGA, 5
MOST_MAILS, MOST_KEPT_BYTES = 2_000, 192 * MEGA  # then a fresh process is better
READY = b"R"  # is said once
WHOLE, HEADERS = b"W", b"H"  # what is asked
ASKED = struct.Struct(">cQ")  # what, and the length of the mail, which follows
ANSWERED = struct.Struct(">QQ?")  # lengths of the JSON and of the files, which follow; and whether this was the last


def main() -> None:
    """Answer until the parent hangs up."""
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    answers.write(READY)
    answers.flush()
    for number in range(1, MOST_MAILS + 1):
        head = asked.read(ASKED.size)
        if len(head) < ASKED.size:
            return
        what, size = ASKED.unpack(head)
        mail = asked.read(size)
        _allow_seconds()
        read = read_whole(mail) if what == WHOLE else parse_headers(mail)
        del mail
        last = number == MOST_MAILS or _kept_bytes() > MOST_KEPT_BYTES
        _answer(answers, read, last=last)
        del read
        if last:
            return


def read_whole(mail: bytes) -> ParsedMail:
    """What can be read of `mail`, with its HTML cleaned, and only so. Pure; never raises."""
    parsed = _with_forwarded(parse(mail))
    if not parsed.html:
        return parsed
    try:
        clean = clean_html(parsed.html)
    except Exception:  # noqa: BLE001 - the text and the raw mail are there; nothing uncleaned may leave here
        clean = CleanHtml("")
    return dataclasses.replace(parsed, html="", clean=clean)


def _with_forwarded(parsed: ParsedMail) -> ParsedMail:
    try:
        return dataclasses.replace(parsed, forwarded=forwarded(parsed, parse))
    except Exception:  # noqa: BLE001 - then it is a mail as any other
        return parsed


def _answer(answers: BinaryIO, read: ParsedMail, *, last: bool) -> None:
    """The files follow the JSON as they are: as text they would be larger, and have to be copied."""
    contents = [file.content for file in read.attachments]
    said = {"mail": plain(read), "sizes": [len(content) for content in contents]}
    text = json.dumps(said, ensure_ascii=False).encode()
    answers.write(ANSWERED.pack(len(text), sum(map(len, contents)), last))
    answers.write(text)
    answers.writelines(contents)
    answers.flush()


def plain(value: Any) -> Any:
    """`value` as JSON has it. Bytes are left out: only files have them, and they know their size."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # lone surrogates are no text
    if dataclasses.is_dataclass(value):
        pairs = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: plain(one) for name, one in pairs if not isinstance(one, bytes)}
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _limit(which: int, most: int) -> None:
    with suppress(ValueError, OSError):  # not every system has every limit
        resource.setrlimit(which, (most, most))


def _allow_seconds() -> None:
    """From now on so much processor time, to the whole second below; the parent counts the time on the wall."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + SECONDS, hard))


def _kept_bytes() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    main()
