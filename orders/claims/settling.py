"""How claims end: by the shop's answer, a person's, the order's own facts, or because their time is over.

Each end is written once, under the order's lock, and the shop is told to let go of what it holds for nothing.
"""

from collections.abc import Sequence
from datetime import timedelta

from core import audit, promises
from core.clock import now
from core.errors import Conflict, NotFound
from core.events import Together
from core.people import Actor, Agent, shop_ids_of
from core.sql import Program, query
from core.text import clean
from core.transactions import record, transaction
from orders.claims.cancellation import PROMISE, changed, locked_order, tell_shop
from orders.claims.models import BY_HAND, BY_SHOP, DONE, HELD, LIVE, REFUSED, RELEASED, Claim, LineClaim
from orders.claims.reading import stand_now, stands_of
from orders.claims.refunding import refund_cancelled, take_refund_back
from orders.claims.rules import LineStand, What, Why
from orders.claims.shop_actions import Outcome, Said, Stands
from orders.events import OrderChanged
from orders.models import Order
from orders.statuses import Closure

HOLD, CANCEL, ADDRESS, RELEASE = "hold", "cancel", "address", "release"
LATE = timedelta(days=1)  # so long a cancellation at the shop is taken for the late answer to a claim
_UNSURE = (Why.NO_ANSWER, Why.REFUSED_BY_SHOP, Why.REFUSED_BY_WAREHOUSE)
_CLAIMED = "SELECT DISTINCT order_id FROM order_claim WHERE order_id IN ({orders})"


async def answered(claim_id: int, step: str, outcome: Outcome) -> Claim:
    """The shop has answered to `step`. Late and repeated answers change nothing; but that it has done what was wished
    is true whenever it is said.
    """
    async with transaction():
        claim, _ = await _locked(claim_id)
        if outcome.said is Said.UNKNOWN:
            return claim
        done = outcome.said is Said.DONE
        cancelled = step == RELEASE and outcome.why is Why.CANCELLED_AT_SHOP and not done
        happened = (step in (CANCEL, ADDRESS) and done) or (cancelled and claim.what == What.CANCEL)
        if happened and await _may_be_done(claim):
            await _settle(claim, DONE, Why.DONE, outcome.text)
        elif step == claim.step:
            await _step_done(claim, step, outcome) if done else await _step_refused(claim, step, outcome)
    return claim


async def concluded(claim_id: int, stands: Stands) -> Claim:
    """The time is over, and this is how the order stands at its shop. What nobody can say is a no: the order stays."""
    async with transaction():
        claim, _ = await _locked(claim_id)
        if claim.state not in LIVE or claim.answer_by is None or claim.answer_by > now():
            return claim
        if (stands, claim.what) in ((Stands.CANCELLED, What.CANCEL), (Stands.CHANGED, What.ADDRESS)):
            await _settle(claim, DONE, Why.CANCELLED_AT_SHOP if claim.what == What.CANCEL else Why.DONE)
        elif claim.state == HELD and claim.what == What.KEEP:
            claim.answer_by = None  # it is held; whoever claimed it lets go
            await claim.save(update_fields=["answer_by"])
        else:
            await _settle(claim, REFUSED, Why.HANDED_OVER if stands is Stands.SHIPPED else Why.NO_ANSWER)
    return claim


async def answer_claim(agent: Agent, public_id: str, *, possible: bool) -> Claim:
    """A person has looked: the goods are still there and stopped, or they have left. By hand, "possible" is "done".

    Raises NotFound, and Conflict (claim_settled) when there is an end already.
    """
    known = await Claim.get_or_none(public_id=public_id, shop_id__in=await shop_ids_of(agent))
    if known is None:
        raise NotFound("no such claim")
    async with transaction():
        claim, order = await _locked(known.id)
        if claim.state not in LIVE or claim.way == BY_SHOP:
            raise Conflict("the claim has its answer", code="claim_settled", state=claim.state)
        claim.answered_by = agent.name
        detail = {"claim": claim.public_id, "possible": possible}
        await audit.note(Actor.of(agent), "order.claim_answered", order.public_id, **detail)
        if not possible:
            await _settle(claim, REFUSED, Why.REFUSED_BY_WAREHOUSE)
        elif claim.what == What.KEEP:
            await _hold(claim)
        elif claim.way == BY_HAND:
            await _settle(claim, DONE, Why.DONE)
        else:
            claim.way = BY_SHOP
            await _go_on(claim)
    return claim


async def release_claim(claim_id: int, actor: Actor) -> Claim:
    """Let go: the units may be sent again. What has an end already keeps it."""
    async with transaction():
        claim, order = await _locked(claim_id)
        if claim.state in LIVE:
            await audit.note(actor, "order.claim_released", order.public_id, claim=claim.public_id)
            await _settle(claim, RELEASED, Why.GIVEN_UP)
    return claim


def _claimed(events: Sequence[OrderChanged]) -> Program[list[OrderChanged]]:
    rows = yield query(_CLAIMED, orders=sorted({event.order_id for event in events}))
    found = {row["order_id"] for row in rows}
    return list({event.order_id: event for event in events if event.order_id in found}.values())


async def _follow(event: OrderChanged) -> None:
    """What the shop tells of the order decides its claims: goods that have left, a cancellation from elsewhere."""
    async with transaction():
        order = await locked_order(event.order_id)
        stands = {stand.line: stand for stand in await stands_of(order)}
        for claim in await Claim.filter(order_id=order.id).order_by("id").select_for_update():
            await _hear(claim, order, stands)


# Part of the change that made an order new: one question for all of them, and no more where nothing is claimed.
follow_orders = Together(_claimed, otherwise=_follow)


async def _hear(claim: Claim, order: Order, stands: dict[str, LineStand]) -> None:
    lines = await LineClaim.filter(claim_id=claim.id) if claim.units else []
    known = [(line, stand_now(stands, line.line, line.cancelled + line.units)) for line in lines]
    left = any(stand.shipped + line.cancelled + line.units > stand.quantity for line, stand in known)
    off = bool(known) and all(stand.cancelled >= line.cancelled + line.units for line, stand in known)
    over = off or order.closure == Closure.CANCELLED
    happened = {
        What.CANCEL: over,
        What.ADDRESS: claim.address.items() <= order.ship_to.items() and claim.created_at < order.folded_at,
        What.KEEP: False,
    }[What(claim.what)]
    if happened and _is_unsure(claim) and await _may_be_done(claim):
        await _settle(claim, DONE, Why.CANCELLED_AT_SHOP if over else Why.DONE)
    elif claim.state in LIVE and (over or left):
        await _settle(claim, REFUSED, Why.ALREADY_CANCELLED if over else Why.HANDED_OVER)
    elif claim.what == What.CANCEL and claim.state == DONE and claim.contradicted_at is None and left:
        claim.contradicted_at = now()
        await claim.save(update_fields=["contradicted_at"])
        await take_refund_back(claim)
        record(changed(claim))


def _is_unsure(claim: Claim) -> bool:
    """It is live, or was refused for want of a better answer, and not long ago."""
    if claim.state in LIVE:
        return True
    late = claim.state == REFUSED and claim.why in _UNSURE
    return late and claim.settled_at is not None and now() - claim.settled_at < LATE


async def _may_be_done(claim: Claim) -> bool:
    """A no is only turned into a yes while nobody has asked for these units again: else it would be done twice."""
    if claim.state in LIVE:
        return True
    mine = await LineClaim.filter(claim_id=claim.id).values_list("line", flat=True)
    others = LineClaim.filter(claim__order_id=claim.order_id, claim__what=claim.what, line__in=list(mine))
    valid = others.filter(claim__state__in=(*LIVE, DONE), claim__contradicted_at__isnull=True)
    return not await valid.exclude(claim_id=claim.id).exists()


async def _locked(claim_id: int) -> tuple[Claim, Order]:
    """Always the order first: whoever decides about one order goes one after the other."""
    known = await Claim.get(id=claim_id)
    order = await locked_order(known.order_id)
    return await Claim.filter(id=claim_id).select_for_update().get(), order


async def _step_done(claim: Claim, step: str, outcome: Outcome) -> None:
    if step == HOLD:
        claim.reference = clean(outcome.reference, limit=190)
        await _hold(claim)
        if claim.what != What.KEEP and claim.way == BY_SHOP:
            await _go_on(claim)
    elif step == RELEASE:
        claim.step = ""
        await claim.save(update_fields=["step"])


async def _step_refused(claim: Claim, step: str, outcome: Outcome) -> None:
    if step == RELEASE:  # there is nothing to let go of any more
        claim.step = ""
        await claim.save(update_fields=["step"])
    else:
        await _settle(claim, REFUSED, outcome.why, outcome.text)


async def _hold(claim: Claim) -> None:
    claim.state, claim.held_at, claim.step = HELD, now(), ""
    if claim.what == What.KEEP:
        claim.answer_by = None
    await claim.save()
    record(changed(claim))


async def _go_on(claim: Claim) -> None:
    """The goods are stopped: now the wish itself."""
    claim.step = ADDRESS if claim.what == What.ADDRESS else CANCEL
    await claim.save()
    await tell_shop(claim)


async def _settle(claim: Claim, state: str, why: Why, said: str = "") -> None:
    """Write the end. The shop lets go of whatever it may hold for a claim that came to nothing."""
    if claim.state == state:
        return
    was_asked = bool(claim.step or claim.reference or claim.state == HELD) and claim.way != BY_HAND
    claim.state, claim.why, claim.settled_at = state, why.value, now()
    claim.said = clean(said, limit=300) or claim.said
    claim.step = RELEASE if was_asked and state in (REFUSED, RELEASED) else ""
    await claim.save()
    await LineClaim.filter(claim_id=claim.id).update(live=None)
    await promises.settle(PROMISE, claim.case_id)
    if state == DONE and claim.what == What.CANCEL:
        claim.refund = await refund_cancelled(claim)
        await claim.save(update_fields=["refund"])
    record(changed(claim))
    if claim.step:
        await tell_shop(claim)
