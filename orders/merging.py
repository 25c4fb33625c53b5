"""Merging statements: for each field of each entity the newest version wins, so that their order never matters.

Pure. Each field is a last-writer-wins register, and a map of such registers is a join semilattice: `merge` is
commutative, associative and idempotent. Late deliveries therefore change nothing that newer ones have said.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from orders.facts import MODELS, Facts, Kind, Statement, Version, stamp

EARLIEST = frozenset(
    {"paid_seen_at", "confirmed_seen_at", "seen_at", "received_at"}
)  # here the first time counts, not the last

_FIELDS = {kind.value: frozenset(model.model_fields) for kind, model in MODELS.items()}

AnyFacts = TypeVar("AnyFacts", bound=Facts)


class Register(NamedTuple):
    """The value of one field (in JSON form) and the version that stated it."""

    value: Any
    version: Version


Entity = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that is known about one order."""

    entities: Mapping[Entity, Mapping[str, Register]] = field(default_factory=dict)

    def views(self, kind: Kind, model: type[AnyFacts]) -> dict[str, AnyFacts]:
        """The entities of one kind as typed facts, by id."""
        return {
            entity_id: model.model_validate({name: register.value for name, register in fields.items()}, strict=False)
            for (which, entity_id), fields in sorted(self.entities.items())
            if which is kind
        }

    def stated_at(self, kind: Kind, entity_id: str, name: str) -> datetime | None:
        """When the winning value of a field was stated."""
        register = self.entities.get((kind, entity_id), {}).get(name)
        return register.version.at if register else None

    def latest(self) -> datetime | None:
        """The newest time that any source has given."""
        return max(
            (register.version.at for fields in self.entities.values() for register in fields.values()), default=None
        )


def merge(known: Known, statements: Iterable[Statement]) -> Known:
    """Return what is known after `statements`; `known` itself when they say nothing new."""
    changed = False
    entities = dict[Entity, Mapping[str, Register]](known.entities)
    for statement in statements:
        entity, version = (statement.kind, statement.entity_id), statement.version
        fields = entities.get(entity, {})
        told = {}
        for name, value in statement.facts.model_dump(mode="json", exclude_unset=True).items():
            newer = _winner(name, fields.get(name), Register(value, version))
            if newer is not None:
                told[name] = newer
        if told:
            entities[entity] = {**fields, **told}
            changed = True
    return Known(entities) if changed else known


def without(known: Known, digests: frozenset[str]) -> Known:
    """What would be known without the statements that came with bytes of these digests."""
    if not digests:
        return known
    left = {
        entity: {name: register for name, register in fields.items() if register.version.digest not in digests}
        for entity, fields in known.entities.items()
    }
    return Known({entity: fields for entity, fields in left.items() if fields})


def newer(name: str, old: Register | None, new: Register) -> Register:
    """Of two values of a field, the one that counts."""
    return _winner(name, old, new) or old or new


def merged_entities(
    one: Mapping[Entity, Mapping[str, Register]], other: Mapping[Entity, Mapping[str, Register]]
) -> dict[Entity, dict[str, Register]]:
    """What is known after both: again each field's newest version."""
    result = {entity: dict(fields) for entity, fields in one.items()}
    for entity, fields in other.items():
        into = result.setdefault(entity, {})
        for name, register in fields.items():
            into[name] = newer(name, into.get(name), register)
    return result


def to_json(known: Known) -> dict[str, Any]:
    """The form for the store. Versions are listed once: whole payloads share them."""
    places: dict[Version, int] = {}
    entities = [
        [
            kind.value,
            entity_id,
            {name: [value, places.setdefault(version, len(places))] for name, (value, version) in fields.items()},
        ]
        for (kind, entity_id), fields in sorted(known.entities.items())
    ]
    return {"versions": [[stamp(v.at), v.sequence, v.digest] for v in places], "entities": entities}


def from_json(data: Mapping[str, Any]) -> Known:
    """Read what `to_json` wrote."""
    versions = [
        Version(datetime.fromisoformat(at), sequence, digest) for at, sequence, digest in data.get("versions", [])
    ]
    entities: dict[Entity, dict[str, Register]] = {}
    for kind, entity_id, fields in data.get("entities", []):
        ours = _FIELDS[kind]
        entities[Kind(kind), entity_id] = {
            name: Register(value, versions[place]) for name, (value, place) in fields.items() if name in ours
        }
    return Known(entities)


def _winner(name: str, old: Register | None, new: Register) -> Register | None:
    """`new` when it replaces `old`, else None."""
    if old is None:
        return new
    if name in EARLIEST:
        return new if _rank_early(new) < _rank_early(old) else None
    if new.version != old.version:
        return new if new.version > old.version else None
    return new if new.value != old.value and _canonical(new.value) > _canonical(old.value) else None


def _rank_early(register: Register) -> tuple[str, Version]:
    return str(register.value), register.version


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
