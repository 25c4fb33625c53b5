"""As much of GraphQL as Shopify is asked in: operations, fragments, arguments, variables and `@include`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'[\s,]*(?:(\.\.\.|[{}()\[\]:!$@=])|("(?:[^"\\]|\\.)*")|(-?\d+)|([_A-Za-z]\w*))')


class NotUnderstood(Exception):
    """The question is no GraphQL, or asks for what is not there."""


@dataclass
class Field:
    """A field with its arguments (`$name` for a variable) and what is asked of it; `...` is a fragment in place."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    include: Any = True
    fields: list["Field"] = field(default_factory=list)
    directives: dict[str, dict[str, Any]] = field(default_factory=dict)


def parse(document: str) -> list[Field]:
    """The root fields of the only operation, fragments put in. Raises NotUnderstood."""
    reader = _Reader(list(_tokens(document)))
    roots, fragments = list[Field](), dict[str, list[Field]]()
    while reader.left:
        word = reader.take()
        if word == "fragment":
            name, _on, _type = reader.take(), reader.take("on"), reader.take()
            fragments[name] = reader.fields()
        elif word in {"query", "mutation"}:
            while reader.peek() != "{":
                reader.take()
            roots = reader.fields()
        else:
            raise NotUnderstood(f"unexpected {word}")
    used = set[str]()
    found = _spread(roots, fragments, used)
    if used != set(fragments):
        raise NotUnderstood("a fragment is defined and not used")
    return found


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens[::-1]

    def peek(self) -> str:
        if not self.left:
            raise NotUnderstood("the question ends too early")
        return self.left[-1]

    def take(self, expected: str | None = None) -> str:
        word = self.peek()
        if expected is not None and word != expected:
            raise NotUnderstood(f"{word} instead of {expected}")
        return self.left.pop()

    def fields(self) -> list[Field]:
        self.take("{")
        found = []
        while self.peek() != "}":
            found.append(self.field())
        self.take("}")
        if not found:
            raise NotUnderstood("nothing is asked for")
        return found

    def field(self) -> Field:
        name = self.take()
        if name == "..." and self.peek() == "on":
            self.take("on")
            self.take()
            return Field("...", fields=self.fields())
        if name == "...":
            return Field(f"...{self.take()}")
        asked = Field(name, self.arguments())
        if self.peek() == "@":
            self.take("@")
            name = self.take()
            asked.directives[name] = self.arguments()
            asked.include = asked.directives.get("include", {}).get("if", True)
        if self.peek() == "{":
            asked.fields = self.fields()
        return asked

    def arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.peek() != "(":
            return found
        self.take("(")
        while self.peek() != ")":
            name = self.take()
            self.take(":")
            word = self.take()
            found[name] = f"${self.take()}" if word == "$" else int(word) if word.isdecimal() else word.strip('"')
        self.take(")")
        return found


def _tokens(document: str) -> Iterator[str]:
    at = 0
    document = document.rstrip()
    while at < len(document):
        found = _TOKEN.match(document, at)
        if found is None:
            raise NotUnderstood(f"no token at {document[at : at + 20]!r}")
        yield next(part for part in found.groups() if part)
        at = found.end()


def _spread(fields: list[Field], fragments: dict[str, list[Field]], used: set[str]) -> list[Field]:
    found = list[Field]()
    for asked in fields:
        if asked.name == "...":
            found += _spread(asked.fields, fragments, used)
        elif asked.name.startswith("..."):
            used.add(asked.name[3:])
            if asked.name[3:] not in fragments:
                raise NotUnderstood(f"no fragment {asked.name[3:]}")
            found += _spread(fragments[asked.name[3:]], fragments, used)
        else:
            parts = _spread(asked.fields, fragments, used)
            found.append(Field(asked.name, asked.arguments, asked.include, parts, asked.directives))
    return found
