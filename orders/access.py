"""The facts gate: the only way in which orders leave. Not there, not yours and not proved are the same answer."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import audit
from core.bundles import Bundle
from core.clock import utc
from core.errors import NotFound
from core.ids import as_id
from core.money import Money
from core.people import Actor, Agent
from core.sql import as_time, fetch
from core.text import reference
from orders.contacts import normal_email, normal_phone
from orders.models import Order

MOST_ORDERS, MOST_BESIDE, MOST_TO_CHOOSE = 50, 10, 10
# Each contact through its own index: with OR, SQLite looks through all orders of the shop, newest first.
_OF_CONTACTS = (
    "WHERE t.id IN (SELECT e.id FROM shop_order AS e WHERE e.shop_id IN ({shops}) AND e.email IN ({emails})"
    " UNION SELECT p.id FROM shop_order AS p WHERE p.shop_id IN ({shops}) AND p.phone IN ({phones}))"
    " ORDER BY t.placed_at DESC, t.id DESC LIMIT {most}"
)
_NUMBER_LENGTH = 120  # characters of the longest number


# What is under way is outbound and not delivered; `least` and `most` are the same when all such parcels are alike.
_UNDER_WAY = " FROM shipment AS s WHERE s.order_id = o.id AND NOT s.cancelled AND s.direction = 'outbound'"
_TO_CHOOSE = (
    "SELECT o.public_id, o.number, o.placed_at, o.headline, o.total, o.currency,"  # noqa: S608 (constants)
    " (SELECT l.title FROM order_line AS l WHERE l.order_id = o.id ORDER BY l.position, l.id LIMIT 1) AS first_item,"
    " (SELECT COUNT(*) FROM order_line AS l WHERE l.order_id = o.id) AS items,"
    f" (SELECT MIN(s.state){_UNDER_WAY} AND s.state <> 'delivered') AS least,"
    f" (SELECT MAX(s.state){_UNDER_WAY} AND s.state <> 'delivered') AS most,"
    f" (SELECT COUNT(*){_UNDER_WAY} AND s.state = 'exception') AS troubled"
    " FROM shop_order AS o WHERE o.shop_id IN ({shops}) AND (o.email IN ({emails}) OR o.phone IN ({phones}))"
    " ORDER BY o.placed_at DESC, o.id DESC LIMIT {limit}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderToChoose:
    """As much of an order as telling it from others takes."""

    public_id: str
    number: str
    placed_at: datetime
    headline: str
    parcel_state: str | None  # of all parcels under way, if they are alike or one has a problem
    first_item: str
    more_items: int  # further lines
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who wants to see orders: an agent of some shops, or a customer of one shop with proved contacts."""

    kind: str  # agent · customer
    shop_ids: tuple[int, ...]
    proofs: tuple[str, ...] = ()  # e-mail addresses and phone numbers that this person has shown to be theirs
    agent_id: int | None = None
    name: str = ""

    @classmethod
    def agent(cls, agent_id: int, shop_ids: tuple[int, ...] | list[int], name: str = "") -> "Viewer":
        return cls(kind="agent", shop_ids=tuple(shop_ids), agent_id=agent_id, name=name)

    @classmethod
    def customer(cls, shop_id: int, proofs: tuple[str, ...] | list[str]) -> "Viewer":
        return cls(kind="customer", shop_ids=(shop_id,), proofs=tuple(proofs))


async def orders_in_view(viewer: Viewer, purpose: str) -> list[Order]:
    """The orders that `viewer` may see, newest first, 50 at most. A customer sees those of the proved contacts.

    An agent sees those of the given contacts (`proofs`) in his shops, and none without contacts: lists of everything
    are what the console's own queries are for.
    """
    emails, phones = _contacts(viewer)
    if not emails and not phones:
        return []
    found = await _of_contacts(viewer.shop_ids, emails, phones, MOST_ORDERS)
    if viewer.kind == "agent":
        for order in found:
            await _audit(viewer, order, purpose)
    return found


async def orders_to_choose(viewer: Viewer) -> list[OrderToChoose]:
    """A customer's ten newest orders of the proved contacts, in one query; nobody else's, and nothing for agents."""
    emails, phones = _contacts(viewer)
    if viewer.kind != "customer" or not (emails or phones):
        return []
    rows = await fetch(_TO_CHOOSE, shops=list(viewer.shop_ids), emails=emails, phones=phones, limit=MOST_TO_CHOOSE)
    return [_to_choose(row) for row in rows]


async def orders_beside(viewer: Viewer, order: Order, contacts: Collection[str] = ()) -> list[Order]:
    """Other orders of the same customer in the same shop, newest first, 10 at most; for agents, audited as one look.

    The same customer is who gave the same e-mail address or phone number, or has proved to have one of `contacts`.
    """
    if viewer.kind != "agent" or order.shop_id not in viewer.shop_ids:
        return []
    known = sorted({contact for contact in (order.email, order.phone, *contacts) if contact})
    if not known:
        return []
    emails, phones = [contact for contact in known if "@" in contact], [name for name in known if "@" not in name]
    theirs = await _of_contacts([order.shop_id], emails, phones, MOST_BESIDE + 1)
    found = [other for other in theirs if other.id != order.id][:MOST_BESIDE]
    if found:
        actor = Actor("agent", viewer.agent_id, viewer.name)
        await audit.note(actor, "orders.listed", order.public_id, orders=[other.public_id for other in found])
    return found


async def order_in_view(viewer: Viewer, public_id_or_number: str, purpose: str) -> Order:
    """One order by public id or by its number. Raises NotFound, which never tells why."""
    found = await _named(viewer, public_id_or_number)
    visible = [order for order in found if _may_see(viewer, order)]
    if not visible:
        raise NotFound("there is no such order in view", code="order_not_found")
    if viewer.kind == "agent":
        await _audit(viewer, visible[0], purpose)
    return visible[0]


async def note_listed(agent: Agent, orders: Collection[str], purpose: str) -> None:
    """A page shows these orders (public ids) with their customers or states beside others: one look. None: no look."""
    if found := list(dict.fromkeys(orders)):
        await audit.note(Actor.of(agent), "orders.listed", found[0], orders=found, purpose=purpose)


async def _of_contacts(
    shop_ids: Collection[int], emails: Collection[str], phones: Collection[str], most: int
) -> list[Order]:
    """Orders with one of these contacts, newest first."""
    bundle = Bundle()
    values = {"shops": list(shop_ids), "emails": list(emails), "phones": list(phones), "most": most}
    found = bundle.rows(Order, _OF_CONTACTS, **values)
    await bundle.read()
    return found


async def _named(viewer: Viewer, name: str) -> list[Order]:
    """Orders of that name in the viewer's shops, newest first; the same query whether there are any or not."""
    mine = Order.filter(shop_id__in=viewer.shop_ids)
    is_id = name.startswith("ord_")
    named = mine.filter(public_id=as_id(name)) if is_id else mine.filter(number_key=reference(name)[:_NUMBER_LENGTH])
    return await named.order_by("-placed_at", "-id").limit(MOST_ORDERS)


def _to_choose(row: dict[str, Any]) -> OrderToChoose:
    states = {row["least"], row["most"]}
    alike = "info_received" if states <= {"pending", "info_received"} else row["least"] if len(states) == 1 else None
    return OrderToChoose(
        public_id=row["public_id"],
        number=row["number"],
        placed_at=as_time(row["placed_at"]) or utc(row["placed_at"]),
        headline=row["headline"],
        parcel_state="exception" if row["troubled"] else alike,
        first_item=row["first_item"] or "",
        more_items=max(0, row["items"] - 1),
        total=Money(row["total"], row["currency"]),
    )


def _may_see(viewer: Viewer, order: Order) -> bool:
    if order.shop_id not in viewer.shop_ids:
        return False
    if viewer.kind == "agent":
        return True
    emails, phones = _contacts(viewer)
    return viewer.kind == "customer" and (order.email in emails or order.phone in phones)


def _contacts(viewer: Viewer) -> tuple[list[str], list[str]]:
    """Proved addresses and numbers in the form of the stored ones. Proofs carry their numbers in E.164."""
    emails = [email for proof in viewer.proofs if (email := normal_email(proof))]
    phones = [phone for proof in viewer.proofs if "@" not in proof and (phone := normal_phone(proof, ""))]
    return emails, phones


async def _audit(viewer: Viewer, order: Order, purpose: str) -> None:
    await audit.note(Actor("agent", viewer.agent_id, viewer.name), "order.read", order.public_id, purpose=purpose)
