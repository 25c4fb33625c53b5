"""Letters by number, so that at the end each word and each byte is known: in several encodings, some with a file."""

import io
import zipfile
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from random import Random

HELP = "help@lumen.example"
ENCODINGS = (("utf-8", "8bit"), ("utf-8", "base64"), ("utf-8", "quoted-printable"), ("gb18030", "base64"))
WORDS = (
    *("lamp", "parcel", "yesterday", "courier", "neighbour", "blue", "broken", "Größe", "señal", "чашка"),
    *("包裹", "快递", "灯", "昨天", "蓝色", "还没到", "发货", "谢谢"),
)
NO_FILE, MOST_BYTES = 0.6, 120_000


@dataclass(frozen=True)
class Letter:
    """What number `number` of a run says; everything follows from the seed."""

    number: int
    seed: object
    words: str
    name: str = ""
    file: bytes = b""

    @property
    def sender(self) -> str:
        return f"p{self.number}@d{self.number}.example"

    def content(self) -> bytes:
        """The mail as its writer's program makes it, with the line ends of the wire."""
        mail = EmailMessage(policy.SMTP)
        mail["From"] = f"Person {self.number} <{self.sender}>"
        mail["To"] = HELP
        mail["Subject"] = f"Question {self.number} 问题"
        mail["Message-ID"] = f"<n{self.number}.{self.seed}@d{self.number}.example>"
        mail["Date"] = "Mon, 2 Mar 2026 09:00:00 +0000"
        charset, encoding = Random(f"{self.seed} {self.number}").choice(ENCODINGS)
        mail.set_content(self.words, charset=charset, cte=encoding)
        if self.name:
            mail.add_attachment(self.file, maintype="application", subtype="octet-stream", filename=self.name)
        return mail.as_bytes()

    def passed_on(self, server: str) -> bytes:
        """The same mail after it went over another server of the shop's, which noted that above it."""
        noted = f"Return-Path: <{self.sender}>\r\nDelivered-To: {HELP}\r\nReceived: from d.example by {server}.example"
        return f"{noted}; Mon, 2 Mar 2026 09:00:02 +0000\r\n".encode() + self.content()


def make_letter(number: int, seed: object) -> Letter:
    """Lines that begin with dots are in it, because SMTP writes them differently on the wire (RFC 5321, 4.5.2)."""
    chance = Random(f"{seed}/{number}")
    lines = [" ".join(chance.choices(WORDS, k=chance.randint(3, 9))) for _ in range(chance.randint(1, 12))]
    lines[chance.randrange(len(lines))] += "\n.\n..\n. . ."
    words = "\n".join([f"Where is parcel number {number}, please?", *lines, f"That was all about {number}."]) + "\n"
    if chance.random() < NO_FILE:
        return Letter(number, seed, words)
    kind = chance.choice(("pdf", "zip", "csv"))
    return Letter(number, seed, words, f"bill {number}.{kind}", _file(kind, chance))


def number_in(text: str) -> int:
    """Which letter a text is, or answers. Raises ValueError."""
    before, found, rest = text.partition("parcel number ")
    if not found:
        raise ValueError(before[:100])
    return int(rest.split(",", maxsplit=1)[0])


def plain(text: str) -> str:
    """Words without what a mail program may do to blanks and line ends."""
    return " ".join(text.split())


def _file(kind: str, chance: Random) -> bytes:
    content = chance.randbytes(int(MOST_BYTES ** chance.random()))
    if kind == "pdf":
        return b"%PDF-1.7\n" + content
    if kind == "csv":
        return "".join(f"{byte},灯\r\n" for byte in content[:2_000]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("content"), content)
    return packed.getvalue()
