"""What a shop has said once about its deliveries and the EU's right of withdrawal, for all its refunds.

`Shop.refund_terms`: {"standard_delivery": {"EUR": 490}, "informed": true}. In a withdrawal the delivery goes back up to
what the cheapest standard one costs (2011/83/EU, art. 13 (2)); a customer who was not told of the right owes nothing
for handling the goods (art. 14 (5)).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core import audit
from core.errors import Invalid
from core.people import Actor
from core.shops import Shop
from core.transactions import transaction
from orders.refunds.fields import check_currency


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundTerms:
    """`standard_delivery`: currency → minor units, as the shop's prices are told: with tax where they contain theirs.
    `informed`: customers are told of the right of withdrawal."""

    standard_delivery: Mapping[str, int] = field(default_factory=dict)
    informed: bool = True


def terms_of(shop: Shop) -> RefundTerms:
    """What the shop has said; nothing said: delivery as it was paid, and everybody was told."""
    told = shop.refund_terms or {}
    return RefundTerms(
        standard_delivery=told.get("standard_delivery", {}), informed=told.get("informed", True) is not False
    )


async def set_refund_terms(shop: Shop, terms: RefundTerms, *, actor: Actor | None = None) -> None:
    """Keep what holds for the shop from now on. Raises Invalid (unknown_currency, bad_amount). Audited."""
    for currency, amount in terms.standard_delivery.items():
        check_currency(currency)
        if type(amount) is not int or amount < 0:
            raise Invalid("an amount is not below zero", code="bad_amount", currency=currency)
    told = {"standard_delivery": dict(terms.standard_delivery), "informed": terms.informed}
    async with transaction():
        shop.refund_terms = None if terms == RefundTerms() else told
        await shop.save(update_fields=["refund_terms"])
        await audit.note(actor, "shop.refund_terms_set", shop.public_id, **told)
