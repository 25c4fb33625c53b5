"""Writes the list of frames in docs/chat-protocol.md: `python -m tests.realtime.protocol`."""

import inspect
import json
import re
import types
from pathlib import Path
from typing import Any, get_args

from app.realtime.client_frames import ClientFrame
from app.realtime.frames import ServerFrame, ServerFrameBase
from tests.realtime.examples import FROM_CLIENT, FROM_SERVER

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/chat-protocol.md"


def as_document() -> str:
    """Every frame with its fields, from the models, and an example."""
    from_client, from_server = _frames(ClientFrame, FROM_CLIENT), _frames(ServerFrame, FROM_SERVER)
    parts = ["### From the client", "", *from_client, "### From the server", "", *from_server]
    return "\n".join(parts).rstrip() + "\n"


def write() -> None:
    """Replace the list in the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    text = re.sub(
        r"(<!-- frames -->\n).*(\n<!-- end of frames -->)",
        lambda match: match[1] + as_document() + match[2],
        text,
        flags=re.DOTALL,
    )
    DOCUMENT.write_text(text, encoding="utf-8")


def _frames(union: types.UnionType, examples: list[dict[str, Any]]) -> list[str]:
    lines: list[str] = []
    for model, example in zip(get_args(union), examples, strict=True):
        lines += [f"#### `{model.model_fields['type'].default}`", "", _prose(model), ""]
        rows = [_row(name, field) for name, field in model.model_fields.items() if name != "type"]
        if rows:
            lines += ["| field | type | |", "|---|---|---|", *rows, ""]
        lines += ["```json", json.dumps(example, ensure_ascii=False), "```", ""]
    return lines


def _row(name: str, field: Any) -> str:
    notes = [field.description or ""]
    if not field.is_required() and field.default_factory is None and field.default not in (None, "", [], {}):
        notes.append(f"Default `{str(field.default).lower()}`.")
    required = " (required)" if field.is_required() else ""
    return f"| `{name}` | {_type(field.annotation)}{required} | {' '.join(filter(None, notes))} |"


def _type(annotation: Any) -> str:
    known = {str: "text", int: "number", bool: "true/false"}
    if annotation in known:
        return known[annotation]
    arguments = get_args(annotation)
    if type(None) in arguments:
        return " or ".join(_type(part) for part in arguments if part is not type(None)) + " or null"
    if getattr(annotation, "__metadata__", None):
        return _type(annotation.__origin__)
    if str(annotation).startswith("typing.Literal"):
        return ", ".join(f"`{value}`" for value in arguments)
    if getattr(annotation, "__origin__", None) is list:
        return f"list of {_type(arguments[0])}"
    if inspect.isclass(annotation) and issubclass(annotation, ServerFrameBase):
        fields = ", ".join(f"`{name}`" for name in annotation.model_fields if name != "type")
        return (
            f"{annotation.__name__.lower()} ({fields})"
            if "type" not in annotation.model_fields
            else f"`{annotation.__name__.lower()}`"
        )
    return "object"


def _prose(model: type) -> str:
    return " ".join(inspect.getdoc(model).split())  # type: ignore[union-attr]


if __name__ == "__main__":
    write()
