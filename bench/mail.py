"""What reading one mail costs, beside the standard library's parser on the same mails.

Usage: python bench/mail.py [folder of .eml files]

Without a folder: the samples of tests/data/mail, and made ones: with HTML, with two megabytes of files, in Chinese.
Each mail is read five times by both, the best time of each counts. Milliseconds of processor time in this process.
"""

import statistics
import sys
import time
from base64 import encodebytes
from email import message_from_bytes, policy
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.mail.reading.parsing import parse

SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "data" / "mail" / "mails"
TIMES = 5


def main(arguments):
    folder = Path(arguments[0]) if arguments else SAMPLES
    groups = {folder.name: [path.read_bytes() for path in sorted(folder.rglob("*.eml"))]}
    if not arguments:
        groups |= made()
    print(f"{'mails':<14}{'count':>6}{'p50':>9}{'p99':>9}{'max':>9}{'stdlib p50':>12}{'ratio':>8}")
    for name, mails in groups.items():
        ours, theirs = sorted(map(cost(parse), mails)), [cost(stdlib)(mail) for mail in mails]
        middle, other = statistics.median(ours), statistics.median(theirs)
        last = ours[min(len(ours) - 1, int(len(ours) * 0.99))]
        print(
            f"{name:<14}{len(mails):>6}{middle:>9.2f}{last:>9.2f}{ours[-1]:>9.2f}{other:>12.2f}{middle / other:>8.2f}"
        )


def cost(read):
    def best(mail):
        times = []
        for _ in range(TIMES):
            started = time.process_time()
            read(mail)
            times.append((time.process_time() - started) * 1e3)
        return min(times)

    return best


def stdlib(mail):
    """The fields and bodies that `parse` gives; it reads no reply, bounce or charset beyond the label."""
    try:
        read = message_from_bytes(mail, policy=policy.default)
        for name in ("from", "to", "subject", "date"):
            str(read[name])
        body = read.get_body(("plain", "html"))
        if body is not None:
            body.get_content()
        for part in read.iter_attachments():
            part.get_filename()
            part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 - where it gives up, it was quick
        pass


def made():
    """Mails of one kind each, ten of a kind that differ a little."""
    head = b"From: Lin <lin@example.com>\nTo: help@shop.example\nSubject: =?utf-8?B?6K6i5Y2V?=\nMIME-Version: 1.0\n"
    words = "Where is my parcel? It should have been here on Monday.\n" * 20
    quoted = (
        words + "\nOn Mon, Nov 23, 2026 at 10:00 Ines wrote:\n" + "".join(f"> {line}\n" for line in words.splitlines())
    )
    page = "<html><body>" + "<div><p style='color:red'>Where is <b>my</b> parcel?</p></div>" * 200 + "</body></html>"
    mixed = head + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + words.encode() + b"\n--b\n"
    file = b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n"
    chinese = "您好，我的订单什么时候发货？快递单号查不到，请尽快处理，谢谢。\n" * 40
    kinds = {
        "answer": lambda n: head + b"\n" + (quoted + str(n)).encode(),
        "html": lambda n: head + b"Content-Type: text/html\n\n" + (page + str(n)).encode(),
        "files, 2 MB": lambda n: mixed + file + encodebytes(bytes([n]) * 2_000_000) + b"--b--\n",
        "gbk, no label": lambda n: head + b"\n" + (chinese + str(n)).encode("gbk"),
    }
    return {name: [make(number) for number in range(10)] for name, make in kinds.items()}


if __name__ == "__main__":
    main(sys.argv[1:])
