"""UTF-8 that some program on the way took for a charset of Windows and encoded once more: `GrÃ¼ÃŸe`. Pure."""

import re

_FOREIGN = re.compile("[^\x00-\x7f]+")
_LETTERS = re.compile("[A-Za-z]")
_MOST_TIMES = 2


def _bytes_behind(codec: str) -> dict[int, int]:
    """For each character of `codec` the byte it was read from; what it leaves free was read as control characters."""
    table = {byte: byte for byte in range(0x80, 0xA0)}
    for byte in range(0x80, 0x100):
        letter = bytes((byte,)).decode(codec, "ignore")
        table |= {ord(letter): byte} if letter else {}
    return table


_BEHIND = tuple(_bytes_behind(codec) for codec in ("cp1252", "cp1251", "cp1250"))


def undoubled(text: str) -> str:
    """`text`, or what was meant by it. Every foreign character must be explained by that, else nothing is changed."""
    for _ in range(_MOST_TIMES):
        first = _FOREIGN.search(text)
        tables = [table for table in _BEHIND if first and 0xC2 <= table.get(ord(first[0][0]), 0) <= 0xF4]
        meant = next((read for table in tables if (read := _meant(text, table)) is not None), None)
        if meant is None:
            break
        text = meant
    return text


def _meant(text: str, table: dict[int, int]) -> str | None:
    pieces: list[str] = []
    end = letters = 0
    glued = False
    for run in _FOREIGN.finditer(text):
        raw = bytes(table.get(ord(letter), 0xFF) for letter in run[0])
        try:
            read = raw.decode("utf-8")
        except UnicodeDecodeError:
            return None
        letters += len(raw) - len(read)
        glued |= bool(_LETTERS.match(text, run.end())) or bool(_LETTERS.match(text, run.start() - 1))
        pieces += (text[end : run.start()], read)
        end = run.end()
    return "".join([*pieces, text[end:]]) if letters > 1 or (letters and glued) else None
