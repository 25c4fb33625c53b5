"""Giving the entries of the audit their places in the chain."""

from typing import Any

import structlog

from app.jobs.context import JobContext
from app.jobs.housekeeping import plan_next
from core.audit_chain import chain_end, seal
from core.clock import now

log = structlog.get_logger(__name__)


async def seal_audit(args: dict[str, Any], context: JobContext) -> None:
    """Seal what waits, batch by batch, and tell the log where the chain ends: who cuts its end does not own the log."""
    await plan_next("audit.seal", now())
    count = 0
    while sealed := await seal():
        count += sealed
    if count:
        place, digest = await chain_end()
        log.info("audit_sealed", entries=count, place=place, digest=digest)
