"""Text with marks for bold and the like: text/enriched (RFC 1896) and its forerunner text/richtext (RFC 1341). Pure."""

import re

_TAG = re.compile(r"<<|<(/?)([a-zA-Z0-9-]{1,60})>")
_SILENT = {"text/enriched": ("param",), "text/richtext": ("comment",)}
_BREAKS = {"nl": "\n", "np": "\n\n", "paragraph": "\n\n"}


def text_of_enriched(text: str, kind: str) -> str:
    """What `text`, of the media type `kind`, says without its marks."""
    is_rich = kind == "text/richtext"
    pieces: list[str] = []
    end = silent = unfilled = 0
    for tag in [*_TAG.finditer(text), None]:
        if not silent:
            said = text[end : tag.start() if tag else len(text)]
            pieces.append(said if unfilled else _filled(said, is_rich=is_rich))
        if tag is None:
            break
        end, name, step = tag.end(), (tag[2] or "").lower(), -1 if tag[1] else 1
        if name in _SILENT[kind]:
            silent = max(0, silent + step)
        elif name == "nofill":
            unfilled = max(0, unfilled + step)
        elif not silent:
            pieces.append(_meant(tag[0], name, is_rich=is_rich, opens=step > 0))
    return "".join(pieces)


def _filled(text: str, *, is_rich: bool) -> str:
    """Line breaks wrap; where several follow each other, in enriched text one less is meant."""
    return re.sub(r"\n+", lambda breaks: " " if is_rich or len(breaks[0]) == 1 else breaks[0][1:], text)


def _meant(tag: str, name: str, *, is_rich: bool, opens: bool) -> str:
    if tag == "<<" or (is_rich and name == "lt"):
        return "<"
    return _BREAKS.get(name, "") if is_rich and (opens or name == "paragraph") else ""
