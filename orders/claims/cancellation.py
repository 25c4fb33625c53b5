"""The arbiter: whoever wants units of an order that have not left gets one decision, made under the order's lock.

Cancelling, sending elsewhere and keeping back are claims; a hand-over that the shop tells of ends those that it beats.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core import audit, promises
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.jobs import enqueue
from core.people import Actor
from core.text import clean
from core.transactions import record, transaction
from orders.claims.models import BY_HAND, BY_SHOP, BY_WAREHOUSE, DONE, LIVE, REFUSED, REQUESTED, Claim, LineClaim
from orders.claims.reading import MANUAL, WHOLE_ONLY, channel_of, stands_of
from orders.claims.rules import Step, Units, Verdict, What, judge
from orders.events import ClaimChanged
from orders.models import Order
from orders.snapshots import axes_of

AT_ONCE = timedelta(seconds=20)  # by then a shop that is asked over the network has answered, or is not waited for
WAREHOUSE = timedelta(minutes=10)
BY_A_PERSON = timedelta(minutes=30)
PROMISE = "cancellation"
CONTRADICTED = "contradicted"
_NEEDED = ("country", "city", "lines")
_KNOWN = (*_NEEDED, "name", "region", "postcode", "phone")


async def request_cancellation(
    order_id: int,
    units: Units | None,
    reason: str,
    actor: Actor,
    *,
    case_id: str = "",
    order_version: int | None = None,
    answer_by: datetime | None = None,
) -> Claim:
    """Cancel units by line (None: all that have not left). The claim is settled at once, or by its `answer_by`.

    The same wish again finds the claim that is live, or the one that did it. Raises NotFound, Conflict (stale_order;
    being_decided with `what` when another claim has one of the lines) and Invalid (bad_units).
    """
    return await claim_lines(
        order_id,
        What.CANCEL,
        units,
        actor,
        reason=reason,
        case_id=case_id,
        order_version=order_version,
        answer_by=answer_by,
    )


async def request_address(
    order_id: int, address: Mapping[str, Any], actor: Actor, *, case_id: str = "", order_version: int | None = None
) -> Claim:
    """Send everything that has not left to another address (country, city, lines; name, region, postcode, phone).

    Raises what `request_cancellation` raises, and Invalid (bad_address).
    """
    wanted = {name: value for name, value in address.items() if name in _KNOWN and value}
    if not all(wanted.get(name) for name in _NEEDED):
        raise Invalid("an address needs country, city and lines", code="bad_address")
    return await claim_lines(
        order_id, What.ADDRESS, None, actor, case_id=case_id, order_version=order_version, address=wanted
    )


async def claim_lines(
    order_id: int,
    what: What,
    units: Units | None,
    actor: Actor,
    *,
    reason: str = "",
    case_id: str = "",
    order_version: int | None = None,
    answer_by: datetime | None = None,
    address: Mapping[str, Any] | None = None,
) -> Claim:
    """Claim units of an order by line (None: all that have not left). What is claimed and not refused is asked of the
    shop by a job. `answer_by` (UTC): when a person has answered, where one has to. Raises as `request_cancellation`.
    """
    async with transaction():
        order = await locked_order(order_id)
        if order_version is not None and order.version != order_version:
            raise Conflict("the order has changed meanwhile", code="stale_order", version=order.version)
        stands = await stands_of(order)
        _check(units, {stand.line for stand in stands})
        verdict = judge(what, axes_of(order), stands, units)
        if (before := await _before(order, what, verdict, address or {})) is not None:
            return before
        claim = _claim(order, what, verdict, reason, case_id, actor, address or {})
        claim.whole = dict(verdict.units) == {stand.line: stand.here for stand in stands if stand.here}
        if verdict.step in (Step.HOLD, Step.ASK):
            await _begin(claim, order, verdict, answer_by)
        else:
            claim.state, claim.settled_at = (DONE if verdict.step is Step.SAME else REFUSED), claim.created_at
        await claim.save(force_create=True)
        await _take(claim, order, {stand.line: stand.cancelled for stand in stands})
        await audit.note(actor, "order.claimed", order.public_id, claim=claim.public_id, what=what, state=claim.state)
        record(changed(claim, at_once=claim.state not in LIVE))
        if claim.state in LIVE:
            await _ask(claim)
            await _promise(claim)
    return claim


async def locked_order(order_id: int) -> Order:
    """The order, ours until the commit. Raises NotFound."""
    order = await Order.filter(id=order_id).select_for_update().first()
    if order is None:
        raise NotFound("there is no such order", code="order_not_found")
    await order.fetch_related("shop")
    return order


async def tell_shop(claim: Claim) -> None:
    """Let the shop know of the claim's next step, soon and one step at a time."""
    which, lane = {"claim": claim.id}, f"claim:{claim.id}"
    await enqueue("claim.act", which, key=f"claim.act:{claim.id}:{claim.step}", lane=lane)


def state_of(claim: Claim) -> str:
    """The state that is told: a claim that was done and is not any more is contradicted."""
    return CONTRADICTED if claim.contradicted_at else str(claim.state)


def changed(claim: Claim, *, at_once: bool = False) -> ClaimChanged:
    """The event of what a claim has become; `at_once`: in the very change that made it."""
    return ClaimChanged(
        claim_id=claim.id,
        order_id=claim.order_id,
        shop_id=claim.shop_id,
        case_id=claim.case_id,
        what=claim.what,
        state=state_of(claim),
        at_once=at_once,
    )


def _check(units: Units | None, lines: set[str]) -> None:
    if units is not None and (not units or any(line not in lines or count < 1 for line, count in units)):
        raise Invalid("units are counted from 1, by lines of the order", code="bad_units")


async def _before(order: Order, what: What, verdict: Verdict, address: Mapping[str, Any]) -> Claim | None:
    """The claim that this wish has met: the same one, still live or done. Raises Conflict for another's."""
    if verdict.step is Step.SAME:
        done = Claim.filter(order_id=order.id, what=what, state=DONE, contradicted_at__isnull=True)
        return await done.order_by("-id").first()
    names = [_live(order, line) for line, _ in verdict.units]
    held = await LineClaim.filter(live__in=names).order_by("claim_id").first().select_related("claim")
    if held is None:
        return None
    other = held.claim
    if other.what == what and dict(other.address) == dict(address):
        return other
    raise Conflict("somebody decides about this already", code="being_decided", what=other.what)


def _claim(
    order: Order, what: What, verdict: Verdict, reason: str, case_id: str, actor: Actor, address: Mapping[str, Any]
) -> Claim:
    return Claim(
        public_id=new_id("clm"),
        shop_id=order.shop_id,
        order_id=order.id,
        what=what.value,
        state=REQUESTED,
        why=verdict.why.value,
        way=BY_SHOP,
        reason=clean(reason, limit=120),
        case_id=case_id,
        units=[list(part) for part in verdict.units],
        gone=[list(part) for part in verdict.gone],
        address=dict(address),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        order_version=order.version,
        created_at=now(),
    )


async def _begin(claim: Claim, order: Order, verdict: Verdict, answer_by: datetime | None) -> None:
    """Who is to answer, and by when. A shop with a door of its own is stopped first, also when people have to look."""
    channel = await channel_of(order.shop, order.source)
    part = claim.what == What.CANCEL and not (claim.whole and not claim.gone)
    manual = channel == MANUAL or (part and channel in WHOLE_ONLY)
    claim.way = BY_HAND if manual else BY_WAREHOUSE if verdict.step is Step.ASK else BY_SHOP
    claim.step = "" if manual else "hold"
    longest = {BY_SHOP: AT_ONCE, BY_WAREHOUSE: WAREHOUSE, BY_HAND: BY_A_PERSON}[claim.way]
    by_person = answer_by is not None and claim.way != BY_SHOP
    claim.answer_by = answer_by if by_person else claim.created_at + longest


async def _take(claim: Claim, order: Order, cancelled: Mapping[str, int]) -> None:
    live = claim.state in LIVE
    rows = [
        LineClaim(
            claim_id=claim.id,
            line=line,
            units=units,
            cancelled=cancelled[line],
            live=_live(order, line) if live else None,
        )
        for line, units in claim.units
    ]
    await LineClaim.bulk_create(rows)


def _live(order: Order, line: str) -> str:
    return f"{order.id}:{line}"


async def _promise(claim: Claim) -> None:
    """Where a person has to look, the ticket's customer is owed an answer by a time."""
    if claim.way != BY_SHOP and claim.case_id.startswith("tkt_") and claim.answer_by is not None:
        await promises.promise(claim.shop_id, PROMISE, claim.case_id, claim.answer_by)


async def _ask(claim: Claim) -> None:
    if claim.step:
        await tell_shop(claim)
    await enqueue("claim.conclude", {"claim": claim.id}, run_at=claim.answer_by, key=f"claim.conclude:{claim.id}")
