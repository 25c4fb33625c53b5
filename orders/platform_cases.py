"""The after-sales cases that a platform keeps of an order, as it told them last. Pure.

They stay apart from refunds: a case that was refused or given up has no money, but has to be known.
"""

from typing import Any

from orders.facts import Kind, RefundFacts, stamp
from orders.merging import Known


def told_cases(known: Known) -> dict[str, dict[str, Any]]:
    """Every case by the platform's number: its word, the line and units, whether they come back, the amount and reason.

    `due_at` (UTC, text) is until when the platform waits; None once the word has changed since it was told.
    """
    told = {
        name: RefundFacts.model_validate({field: register.value for field, register in fields.items()}, strict=False)
        for (kind, name), fields in sorted(known.entities.items())
        if kind is Kind.REFUND and "case_word" in fields
    }
    return {name: _case(facts) for name, facts in told.items() if facts.case_word}


def _case(facts: RefundFacts) -> dict[str, Any]:
    due = facts.case_due_at if facts.case_due_word == facts.case_word else None
    return {
        "word": facts.case_word,
        "goods": facts.case_goods,
        "line": facts.case_line or "",
        "units": next((part.quantity for part in facts.lines if part.line == facts.case_line), None),
        "amount": facts.amount,
        "reason": facts.case_reason or "",
        "open": facts.state in ("requested", "pending"),
        "due_at": stamp(due) if due else None,
    }
