"""After-sales cases of the past, for a draft of the return policy to be replayed over (`orders.policies.replay`)."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from core.errors import Invalid
from orders.policies.deciding import Outcome
from orders.policies.documents import read_wish
from orders.policies.replay import PastCase
from orders.policies.terms import Terms
from orders.refunds.models import RefundIntent
from orders.refunds.states import OPEN_INTENTS, IntentState
from tickets.aftersales.kinds import Kind
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.states import OVER, State

MOST = 5000
# Return policies have nothing to say on the others.
_KINDS = (Kind.CANCEL, Kind.REFUND_ONLY, Kind.RETURN_REFUND, Kind.EXCHANGE)
_GOES_BACK = (*OPEN_INTENTS, IntentState.SUCCEEDED)
_DONE = (*OVER, State.REJECTED)
_COLUMNS = (
    "public_id", "number", "ticket__number", "kind", "state", "wish", "decision", "currency", "amount", "opened_at",
)  # fmt: skip


async def past_cases(shop_id: int, since: datetime) -> list[PastCase]:
    """The newest MOST cases of the shop that were opened since then and that a policy has spoken on. Three statements.

    A refund that was asked for counts as paid. Without one a case is worth what was asked, else its goods before tax
    on top and shipping; an exchange has no such sum.
    """
    found = AfterSale.filter(shop_id=shop_id, opened_at__gte=since, kind__in=[*_KINDS]).order_by("-opened_at", "-id")
    rows = await found.limit(MOST).values(*_COLUMNS)
    paid, worth = await _refunds(shop_id, since), await _worth(shop_id, since)
    cases = (_case(row, paid.get(row["public_id"]), worth.get(row["public_id"])) for row in rows)
    return [case for case in cases if case is not None]


def _case(row: dict[str, Any], paid: int | None, worth: int | None) -> PastCase | None:
    """None where it was not kept what was decided on."""
    decision = row["decision"]
    try:
        wish, outcome = read_wish(row["wish"]), Outcome(decision.get("outcome", ""))
    except (Invalid, ValueError):
        return None
    asked = None if row["kind"] == Kind.EXCHANGE else paid or row["amount"] or worth
    return PastCase(
        id=row["public_id"],
        number=row["number"],
        ticket=row["ticket__number"],
        at=row["opened_at"],
        wish=wish,
        outcome=outcome,
        terms=_terms(decision),
        asked=asked,
        paid=0 if paid is None and row["state"] in _DONE else paid,
        currency=row["currency"],
    )


def _terms(decision: dict[str, Any]) -> Terms | None:
    names = ("goods_back", "way_back_by", "send_back_within", "refund_within", "refund_from")
    return Terms(*(decision[name] for name in names)) if all(name in decision for name in names) else None


async def _refunds(shop_id: int, since: datetime) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    intents = RefundIntent.filter(shop_id=shop_id, created_at__gte=since, state__in=[*_GOES_BACK])
    for case_id, amount in await intents.values_list("case_id", "amount"):
        sums[case_id] += amount
    return sums


async def _worth(shop_id: int, since: datetime) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    lines = AfterSaleLine.filter(case__shop_id=shop_id, case__opened_at__gte=since)
    columns = ("case__public_id", "asked", "line__quantity", "line__net", "line__unit_price", "line__discount")
    for case_id, asked, quantity, net, price, discount in await lines.values_list(*columns):
        whole = price * quantity - discount if net is None else net
        sums[case_id] += whole * min(asked, quantity) // max(quantity, 1)
    return sums
