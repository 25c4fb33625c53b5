"""The replay of a draft over cases of the past, as the page before publishing shows it."""

import asyncio
from typing import Any

from app.i18n import day, gettext
from app.policy_text import APART, conditions_of, outcome, policy_name, terms_words
from app.web.policy_pages import TONES
from core.clock import now
from core.money import Money, format_money
from core.shops import Shop
from orders.policies.deciding import Outcome, ReturnPolicy
from orders.policies.replay import WINDOW, Change, replay
from orders.policies.terms import Terms
from tickets.policy_cases import MOST, past_cases


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


async def replay_view(shop: Shop, draft: ReturnPolicy, language: str) -> dict[str, Any]:
    """Who would have been treated differently in the last 90 days, from what to what, and what it costs."""
    moment = now()
    cases = await past_cases(shop.id, moment - WINDOW)
    found = await asyncio.to_thread(replay, draft, cases, moment)
    return {
        "cases": found.cases,
        "cut": len(cases) == MOST,
        "changed": found.changed,
        "moves": [
            {"label": _move(before, after, language), "count": count}
            for (before, after), count in found.moves.most_common()
        ],
        "costs": [_cost(amount, currency, language) for currency, amount in sorted(found.cost.items())],
        "unknown": found.unknown,
        "changes": [_change(each, shop, language) for each in found.changes],
    }


def _move(before: Outcome, after: Outcome, language: str) -> str:
    if before is after:
        return gettext(_("Granted on other terms"), language)
    told = {"before": outcome(before, language), "after": outcome(after, language)}
    return gettext(_("%(before)s → %(after)s"), language) % told


def _cost(amount: int, currency: str, language: str) -> dict[str, Any]:
    sign = "+" if amount > 0 else "−"
    return {"text": sign + format_money(Money(abs(amount), currency), language), "more": amount > 0}


def _change(change: Change, shop: Shop, language: str) -> dict[str, Any]:
    case, decision = change.case, change.decision
    cost = _cost(change.cost, case.currency, language)["text"] if change.cost else ""
    return {
        "label": f"#{case.ticket}" if case.ticket else f"AS-{case.number}",
        "url": f"/console/tickets/{case.ticket}" if case.ticket else "",
        "at": day(case.at, shop.timezone, language),
        "wish": APART.join(conditions_of(case.wish, language)),
        "was": outcome(case.outcome, language),
        "was_tone": TONES[case.outcome],
        "before": _terms(case.terms, language) if change.terms_only else "",
        "now": outcome(decision.outcome, language),
        "now_tone": TONES[decision.outcome],
        "after": _terms(decision.terms, language) if change.terms_only else "",
        "policy": policy_name(decision.policy, decision.version, language),
        "row": decision.row.id,
        "cost": "?" if change.cost is None else cost,
    }


def _terms(terms: Terms | None, language: str) -> str:
    return APART.join(terms_words(terms, language)) if terms else ""
