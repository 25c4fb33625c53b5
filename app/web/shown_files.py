"""The files of a message, as every page of the desk shows them."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from app.i18n import gettext
from app.web.file_words import refusal_words

ORNAMENT = (200, 100)  # pixels wide and high: smaller ones within a mail are logos, lines and smiles


def shown_files(attachments: Sequence[Mapping[str, Any]] | None, language: str) -> list[dict[str, Any]]:
    """Where each file is, of which kind and how large; without the ornaments of a mail, which its original shows."""
    return [_file(file, language) for file in attachments or () if not _is_ornament(file)]


def _is_ornament(file: Mapping[str, Any]) -> bool:
    width, height = file.get("width") or 0, file.get("height") or 0
    return bool(file.get("inline")) and 0 < width < ORNAMENT[0] and height < ORNAMENT[1]


def _file(file: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Where a file is, and how large, or why it is not there."""
    stem, _, extension = file["name"].rpartition(".")
    return {
        **file,
        "url": f"/files/{file['id']}/{quote(file['name'], safe='')}",
        "kind": extension.upper() if stem else "",
        "amount": amount(file["size"]),
        "refusal": gettext(refusal_words(file["refusal"]), language) if "refusal" in file else "",
    }


def amount(size: int) -> str:
    """A number of bytes as people read it; the scripts say the same."""
    return f"{max(1, round(size / 1_000))} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
