"""A refund as the desk shows it: its state in plain words, its parts, how it was calculated, what may be done now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.i18n import gettext, when
from app.refund_text import step_sentence
from app.web.aftersale_words import REASONS
from app.web.labels import TENDERS, word
from app.web.refund_words import BY_HAND, GATEWAYS, INTENTS, NEEDS, PARTS, REQUESTERS
from app.web.times import iso
from core.money import Money, format_money, plain_amount
from core.people import AGENT, Agent
from orders.refunds.accounts import MANUAL
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.quote import Step
from orders.refunds.records import steps_of
from orders.refunds.states import UNDER_WAY, IntentState, PartState


def refund_row(
    intent: RefundIntent,
    parts: Sequence[RefundPart],
    agent: Agent,
    zone: str,
    *,
    names: Mapping[str, str],
    base: str,
    tried_again: bool = False,
) -> dict[str, Any]:
    """Everything about one refund. `names` are titles of lines by their source ids, `base` is where its steps post to.

    `tried_again`: a later attempt has taken its place.
    """
    language = agent.language
    label, tone, icon = INTENTS[intent.state]
    waits = intent.state == IntentState.AWAITING_APPROVAL
    mine = intent.requested_kind == "agent" and intent.requested_id == agent.id
    return {
        "id": intent.public_id,
        "url": f"{base}/{intent.public_id}",
        "amount": _money(intent.amount, intent.currency, language),
        "goodwill": _money(intent.goodwill, intent.currency, language) if intent.goodwill else "",
        "state": gettext(label, language),
        "tone": tone,
        "icon": icon,
        "reason": word(REASONS, intent.reason, language),
        "attempt": intent.attempt,
        "asked_by": _requester(intent, language),
        "asked_at": when(intent.created_at, zone, language),
        "asked_iso": iso(intent.created_at),
        "decided_by": intent.decided_by,
        "decided_at": when(intent.decided_at, zone, language) if intent.decided_at else "",
        "needs": [word(NEEDS, need, language) for need in intent.needs] if waits else [],
        "note": _note(intent, language),
        "why": intent.why,
        "mine": mine and waits,
        "moving": intent.state in (IntentState.CREATED, IntentState.PENDING),
        "steps": step_rows(steps_of(intent.quote), intent.currency, names, language),
        "parts": [_part(part, intent, language) for part in parts],
        "tried_again": tried_again,
        "acts": _acts(intent, parts, agent, mine=mine, tried_again=tried_again),
    }


def _note(intent: RefundIntent, language: str) -> str:
    """An after-sales case notes its number alone, which payment services print on their statements."""
    of_case = intent.case_id.startswith("afs_") and intent.note.isdecimal()
    return gettext("After-sales case %(number)s", language) % {"number": intent.note} if of_case else intent.note


def step_rows(steps: Iterable[Step], currency: str, names: Mapping[str, str], language: str) -> list[dict[str, str]]:
    """A calculation step by step: a sentence and its amount."""
    return [
        {
            "text": step_sentence(replace(step, about=names.get(step.about, step.about)), currency, language),
            "amount": signed(step.amount, str(step.figures.get("currency", currency)), language),
            "rule": step.rule,
        }
        for step in steps
    ]


def signed(amount: int, currency: str, language: str) -> str:
    """An amount with a real minus sign."""
    return f"−{_money(-amount, currency, language)}" if amount < 0 else _money(amount, currency, language)


def _acts(
    intent: RefundIntent, parts: Sequence[RefundPart], agent: Agent, *, mine: bool, tried_again: bool
) -> tuple[str, ...]:
    """What this person may do with it now; the verbs look again."""
    overseer = agent.role != AGENT
    if intent.state == IntentState.AWAITING_APPROVAL:
        return ("withdraw",) if mine else ("approve", "refuse") if overseer else ()
    if intent.state == IntentState.FROZEN:
        return ("unfreeze",) if overseer else ()
    if intent.state == IntentState.FAILED:
        return () if tried_again else ("retry",)
    paying = intent.state in (IntentState.CREATED, IntentState.PENDING) and any(_by_hand(part) for part in parts)
    return ("paid",) if paying else ()


def _by_hand(part: RefundPart) -> bool:
    return part.gateway == MANUAL and part.state in UNDER_WAY


def _part(part: RefundPart, intent: RefundIntent, language: str) -> dict[str, Any]:
    waits = _by_hand(part) and intent.state != IntentState.AWAITING_APPROVAL
    state = gettext(BY_HAND if waits else PARTS[part.state], language)
    differs = part.paid is not None and part.paid != part.amount
    return {
        "key": part.public_id,
        "amount": _money(part.amount, part.currency, language),
        "plain": plain_amount(part.amount if part.paid is None else part.paid, part.currency),
        "paid": _money(part.paid, part.currency, language) if part.paid is not None and differs else "",
        "tender": word(TENDERS, part.tender, language),
        "gateway": word(GATEWAYS, part.gateway, language),
        "state": state,
        "reference": part.gateway_ref,
        "error": part.last_error if part.state != PartState.SUCCEEDED else "",
        "by_hand": waits,
        "frozen": part.state == PartState.FROZEN,
    }


def _requester(intent: RefundIntent, language: str) -> str:
    if intent.requested_kind in REQUESTERS:
        return gettext(REQUESTERS[intent.requested_kind], language)
    return intent.requested_name


def _money(amount: int, currency: str, language: str) -> str:
    return format_money(Money(amount, currency), language)
