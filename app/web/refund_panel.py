"""The refunds of a ticket beside its thread: those asked for here, and those of its orders from anywhere else."""

from collections import defaultdict
from typing import Any

from app.web.refund_rows import refund_row
from core.bundles import Bundle, Later
from core.people import Agent
from core.shops import Shop
from orders.refunds.models import RefundIntent, RefundPart
from tickets.models import Ticket

MOST = 10
_TICKETS = "SELECT k.id FROM ticket AS k WHERE k.id = {ticket} OR k.merged_into_id = {ticket}"
_CASES = (
    f"SELECT k.public_id FROM ticket AS k WHERE k.id IN ({_TICKETS})"  # noqa: S608 (constants)
    f" UNION SELECT a.public_id FROM aftersale AS a WHERE a.ticket_id IN ({_TICKETS})"
)
_ORDERS = (
    "SELECT l.order_id FROM ticket_link AS l JOIN shop_order AS o ON o.id = l.order_id"  # noqa: S608 (constants)
    f" WHERE l.ticket_id IN ({_TICKETS}) AND l.confirmed AND o.shop_id = {{shop}}"
)
# Each set through its own index, in place of an OR over both.
_OF = (
    f"(SELECT c.id FROM refund_intent AS c WHERE c.case_id IN ({_CASES})"  # noqa: S608 (constants)
    f" UNION SELECT r.id FROM refund_intent AS r WHERE r.order_id IN ({_ORDERS})"
    " ORDER BY id DESC LIMIT {most})"
)
_TITLES = (
    "SELECT l.source_id, l.title FROM order_line AS l"  # noqa: S608 (constants)
    f" WHERE l.order_id IN (SELECT i.order_id FROM refund_intent AS i WHERE i.id IN {_OF})"
)
_NUMBERS = (
    "SELECT i.id, o.number FROM refund_intent AS i JOIN shop_order AS o ON o.id = i.order_id"  # noqa: S608 (constants)
    f" WHERE i.id IN {_OF}"
)


def refunds_in(bundle: Bundle, ticket: Ticket, shop: Shop, agent: Agent) -> Later[dict[str, Any] | None]:
    """The newest refunds, as part of a bundle; None when there are none."""
    of = {"ticket": ticket.id, "shop": shop.id, "most": MOST}
    intents = bundle.rows(RefundIntent, f"WHERE t.id IN {_OF} ORDER BY t.id DESC", **of)
    parts = bundle.rows(RefundPart, f"WHERE t.intent_id IN {_OF} ORDER BY t.id", **of)
    titles, numbers = bundle.table("source_id title", _TITLES, **of), bundle.table("id number", _NUMBERS, **of)

    def shown() -> dict[str, Any] | None:
        if not intents:
            return None
        parts_of = defaultdict[int, list[RefundPart]](list)
        for part in parts:
            parts_of[part.intent_id].append(part)
        last = {intent.case_id: intent.attempt for intent in sorted(intents, key=lambda each: each.attempt)}
        names = {row["source_id"]: row["title"] for row in titles}
        number = {row["id"]: row["number"] for row in numbers}
        base = f"/console/tickets/{ticket.number}/refunds"
        return {
            "refunds": [
                refund_row(
                    intent,
                    parts_of[intent.id],
                    agent,
                    shop.timezone,
                    names=names,
                    base=base,
                    tried_again=intent.attempt < last[intent.case_id],
                )
                | {"order": number.get(intent.id, "")}
                for intent in intents
            ]
        }

    return shown
