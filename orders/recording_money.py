"""Writing the payments, refunds and disputes of an order into rows."""

from typing import Any

from core.events import Event
from core.ids import new_id
from orders.deriving import Picture
from orders.events import DisputeChanged, RefundChanged
from orders.facts import DisputeFacts, PaymentFacts, RefundFacts
from orders.ledger import Ledger
from orders.statuses import DisputeState, PaymentState
from orders.stored import News, Stored, Written
from orders.tables import DISPUTES, PAYMENTS, REFUNDS, Row, assign


def write_payments(order: Row, picture: Picture, stored: Stored, ledger: Ledger) -> bool:
    """Bring the payments to `picture`. Whether rows change."""
    gone = [row for source_id, row in stored.payments.items() if source_id not in picture.payments]
    ledger.remove(PAYMENTS, gone)  # a gateway had named it first; it is another one's row now
    changed = bool(gone)
    for source_id, facts in picture.payments.items():
        values, row = _payment_values(order, facts), stored.payments.get(source_id)
        if row is None:
            ledger.add(PAYMENTS, PAYMENTS.new(source_id=source_id, **values), order_id=order)
            changed = True
        elif assign(row, values):
            ledger.change(PAYMENTS, row, values)
            changed = True
    return changed


def write_refunds(order: Row, picture: Picture, stored: Stored, ledger: Ledger) -> Written:
    """Bring the refunds to `picture`; each new state is news."""
    rows = dict(stored.refunds)
    renamed = _adopt(order, rows, picture)
    gone = [row for source_id, row in rows.items() if source_id not in picture.refunds]
    ledger.remove(REFUNDS, gone)
    changed, news = bool(gone), list[News]()
    for source_id, facts in picture.refunds.items():
        if not facts.amount:
            continue  # units that were taken off the order without any money
        row, before, values = rows.get(source_id), "", _refund_values(order, facts)
        if row is None:
            row = REFUNDS.new(source_id=source_id, public_id=new_id("rfd"), **values)
            ledger.add(REFUNDS, row, order_id=order)
            changed = True
        else:
            before = row["state"]
            touched = assign(row, values)
            changed |= touched
            if touched or source_id in renamed:
                ledger.change(REFUNDS, row, [*values, "source_id"])
        if row["state"] != before and not row["reversal"]:  # of a reversal the bank tells the customer
            news.append(_changed(row))
    return Written(changed, tuple(news))


def write_disputes(order: Row, picture: Picture, stored: Stored, ledger: Ledger) -> Written:
    """Bring the disputes to `picture`; each new state is news."""
    # one that is gone the gateway tells by its own name now
    gone = [row for source_id, row in stored.disputes.items() if picture.disputes and source_id not in picture.disputes]
    ledger.remove(DISPUTES, gone)
    changed, news = bool(gone), list[News]()
    for source_id, facts in picture.disputes.items():
        row, before, values = stored.disputes.get(source_id), "", _dispute_values(order, facts)
        if row is None:
            row = DISPUTES.new(source_id=source_id, **values)
            ledger.add(DISPUTES, row, order_id=order)
            changed = True
        else:
            before = row["state"]
            if assign(row, values):
                ledger.change(DISPUTES, row, values)
                changed = True
        if row["state"] != before:
            news.append(_disputed(row))
    return Written(changed, tuple(news))


def _adopt(order: Row, rows: dict[str, Row], picture: Picture) -> set[str]:
    """A refund that the gateway named first is the same row when the shop names it: no news for the customer."""
    left = {name: row for name, row in rows.items() if name not in picture.refunds}
    renamed = set()
    for source_id, facts in picture.refunds.items():
        wanted = (facts.amount, facts.currency or order["currency"])
        fits = sorted(name for name, row in left.items() if (row["amount"], row["currency"]) == wanted)
        if source_id not in rows and fits:
            row = rows[source_id] = left.pop(fits[0])
            del rows[fits[0]]
            row["source_id"] = source_id
            renamed.add(source_id)
    return renamed


def _changed(row: Row) -> News:
    state = row["state"]

    def tell(which: dict[str, int]) -> Event:
        return RefundChanged(**which, refund_id=row["id"], state=state)

    return tell


def _disputed(row: Row) -> News:
    state = row["state"]

    def tell(which: dict[str, int]) -> Event:
        return DisputeChanged(**which, dispute_id=row["id"], state=state)

    return tell


def _payment_values(order: Row, facts: PaymentFacts) -> dict[str, Any]:
    return {
        "tender": facts.tender or "other",
        "gateway": facts.gateway or "",
        "gateway_ref": facts.gateway_ref or "",
        "state": (facts.state or PaymentState(order["payment"])).value,
        "authorised": facts.authorised or 0,
        "captured": facts.captured or 0,
        "currency": facts.currency or order["currency"],
        "charged_in": facts.charged_in or None,
        "units": facts.units or 0,
        "at": facts.at,
    }


def _refund_values(order: Row, facts: RefundFacts) -> dict[str, Any]:
    return {
        "amount": facts.amount,
        "currency": facts.currency or order["currency"],
        "state": facts.state or "requested",
        "tender": facts.tender or "other",
        "reference": facts.reference or "",
        "at": facts.at or facts.seen_at or order["placed_at"],
        "lines": [[part.line, part.quantity] for part in facts.lines],
        "reversal": bool(facts.reversal),
        "key": facts.key or "",
        "of_payment": facts.payment or None,
    }


def _dispute_values(order: Row, facts: DisputeFacts) -> dict[str, Any]:
    return {
        "state": (facts.state or DisputeState.NEEDS_RESPONSE).value,
        "inquiry": bool(facts.inquiry),
        "amount": facts.amount or 0,
        "currency": facts.currency or order["currency"],
        "reason": facts.reason or "",
        "evidence_due_by": facts.evidence_due_by,
        "opened_at": facts.opened_at,
        "closed_at": facts.closed_at,
    }
