"""The accounts through which a shop sends money back: opening and closing them. Credentials are never shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from core import audit
from core.clock import now
from core.ids import new_id
from core.people import Actor
from core.shops import Shop
from core.transactions import transaction
from orders.refunds.models import PaymentAccount


async def open_account(
    shop: Shop,
    gateway: str,
    actor: Actor | None,
    *,
    address: str = "",
    credentials: Mapping[str, Any] | None = None,
    serves: Sequence[str] = (),
) -> PaymentAccount:
    """Let `shop` send money back through `gateway`, or give its account a new address and credentials. Audited.

    `serves`: further words of payments (gateway or tender) that are this account's. What each gateway needs:
    app/gateways/refunds.py.
    """
    async with transaction():
        found = await PaymentAccount.get_or_none(shop_id=shop.id, gateway=gateway)
        account = found or PaymentAccount(
            shop_id=shop.id, gateway=gateway, public_id=new_id("pac"), created_at=now(), credentials={}
        )
        account.address, account.credentials, account.enabled = address, dict(credentials or {}), True
        account.serves = list(serves)
        await account.save()
        await audit.note(actor, "shop.payment_account_opened", account.public_id, gateway=gateway, address=address)
    return account


async def close_account(account: PaymentAccount, actor: Actor | None) -> None:
    """Send nothing new through the account and forget its credentials; what it has paid stays on record. Audited.

    Refunds that are still on their way through it can then only be settled by what the gateway tells.
    """
    async with transaction():
        account.enabled, account.credentials = False, {}
        await account.save(update_fields=["enabled", "credentials"])
        await audit.note(actor, "shop.payment_account_closed", account.public_id, gateway=account.gateway)
