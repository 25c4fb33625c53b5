"""What a poll adds to a reading: the shop's state at a known time, which outranks equally dated deliveries. Pure.

Most platforms date changes by the second. Of two deliveries of one second only a rank or the bytes tell which is newer,
and that may be wrong; but what the shop answers once the second is over is what became of it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from orders.facts import OrderFacts, Statement, Version, stamp
from orders.sources.reading import Reading

AS_OF = "wismo-as-of"  # a header that no door lets in: when the shop answered, by its own clock
_SECOND = timedelta(seconds=1)
_ABOVE = "~"  # sorts behind every rank of a source


def outranking(reading: Reading, headers: Mapping[str, str]) -> Reading:
    """The reading of a fetched order: its statements win over others of their second. Pushed ones stay as they are."""
    answered = headers.get(AS_OF)
    if answered is None:
        return reading
    as_of = datetime.fromisoformat(answered)
    return replace(reading, orders=tuple(_settled(facts, as_of) for facts in reading.orders))


def _settled(facts: OrderFacts, as_of: datetime) -> OrderFacts:
    return replace(facts, statements=tuple(_above(statement, as_of) for statement in facts.statements))


def _above(statement: Statement, as_of: datetime) -> Statement:
    version = statement.version
    if version.at + _SECOND > as_of:  # the second may not be over
        return statement
    return replace(statement, version=Version(version.at, _ABOVE + stamp(as_of), version.digest))
