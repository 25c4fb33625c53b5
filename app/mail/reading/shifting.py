"""Text in seven bits that shifts between sets: ISO-2022 (Japanese, Korean, Chinese) and HZ. Pure; never raises."""

import re
from collections.abc import Iterable

_MOST = 1_048_576  # bytes that are read by hand
_HZ = re.compile(rb"~\{(?:[!-w][!-~]){2,}~\}")
_SHIFT = re.compile(rb"\x1b(?:\$[@AB]|\$\([A-D]|\([BIJ]|\$\)[ACG])")
_ESCAPE = re.compile(rb"\$[@AB]|\$\([A-D]|\([A-J]")


def shifts(content: bytes) -> bool:
    """Whether escapes of ISO-2022 stand in `content`."""
    return _SHIFT.search(content) is not None


def shifted(content: bytes) -> str:
    """ISO-2022 in its kinds (RFC 1468, 1554, 1557, 1922), as mailers write it: with the characters of Windows, too."""
    if b"\x1b$)A" in content or b"\x1b$)G" in content:
        return _from_shifted_chinese(content)
    if b"\x1b$)C" in content:
        return content.decode("iso2022_kr", "replace")
    try:
        return content.decode("iso2022_jp_ext")
    except UnicodeError:
        return "".join(_from_shifted_japanese(content[:_MOST]))


def is_hz(content: bytes) -> bool:
    """Whether ASCII is Chinese in HZ (RFC 1843)."""
    if _HZ.search(content) is None:
        return False
    try:
        content.decode("hz")
    except UnicodeError:
        return False
    return True


def _from_shifted_japanese(content: bytes) -> Iterable[str]:
    """ISO-2022-JP with the rows of NEC and IBM, which the codec refuses: each stretch as what its escape says."""
    kind = b"(B"
    for piece in re.split(rb"\x1b(\$[@AB]|\$\([A-D]|\([A-J])", content):
        if piece[:1] in (b"$", b"(") and len(piece) in (2, 3) and _ESCAPE.fullmatch(piece):
            kind = piece
        elif kind in (b"$@", b"$B", b"$(B"):
            for line in re.split(rb"(\n)", piece):  # a line break ends what was not closed
                yield "\n" if line == b"\n" else _windows_japanese(line)
        elif kind == b"(I":
            yield bytes(byte | 0x80 if byte > 0x20 else byte for byte in piece).decode("cp932", "replace")
        else:
            codec = {b"$A": "gb2312", b"$(A": "gb2312", b"$(C": "euc_kr"}.get(kind, "utf-8")
            raw = bytes(byte | 0x80 for byte in piece) if codec != "utf-8" else piece
            yield raw.decode(codec, "replace")


def windows_euc(content: bytes) -> str:
    """EUC-JP with the rows of NEC and IBM, which the codec refuses."""

    def read(run: re.Match[bytes]) -> bytes:
        text = run[1].decode("cp932", "replace") if run[1] else _windows_japanese(run[0])
        return text.encode("utf-8", "replace")

    return re.sub(rb"\x8e([\xa1-\xdf])|(?:[\xa1-\xfe]{2})+", read, content).decode("utf-8", "replace")


def _windows_japanese(pairs: bytes) -> str:
    """JIS X 0208 with its Windows extensions: the same places as in Shift_JIS, counted in another way."""
    found = bytearray()
    for high, low in zip(pairs[::2], pairs[1::2], strict=False):
        row, column = (high & 0x7F) - 0x21, (low & 0x7F) - 0x21
        lead = row // 2 + (0x81 if row < 62 else 0xC1)
        trail = column + (0x9F if row % 2 else 0x40 + (column >= 63))
        found += bytes((lead & 0xFF, trail & 0xFF))
    return bytes(found).decode("cp932", "replace")


def _from_shifted_chinese(content: bytes) -> str:
    plain = re.sub(rb"\x1b[$][)*+][A-G]", b"", content)
    eight = re.sub(rb"\x0e([^\x0f\n]*)\x0f?", lambda match: bytes(byte | 0x80 for byte in match[1]), plain)
    return eight.decode("gb18030", "replace")
