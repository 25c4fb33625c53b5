"""The two filters without the rest of the desk, so that they start at once: `python -m bots classify | dialogue`."""

import io
import sys

from bots.filters import classify, follow_dialogues

_FILTERS = {"classify": classify, "dialogue": follow_dialogues}


def main(arguments: list[str]) -> int:
    """Filter standard input, read as UTF-8; broken bytes spoil only the line they stand in."""
    chosen = _FILTERS.get(arguments[0]) if len(arguments) == 1 else None
    if chosen is None:
        sys.stderr.write("usage: python -m bots classify | dialogue  (lines of JSON in, lines of JSON out)\n")
        return 2
    lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
    try:
        for line in chosen(lines):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    except (BrokenPipeError, KeyboardInterrupt):
        sys.stderr.close()  # whoever read has gone
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
