"""What was read of a mail as plain values for JSON, and the filter that answers many mails in one process."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from app.mail.reading.parsing import MAX_MAIL, ParsedMail, parse

MAX_LINE = 2 * MAX_MAIL  # bytes: the largest mail as base64, with its wrapping

_LENGTH = re.compile(rb"\d{1,10}")
_BEGIN_OF_MAIL = re.compile(rb"[\x21-\x39\x3b-\x7e]{1,200}[ \t]*:|From ")
_ENVELOPE_LINE = re.compile(rb"(?m)^From [^\r\n]+ \d{4}\r?\n")  # between the mails of an mbox


def printed(mail: ParsedMail) -> dict[str, Any]:
    """`mail` as the values that `wismo mail parse` prints. Ids are without brackets, addresses as they were written.

    `auto_reply` is true for everything that a machine wrote and that is no bounce.
    """
    values: dict[str, Any] = {
        "from": mail.from_written,
        "from_name": mail.from_name,
        "to": [address.written for address in mail.to if address.email],
        "subject": mail.subject,
        "message_id": mail.message_id,
        "in_reply_to": next(iter(mail.in_reply_to), ""),
        "references": list(mail.references),
        "text": mail.text,
        "html": mail.html,
        "reply_text": mail.reply_text,
        "attachments": [{"name": file.name, "type": file.type, "size": file.size} for file in mail.attachments],
        "auto_reply": mail.machine and mail.bounce is None,
        "bounce": mail.bounce is not None,
        "bounce_hard": mail.bounce is not None and mail.bounce.hard,
    }
    return {**values, "problem": mail.problem} if mail.problem else values


def answers(stream: BinaryIO) -> Iterator[str]:
    """A line of JSON for each mail of `stream`, before the next is read. What is no mail gives {"error": …}.

    A mail is a line {"id", "raw": base64} or {"id", "path"}, the path of a file, or a line with its length in bytes
    and then the mail. Anything that begins like a mail is a mailbox (mbox) up to the end, or a single mail.
    """
    while line := stream.readline(MAX_LINE):
        word = line.strip()
        if not word:
            continue
        if word.startswith(b"{"):
            yield _json(_answered(word))
        elif _LENGTH.fullmatch(word):
            yield _json(printed(parse(stream.read(min(int(word), MAX_LINE)))))
        elif _BEGIN_OF_MAIL.match(line):
            for mail in _mails_of_box(line + stream.read()):
                yield _json(printed(parse(mail)))
        else:
            path = word.decode("utf-8", "surrogateescape")
            yield _json({"path": path.encode("utf-8", "replace").decode(), **_read_file(path)})


def _answered(line: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"error": f"not a mail: {error}"}
    known = {"id": asked.get("id")}
    raw, path = asked.get("raw"), asked.get("path", asked.get("file"))
    if isinstance(raw, str):
        try:
            return known | printed(parse(base64.b64decode("".join(raw.split()), validate=True)))
        except ValueError as error:
            return known | {"error": f"raw is not base64: {error}"}
    if isinstance(path, str):
        return known | _read_file(path)
    return known | {"error": "not a mail: neither raw nor path"}


def _read_file(path: str) -> dict[str, Any]:
    try:
        with Path(path).open("rb") as file:
            return printed(parse(file.read(MAX_MAIL + 1)))
    except (OSError, ValueError) as error:
        return {"error": f"cannot be read: {type(error).__name__}"}


def _mails_of_box(content: bytes) -> Iterator[bytes]:
    found = [mail for mail in _ENVELOPE_LINE.split(content) if mail.strip()] if content.startswith(b"From ") else []
    return iter(found or [content])


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False)
