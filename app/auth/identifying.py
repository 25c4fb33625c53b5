"""Whom a shop's identity token stands for at this desk: one customer for each of the shop's, on all devices."""

import hashlib
from datetime import timedelta

from app.auth.identities import Identity
from app.auth.models import CustomerIdentity, IdentityUse
from conversations.models import Conversation, Proof
from conversations.opening import chat_with
from conversations.proofs import prove_by_token
from conversations.viewing import show_order
from core.clock import now
from core.errors import NotFound, Unauthenticated
from core.ids import new_id
from core.people import Customer
from core.shops import Shop
from core.sql import fetch
from core.transactions import transaction
from orders.access import Viewer, order_in_view

PURPOSE = "identify"
_LONGER_THAN_SKEW = timedelta(minutes=5)
_USE = (
    "INSERT INTO identity_use (digest, expires_at) VALUES ({digest}, {expires})"
    " ON CONFLICT (digest) DO NOTHING RETURNING id"
)


async def identify(
    identity: Identity, shop: Shop, *, visitor: Customer | None, language: str
) -> tuple[Customer, Conversation]:
    """The customer whom `identity` names and their chat, in which the contacts are proved from now on.

    A guest (`visitor`) who has not been identified and has proved no other contact becomes this customer, if the
    customer is new; otherwise the customer's own chat is the right one. Raises Unauthenticated (identity_used) when
    the token has identified somebody before.
    """
    async with transaction():
        digest = hashlib.sha256(f"{shop.id}:{identity.nonce}".encode()).hexdigest()
        if not await fetch(_USE, digest=digest, expires=identity.expires_at):
            raise Unauthenticated("each token identifies once: give each a `jti` of its own", code="identity_used")
        customer = await _customer(identity, shop, visitor, language)
        conversation = await chat_with(shop, customer, language=language)
        await prove_by_token(conversation.id, identity.contacts)
        await _show_first(conversation, identity)
    return customer, conversation


async def is_identified(customer_id: int) -> bool:
    """Whether the shop has said who this customer is."""
    return await CustomerIdentity.exists(customer_id=customer_id)


async def forget_uses() -> int:
    """Forget the tokens that have expired and could not be used again anyway. Returns how many."""
    return await IdentityUse.filter(expires_at__lt=now() - _LONGER_THAN_SKEW).delete()


async def _customer(identity: Identity, shop: Shop, visitor: Customer | None, language: str) -> Customer:
    known = CustomerIdentity.filter(shop_id=shop.id, subject=identity.subject).select_related("customer")
    found = await known.first()
    if found is None:
        await Shop.filter(id=shop.id).select_for_update(no_key=True).get()  # two devices at once: one new customer
        found = await known.first()
    if found is not None:
        return await _renewed(found.customer, identity)
    customer = visitor if visitor is not None and await _may_become(visitor, identity) else None
    if customer is None:
        customer = await Customer.create(public_id=new_id("cus"), shop_id=shop.id, language=language, created_at=now())
    await CustomerIdentity.create(shop=shop, customer=customer, subject=identity.subject, created_at=now())
    return await _renewed(customer, identity)


async def _may_become(visitor: Customer, identity: Identity) -> bool:
    if await is_identified(visitor.id):
        return False
    proved = Proof.filter(conversation__customer_id=visitor.id).values_list("contact", flat=True)
    return {str(contact) for contact in await proved} <= set(identity.contacts)


async def _renewed(customer: Customer, identity: Identity) -> Customer:
    """The shop knows best what its customer is called and where they can be reached."""
    email = next((contact for contact in identity.contacts if "@" in contact), None)
    phone = next((contact for contact in identity.contacts if "@" not in contact), None)
    news = {"name": identity.name, "email": email, "phone": phone}
    changed = {name: value for name, value in news.items() if value and value != getattr(customer, name)}
    if changed:
        await customer.update_from_dict(changed).save(update_fields=list(changed))
    return customer


async def _show_first(conversation: Conversation, identity: Identity) -> None:
    """The first order the page is about, of those that the contacts open."""
    viewer = Viewer.customer(conversation.shop_id, identity.contacts)
    for number in identity.orders:
        try:
            order = await order_in_view(viewer, number, PURPOSE)
        except NotFound:
            continue
        await show_order(conversation.id, order.id)
        return
