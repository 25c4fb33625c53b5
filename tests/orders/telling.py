"""What platforms tell, without doors and databases: one document or many, in any order, and the order they make."""

import json
from typing import Any

from orders.deriving import Picture, derive
from orders.facts import OrderFacts
from orders.merging import Known, merge
from orders.sources import SOURCES
from orders.sources.pulled import TOPIC
from tests.orders.deliveries import SAMPLES, a_delivery, a_shop


def recorded(platform: str, name: str) -> dict[str, Any]:
    """A sample of tests/data/orders/<platform>/."""
    found: dict[str, Any] = json.loads((SAMPLES / platform / f"{name}.json").read_bytes())
    return found


def raw(document: Any) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()


def facts(platform: str, document: Any, topic: str = TOPIC) -> OrderFacts:
    """The facts in one document about one order."""
    (found,) = SOURCES[platform].read(a_delivery(a_shop(), topic, raw(document))).orders
    return found


def picture(*parts: OrderFacts) -> Picture:
    """The order that they make."""
    derived = derive(merge(Known(), [statement for part in parts for statement in part.statements]))
    assert derived is not None
    return derived
