"""The reader without the rest of the desk, so that it starts at once: `python -m app.mail.reading [--stream]`."""

import json
import sys

from app.mail.reading.parsing import MAX_MAIL, parse
from app.mail.reading.printing import answers, printed


def main(*, stream: bool) -> int:
    """Print what is in the mail on standard input; with `stream`, in each of the mails, a line of JSON each."""
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    source = sys.stdin.buffer
    try:
        if not stream:
            _say(json.dumps(printed(parse(source.read(MAX_MAIL + 1))), ensure_ascii=False, indent=2))
            return 0
        for line in answers(source):
            _say(line)
    except (BrokenPipeError, KeyboardInterrupt):
        sys.stderr.close()  # whoever read has gone
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(stream="--stream" in sys.argv[1:]))
