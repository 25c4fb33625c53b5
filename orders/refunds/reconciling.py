"""Our refunds against a gateway's statement, line by line. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orders.refunds.gateway import Answer, StatementRow
from orders.refunds.states import PartState


class DifferenceKind(StrEnum):
    """What does not fit."""

    MISSING_THERE = "missing_there"  # we say that it was paid, the statement has nothing of it
    MISSING_HERE = "missing_here"  # it was paid there, and nobody here has heard of it
    OTHER_AMOUNT = "other_amount"
    OTHER_CURRENCY = "other_currency"
    OTHER_STATE = "other_state"  # one says paid, the other failed
    TWICE = "twice"  # paid more than once under one key


@dataclass(frozen=True, slots=True, kw_only=True)
class OurRefund:
    """One part as we have it. Amounts are minor units; `at`: when it was settled, or else made."""

    key: str
    reference: str
    amount: int
    currency: str
    state: PartState
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that does not fit. `ours` and `theirs` are amounts in minor units of `currency`; None: not there."""

    kind: DifferenceKind
    key: str
    reference: str
    ours: int | None
    theirs: int | None
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared. `settled`: refunds of ours of which only the statement tells how they ended."""

    differences: tuple[Difference, ...]
    settled: tuple[StatementRow, ...]


def compare(
    ours: Iterable[OurRefund],
    theirs: Sequence[StatementRow],
    since: datetime,
    until: datetime,
    *,
    known: Set[str] = frozenset(),
) -> Comparison:
    """Compare what happened from `since` to `until` (both included).

    `theirs` may reach further on both sides, so that what the gateway books a day earlier or later is not missed.
    `known` are the references of refunds that were made elsewhere and of which the shop or the gateway has told us.
    """
    by_key, by_reference = _rows_by(theirs)
    differences, settled, met = list[Difference](), list[StatementRow](), set[int]()
    for refund in ours:
        rows = by_key.get(refund.key) or (by_reference.get(refund.reference, []) if refund.reference else [])
        met |= {id(row) for row in rows}
        found = list(_of_one(refund, rows, inside=since <= refund.at <= until))
        differences += found
        if rows and not found and refund.state in {PartState.SENT, PartState.PENDING}:
            settled += [row for row in rows if row.state in {Answer.SUCCEEDED, Answer.FAILED}]
    for row in theirs:
        strange = id(row) not in met and row.state is not Answer.FAILED and since <= row.at <= until
        if strange and not {row.reference, row.key} & (known - {""}):
            differences.append(_missing_here(row))
    return Comparison(tuple(sorted(differences, key=lambda d: (d.at, d.key, d.reference, d.kind))), tuple(settled))


def _rows_by(theirs: Sequence[StatementRow]) -> tuple[dict[str, list[StatementRow]], dict[str, list[StatementRow]]]:
    by_key, by_reference = defaultdict[str, list[StatementRow]](list), defaultdict[str, list[StatementRow]](list)
    for row in theirs:
        if row.key:
            by_key[row.key].append(row)
        if row.reference:
            by_reference[row.reference].append(row)
    return by_key, by_reference


def _of_one(refund: OurRefund, rows: Sequence[StatementRow], *, inside: bool) -> Iterable[Difference]:
    good = [row for row in rows if row.state is not Answer.FAILED]
    paid = [row for row in good if row.state is Answer.SUCCEEDED]
    if not rows:
        if refund.state is PartState.SUCCEEDED and inside:
            yield _difference(DifferenceKind.MISSING_THERE, refund, None)
        return
    if refund.state is PartState.SUCCEEDED and not good:
        yield _difference(DifferenceKind.OTHER_STATE, refund, rows[0])
    if refund.state in {PartState.FAILED, PartState.DROPPED, PartState.CREATED} and paid:
        yield _difference(DifferenceKind.OTHER_STATE, refund, paid[0])
    if len(good) > 1:
        yield _difference(DifferenceKind.TWICE, refund, good[-1])
    for row in good[:1]:
        if row.currency != refund.currency:
            yield _difference(DifferenceKind.OTHER_CURRENCY, refund, row)
        elif row.amount != refund.amount:
            yield _difference(DifferenceKind.OTHER_AMOUNT, refund, row)


def _difference(kind: DifferenceKind, refund: OurRefund, row: StatementRow | None) -> Difference:
    return Difference(
        kind=kind,
        key=refund.key,
        reference=row.reference if row else refund.reference,
        ours=refund.amount,
        theirs=row.amount if row else None,
        currency=row.currency if row else refund.currency,
        at=row.at if row else refund.at,
    )


def _missing_here(row: StatementRow) -> Difference:
    return Difference(
        kind=DifferenceKind.MISSING_HERE,
        key=row.key,
        reference=row.reference,
        ours=None,
        theirs=row.amount,
        currency=row.currency,
        at=row.at,
    )
