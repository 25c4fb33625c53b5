"""Every day each account's refunds are compared with its statement, the last days again, until all of it fits."""

from datetime import timedelta
from typing import Any

import structlog

from app.gateways.statements import fetched_rows, has_statement
from app.jobs.context import JobContext
from app.jobs.housekeeping import EVERY, plan_next
from core.clock import now
from core.jobs import enqueue
from orders.refunds.models import PaymentAccount
from orders.refunds.statements import reconcile

READY = timedelta(hours=36)  # by then the bill of a day is there: Alipay and WeChat Pay write it the next morning
SPAN = timedelta(days=3)
_TRIES = 6

log = structlog.get_logger(__name__)


async def plan_statements(args: dict[str, Any], context: JobContext) -> None:
    """Give every account in use its comparison of today."""
    await plan_next("refund.reconcile", now())
    slot = int(now().timestamp() // EVERY["refund.reconcile"].total_seconds())
    for account in await PaymentAccount.filter(enabled=True).order_by("id").only("id", "gateway"):
        if has_statement(account.gateway):
            key = f"refund.compare:{account.id}:{slot}"
            await enqueue("refund.compare", {"account": account.id}, key=key, lane="statements", max_attempts=_TRIES)


async def compare_with_statement(args: dict[str, Any], context: JobContext) -> None:
    """Compare the last days of `account`. What the service does not answer now is asked again later."""
    account = await PaymentAccount.get_or_none(id=int(args["account"]))
    if account is None:
        return
    until = now() - READY
    rows = await fetched_rows(account, until - SPAN, until)
    if found := await reconcile(account, rows, until - SPAN, until):
        log.warning("statement_differs", account=account.public_id, gateway=account.gateway, differences=len(found))
