"""Our refunds against an account's statement: what does not fit is kept and audited, what it settles is settled."""

from collections.abc import Sequence
from datetime import datetime

from tortoise.expressions import Q

from core import audit
from core.clock import now
from core.ids import new_id
from core.transactions import transaction
from orders.models import Refund
from orders.refunds.gateway import Outcome, StatementRow
from orders.refunds.models import PaymentAccount, RefundPart
from orders.refunds.reconciling import Comparison, Difference, OurRefund, compare
from orders.refunds.settling import Source, settle_part
from orders.refunds.statement_models import StatementDifference
from orders.refunds.states import PartState

_AT_ONCE = 500  # names in one question to the database


async def reconcile(
    account: PaymentAccount, rows: Sequence[StatementRow], since: datetime, until: datetime
) -> list[Difference]:
    """Compare what happened from `since` to `until` (UTC, both included) with `rows`, which may reach further.

    New differences are audited, those that are gone are cleared. A refund under way that the statement tells the end
    of is settled; one that it calls failed is looked up first. Doing it twice changes nothing.
    """
    ours = await _ours(account, rows, since, until)
    comparison = compare(ours, rows, since, until, known=await _known(account, rows))
    await _settle(comparison)
    await _keep(account, comparison.differences, since, until)
    return list(comparison.differences)


async def open_differences(
    *, shop_id: int | None = None, shop_ids: Sequence[int] | None = None, limit: int = 200
) -> list[StatementDifference]:
    """What does not fit as of the last comparison, newest first, with its account and shop."""
    found = StatementDifference.filter(cleared_at__isnull=True)
    if shop_id is not None:
        found = found.filter(account__shop_id=shop_id)
    if shop_ids is not None:
        found = found.filter(account__shop_id__in=shop_ids)
    return await found.order_by("-found_at", "-id").limit(limit).select_related("account__shop")


async def _ours(
    account: PaymentAccount, rows: Sequence[StatementRow], since: datetime, until: datetime
) -> list[OurRefund]:
    """The parts that the statement names, and those that we say were paid meanwhile."""
    paid = Q(state=PartState.SUCCEEDED.value, settled_at__gte=since, settled_at__lte=until)
    found = {part.id: part for part in await RefundPart.filter(paid, account_id=account.id)}
    for names in _portions({row.key for row in rows} | {row.reference for row in rows}):
        named = Q(public_id__in=names) | Q(gateway_ref__in=names)
        found |= {part.id: part for part in await RefundPart.filter(named, account_id=account.id)}
    return [
        OurRefund(
            key=part.public_id,
            reference=part.gateway_ref,
            amount=part.amount if part.paid is None else part.paid,
            currency=part.currency,
            state=PartState(part.state),
            at=part.settled_at or part.sent_at or part.created_at,
        )
        for part in found.values()
    ]


async def _known(account: PaymentAccount, rows: Sequence[StatementRow]) -> set[str]:
    """The names of refunds that were made elsewhere and that the shop or the gateway has told us of."""
    known = set[str]()
    for names in _portions({row.key for row in rows} | {row.reference for row in rows}):
        named = Q(reference__in=names) | Q(source_id__in=names) | Q(key__in=names)
        told = Refund.filter(named, order__shop_id=account.shop_id).values_list("reference", "source_id", "key")
        known |= {str(name) for each in await told for name in each}
    return known - {""}


async def _settle(comparison: Comparison) -> None:
    for row in comparison.settled:
        outcome = Outcome(state=row.state, amount=row.amount, currency=row.currency)
        await settle_part(row.key, outcome, source=Source.TOLD)


async def _keep(account: PaymentAccount, found: Sequence[Difference], since: datetime, until: datetime) -> None:
    moment = now()
    async with transaction():
        stored = {
            (row.kind, row.key, row.reference): row for row in await StatementDifference.filter(account_id=account.id)
        }
        for difference in found:
            row = stored.pop((difference.kind.value, difference.key, difference.reference), None)
            if row is None:
                await _add(account, difference, moment)
            elif row.cleared_at is not None:
                row.cleared_at, row.found_at = None, moment
                await row.save()
                await _note(row)
        for row in stored.values():
            if row.cleared_at is None and since <= row.at <= until:
                row.cleared_at = moment
                await row.save()


async def _add(account: PaymentAccount, difference: Difference, moment: datetime) -> None:
    row = await StatementDifference.create(
        public_id=new_id("sdf"),
        account_id=account.id,
        kind=difference.kind.value,
        key=difference.key[:64],
        reference=difference.reference[:190],
        ours=difference.ours,
        theirs=difference.theirs,
        currency=difference.currency,
        at=difference.at,
        found_at=moment,
    )
    await _note(row)


async def _note(row: StatementDifference) -> None:
    told = {"kind": row.kind, "key": row.key, "ours": row.ours, "theirs": row.theirs, "currency": row.currency}
    await audit.note(None, "refund.difference", row.public_id, **told)


def _portions(names: set[str]) -> list[list[str]]:
    listed = sorted(names - {""})
    return [listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE)]
