"""Money leaves: one job sends a part to its gateway, another asks what became of it, a third finds what was lost.

A job may run twice or end anywhere: the part's key is the same in every try, and each step is committed by itself.
"""

import asyncio
from typing import Any

import structlog

from app.gateways.refunds import way_of
from app.jobs.context import JobContext
from app.jobs.housekeeping import plan_next
from core.clock import now
from orders.refunds.gateway import Answer, Instruction, Outcome, RefundGateway
from orders.refunds.models import RefundPart
from orders.refunds.sending import LONGEST_CALL, begin_try, errand_of
from orders.refunds.settling import Source, settle_part
from orders.refunds.telling import tell_order
from orders.refunds.watching import plan_lost
from tickets.refund_following import follow_refund

log = structlog.get_logger(__name__)


async def pay_back(args: dict[str, Any], context: JobContext) -> None:
    """Send `part` to its gateway, with the same key in every try."""
    key = str(args["part"])
    part = await RefundPart.get_or_none(public_id=key)
    if part is None:
        return
    way = way_of(part.gateway)
    errand = await begin_try(key, way.pause)
    if errand is not None:
        outcome = await _asked(way.gateway, "refund", errand.instruction)
        await settle_part(key, outcome, source=Source.ANSWER)


async def look_up(args: dict[str, Any], context: JobContext) -> None:
    """Ask what became of `part`."""
    key = str(args["part"])
    errand = await errand_of(key)
    outcome = await _asked(way_of(errand.gateway).gateway, "look_up", errand.instruction)
    await settle_part(key, outcome, source=Source.QUERY)


async def tell_ticket(args: dict[str, Any], context: JobContext) -> None:
    """Write into the ticket's timeline that the refund `intent` has come to `state`."""
    await follow_refund(int(args["intent"]), str(args["state"]))


async def record_refund(args: dict[str, Any], context: JobContext) -> None:
    """Note on its order that `part` has arrived: the customer hears of it."""
    await tell_order(str(args["part"]))


async def find_lost(args: dict[str, Any], context: JobContext) -> None:
    """Plan the next step of parts that have none, whatever became of their jobs."""
    await plan_next("refund.sweep", now())
    if lost := await plan_lost():
        log.warning("refunds_resumed", parts=lost)


async def _asked(gateway: RefundGateway, what: str, instruction: Instruction) -> Outcome:
    """The gateway's answer. An adapter that breaks has said nothing about the money."""
    try:
        async with asyncio.timeout(LONGEST_CALL.total_seconds()):
            return await (gateway.refund(instruction) if what == "refund" else gateway.look_up(instruction))
    except TimeoutError:
        return Outcome(state=Answer.UNKNOWN, code="timeout")
    except Exception as error:
        log.exception("refund_gateway_failed", gateway=instruction.account.gateway, key=instruction.key)
        return Outcome(state=Answer.UNKNOWN, code="adapter_failed", text=type(error).__name__)
