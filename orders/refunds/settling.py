"""What became of a part: by the gateway's answer, a query, a callback or an import, whichever comes first.

Only a query makes a part fail. Another amount or currency than we asked for freezes it, until a person decides.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from core import audit
from core.clock import now
from core.text import clean
from core.transactions import transaction
from orders.refunds.gateway import Answer, Outcome
from orders.refunds.held import hold
from orders.refunds.intents import enter, plan, plan_telling
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.sending import is_by_hand
from orders.refunds.states import UNDER_WAY, IntentState, PartState
from orders.refunds.tenders import held_by

TRIES_BEFORE_LOOKING = 4
_FIRST_TRY, _FIRST_LOOK, _LONGEST = timedelta(seconds=2), timedelta(seconds=5), timedelta(hours=1)


_CHANGES = ("state", "busy_until", "paid", "gateway_ref", "looks", "doubt", "last_error", "settled_at")


class Source(StrEnum):
    """Who says it."""

    ANSWER = "answer"  # to the call that asked for the refund
    QUERY = "query"  # to the question what became of it
    TOLD = "told"  # a callback, or what the shop's record says


async def settle_part(key: str, outcome: Outcome, *, source: Source = Source.TOLD) -> RefundPart:
    """Take in what became of the part with this key. The second word on the same is a no-op. Raises NotFound."""
    async with transaction():
        held = await hold(key)
        part, intent = held.part, held.intent
        before = part.state
        if source is Source.ANSWER:
            part.busy_until = None
        if source is Source.QUERY:
            part.looks += 1
        part.gateway_ref = part.gateway_ref or clean(outcome.reference, limit=190)
        if outcome.code or outcome.text:
            part.last_error = clean(f"{outcome.code}: {outcome.text}", limit=500).rstrip(": ")
        if _differs(part, outcome):
            await _freeze(part, intent, "amount_mismatch", outcome)
        else:
            await _take_in(part, intent, outcome, source)
        await part.save(update_fields=_CHANGES)
        if part.state != before:
            await conclude(intent, held.parts)
            await plan_telling(part)
    return part


async def conclude(intent: RefundIntent, parts: Sequence[RefundPart]) -> None:
    """Bring the intent to the state that follows from all of its parts. Part of a running change."""
    state = _state_of({PartState(part.state) for part in parts})
    if state == intent.state or (intent.state == IntentState.FROZEN and intent.why == "paid_after_failure"):
        return
    ended = state in (IntentState.SUCCEEDED, IntentState.FAILED)
    await enter(intent, state, settled_at=now() if ended else None)
    if ended:
        gone = sum(held_by(part) for part in parts if part.state == PartState.SUCCEEDED)
        await audit.note(None, f"refund.{state.value}", intent.public_id, amount=gone, currency=intent.currency)


async def _take_in(part: RefundPart, intent: RefundIntent, outcome: Outcome, source: Source) -> None:
    match outcome.state:
        case Answer.SUCCEEDED:
            await _succeed(part, intent, outcome, source)
        case Answer.FAILED:
            await _failed(part, outcome, source)
        case Answer.ACCEPTED if part.state in UNDER_WAY:
            part.state, part.doubt = PartState.PENDING.value, ""
            if not is_by_hand(part):
                await _look_again(part, outcome)
        case Answer.ABSENT if part.state in UNDER_WAY and source is Source.QUERY:
            await _absent(part, outcome)
        case Answer.UNKNOWN | Answer.ABSENT if part.doubt and source is Source.QUERY:
            await _look_again(part, outcome)
        case Answer.UNKNOWN if part.state in UNDER_WAY and source is not Source.TOLD:
            await _unknown(part, outcome, source)


async def _succeed(part: RefundPart, intent: RefundIntent, outcome: Outcome, source: Source) -> None:
    if source is Source.QUERY:
        part.doubt = ""
    if part.state in (PartState.SUCCEEDED, PartState.FROZEN):
        return
    if part.state == PartState.DROPPED:
        await _freeze(part, intent, "paid_without_approval", outcome)
        return
    had_failed = part.state == PartState.FAILED
    part.state, part.doubt, part.settled_at = PartState.SUCCEEDED.value, "", now()
    part.paid = part.amount
    later = RefundIntent.filter(case_id=intent.case_id, attempt__gt=intent.attempt)
    if had_failed and await later.exists():
        await _freeze_intent(part, intent, "paid_after_failure", part.amount)


async def _failed(part: RefundPart, outcome: Outcome, source: Source) -> None:
    """One word of failure is a doubt; the gateway is asked before money is free again. That holds for late ones too."""
    if part.state not in (*UNDER_WAY, PartState.SUCCEEDED):
        return
    if source is Source.QUERY:
        part.state, part.settled_at, part.paid = PartState.FAILED.value, now(), None
        return
    part.doubt = clean(outcome.code, limit=64) or "failed"
    await plan(part, "refund.look", _FIRST_LOOK, again=f"doubt:{source.value}")


async def _absent(part: RefundPart, outcome: Outcome) -> None:
    """The gateway knows nothing of it. A try that nobody answered may still be on its way: then it is asked twice."""
    certain = part.tries <= 1 or part.looks > 1
    if part.doubt and certain:
        part.state, part.settled_at = PartState.FAILED.value, now()
    elif part.doubt or part.state == PartState.PENDING:
        await _look_again(part, outcome)
    else:
        await plan(part, "refund.pay", outcome.retry_after or timedelta())


async def _unknown(part: RefundPart, outcome: Outcome, source: Source) -> None:
    if source is Source.QUERY or part.tries % TRIES_BEFORE_LOOKING == 0:
        await _look_again(part, outcome)
        return
    pause = min(_FIRST_TRY * (1 << min(part.tries - 1, 20)), _LONGEST)
    await plan(part, "refund.pay", max(pause, outcome.retry_after or timedelta()))


async def _look_again(part: RefundPart, outcome: Outcome) -> None:
    pause = min(_FIRST_LOOK * (1 << min(part.looks, 20)), _LONGEST)
    await plan(part, "refund.look", max(pause, outcome.retry_after or timedelta()))


def _differs(part: RefundPart, outcome: Outcome) -> bool:
    if outcome.state not in (Answer.ACCEPTED, Answer.SUCCEEDED) or part.state == PartState.FROZEN:
        return False
    other_amount = outcome.amount is not None and outcome.amount != part.amount
    return other_amount or outcome.currency not in (None, part.currency)


async def _freeze(part: RefundPart, intent: RefundIntent, why: str, outcome: Outcome) -> None:
    part.state = PartState.FROZEN.value
    part.paid = outcome.amount if outcome.currency in (None, part.currency) else None
    await _freeze_intent(part, intent, why, outcome.amount)


async def _freeze_intent(part: RefundPart, intent: RefundIntent, why: str, told: int | None) -> None:
    told_of = {"part": part.public_id, "why": why, "asked": part.amount, "told": told, "currency": part.currency}
    await audit.note(None, "refund.frozen", intent.public_id, **told_of)
    await enter(intent, IntentState.FROZEN, why=why)


def _state_of(parts: set[PartState]) -> IntentState:
    if PartState.FROZEN in parts:
        return IntentState.FROZEN
    if parts & {PartState.SENT, PartState.PENDING} or (PartState.CREATED in parts and len(parts) > 1):
        return IntentState.PENDING
    if parts == {PartState.CREATED}:
        return IntentState.CREATED
    return IntentState.FAILED if PartState.FAILED in parts else IntentState.SUCCEEDED
