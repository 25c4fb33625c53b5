"""The rows behind the page of an order, read together."""

from dataclasses import dataclass

from conversations.proofs import contacts_beside_in
from conversations.telling import Answers, answers_in
from core.bundles import Bundle
from core.shops import Shop
from orders.history import causes_in, changes_in, handles_in
from orders.models import Dispute, Order, OrderChange, OrderLine, Payment, Refund, Shipment
from orders.stock.models import Shortage, StockPosition
from tickets.linking import links_about_in
from tickets.models import TicketLink

TICKETS = 20


@dataclass(frozen=True, slots=True)
class OrderRecords:
    """What one page shows of an order besides its picture."""

    shop: Shop
    payments: list[Payment]
    refunds: list[Refund]
    disputes: list[Dispute]
    titles: dict[str, str]  # of lines, by their names in the source
    gone: list[Shipment]  # parcels that were cancelled
    about: list[TicketLink]  # newest first, with the tickets
    short: list[Shortage]  # with the lines
    positions: dict[str, StockPosition]  # of what is short, by SKU
    changes: list[OrderChange]
    causes: dict[int, str]  # topics of the deliveries that made the changes
    handles: list[str]
    answers: Answers
    beside: tuple[str, ...]  # contacts that the same person has proved


async def gather(order: Order) -> OrderRecords:
    """Read the rows around an order that the agent has been let see; one statement."""
    bundle, of = Bundle(), {"order": order.id}
    mine = "WHERE t.order_id = {order} ORDER BY "
    shops = bundle.rows(Shop, "WHERE t.id = {shop}", shop=order.shop_id)
    payments, refunds = bundle.rows(Payment, mine + "t.at, t.id", **of), bundle.rows(Refund, mine + "t.at, t.id", **of)
    disputes = bundle.rows(Dispute, mine + "t.id", **of)
    lines = bundle.rows(OrderLine, mine + "t.position, t.id", **of)
    gone = bundle.rows(Shipment, "WHERE t.order_id = {order} AND t.cancelled ORDER BY t.id", **of)
    short = bundle.rows(Shortage, mine + "t.id", **of)
    positions = bundle.rows(StockPosition, _SHORT, shop=order.shop_id, **of)
    about, answers = links_about_in(bundle, order, TICKETS), answers_in(bundle, order.id, order.shop_id)
    changes, causes, handles = changes_in(bundle, order), causes_in(bundle, order), handles_in(bundle, order)
    contacts = [contact for contact in (order.email, order.phone) if contact]
    beside = contacts_beside_in(bundle, order.shop_id, contacts)
    await bundle.read()
    return OrderRecords(
        shop=shops[0],
        payments=payments,
        refunds=refunds,
        disputes=disputes,
        titles={line.source_id: line.title for line in lines},
        gone=gone,
        about=about(),
        short=_with_lines(short, lines),
        positions={position.sku: position for position in positions},
        changes=changes(),
        causes=causes(),
        handles=handles(),
        answers=answers(),
        beside=beside(),
    )


_SHORT = (
    "WHERE t.shop_id = {shop} AND t.sku <> '' AND t.sku IN"
    " (SELECT s.sku FROM stock_shortage AS s WHERE s.order_id = {order})"
)


def _with_lines(short: list[Shortage], lines: list[OrderLine]) -> list[Shortage]:
    """In the order of the lines."""
    by_id = {line.id: line for line in lines}
    for row in short:
        row.line = by_id[row.line_id]
    places = {line.id: place for place, line in enumerate(lines)}
    return sorted(short, key=lambda row: places[row.line_id])
