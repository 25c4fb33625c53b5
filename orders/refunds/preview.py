"""Everything that a person needs to see before asking for money back: one read, nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.people import Actor
from core.transactions import transaction
from orders.refunds.accounts import MANUAL, account_of
from orders.refunds.books import read_books
from orders.refunds.intents import order_for
from orders.refunds.limits import Allowance, allowance_of
from orders.refunds.models import RefundIntent
from orders.refunds.quote import Quote
from orders.refunds.records import Wish
from orders.refunds.requesting import due_of
from orders.refunds.states import OPEN_INTENTS
from orders.refunds.tenders import payments_of


@dataclass(frozen=True, slots=True)
class Way:
    """What would go back to one payment, and through which gateway; "manual": a person pays it."""

    payment: str
    method: str
    amount: int
    gateway: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a refund would be. Pass `order_version`, `total` (as `expected_total`) and `attempt` on with the request.

    `needs` says why a second person has to approve: above_limit · daily_limit · own_order · goodwill_above_worth ·
    typed_details · dispute_open; empty: it leaves at once. `under_way`: the case's last refund, while it has not ended.
    """

    quote: Quote
    total: int
    currency: str
    ways: tuple[Way, ...]
    needs: tuple[str, ...]
    rule: str
    allowance: Allowance
    order_version: int
    attempt: int
    under_way: RefundIntent | None
    earlier: Sequence[RefundIntent]


async def preview(order_id: int, case_id: str, wish: Wish, actor: Actor) -> Preview:
    """See a refund as it would be now. Raises NotFound, and Invalid as `request_refund` does."""
    async with transaction():  # one state of the rows
        order = await order_for(order_id, actor)
        books = await read_books(order)
        due = await due_of(books, wish, actor)
        allowance = await allowance_of(actor, books.shop, order.currency)
        last = await RefundIntent.filter(case_id=case_id).order_by("-attempt").first()
    accounts = {each.source_id: account_of(each, order, books.accounts) for each in payments_of(books)}
    going = last is not None and last.order_id == order.id and last.state in OPEN_INTENTS
    return Preview(
        quote=due.quote,
        total=due.total,
        currency=order.currency,
        ways=tuple(
            Way(part.payment, part.method, part.amount, account.gateway if account else MANUAL)
            for part in due.tenders
            for account in [None if wish.typed_details else accounts[part.payment]]
        ),
        needs=due.needs,
        rule=due.rule,
        allowance=allowance,
        order_version=order.version,
        attempt=last.attempt + 1 if last is not None else 1,
        under_way=last if going else None,
        earlier=books.intents,
    )


async def waiting_for_approval(
    shop_ids: Sequence[int], *, asked_by: int | None = None, limit: int = 100
) -> list[RefundIntent]:
    """What waits for a second person in these shops, the oldest first, with its order and shop.

    `asked_by`: only what this agent (an id) has asked for.
    """
    waiting = RefundIntent.filter(shop_id__in=shop_ids, state="awaiting_approval").order_by("created_at", "id")
    if asked_by is not None:
        waiting = waiting.filter(requested_kind="agent", requested_id=asked_by)
    return await waiting.limit(limit).select_related("order", "shop")
