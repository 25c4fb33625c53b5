"""Claims on orders as jobs: the shop is told what to do, step by step, and every claim has an end in time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from app.gateways.shop_actions import actions_of
from app.jobs.context import JobContext
from core.errors import NotFound, Unavailable
from orders.claims.models import LIVE, Claim
from orders.claims.reading import MANUAL, action_of
from orders.claims.settling import ADDRESS, CANCEL, HOLD, RELEASE, answered, concluded
from orders.claims.shop_actions import Action, Outcome, Said, ShopActions, Stands

PATIENCE = 8.0  # seconds for one answer of a shop

_CALLS: Mapping[str, Callable[[ShopActions, Action], Awaitable[Outcome]]] = {
    HOLD: lambda shop, action: shop.hold(action),
    CANCEL: lambda shop, action: shop.cancel(action),
    ADDRESS: lambda shop, action: shop.change_address(action),
    RELEASE: lambda shop, action: shop.release(action),
}


async def act_on_claim(args: dict[str, Any], context: JobContext) -> None:
    """Ask the shop for the next steps of `claim`, one after the other. Raises Unavailable while nobody knows: again
    later, until the claim is settled; a hold that came to nothing is let go of however long that takes.
    """
    claim = await Claim.get(id=int(args["claim"]))
    while claim.step:
        step, action = claim.step, await action_of(claim)
        if action.platform == MANUAL:
            return  # the shop has been disconnected meanwhile: a person answers
        outcome = await _call(step, action)
        claim = await answered(claim.id, step, outcome)
        if outcome.said is Said.UNKNOWN:
            if claim.step:
                raise Unavailable(f"{step}: {outcome.text or 'no answer'}", code="shop_silent")
            return
        if claim.step == step:
            return


async def conclude_claim(args: dict[str, Any], context: JobContext) -> None:
    """The time of `claim` is over: ask the shop how the order stands, and give the final answer."""
    claim = await Claim.get(id=int(args["claim"]))
    if claim.state not in LIVE:
        return
    action = await action_of(claim)
    await concluded(claim.id, Stands.UNKNOWN if action.platform == MANUAL else await _look_up(action))


async def _call(step: str, action: Action) -> Outcome:
    try:
        async with asyncio.timeout(PATIENCE):
            return await _CALLS[step](actions_of(action.platform), action)
    except TimeoutError:
        return Outcome(said=Said.UNKNOWN, text="no answer in time")
    except NotFound:
        return Outcome(said=Said.REFUSED, text="the shop does not know the order")


async def _look_up(action: Action) -> Stands:
    try:
        async with asyncio.timeout(PATIENCE):
            return await actions_of(action.platform).look_up(action)
    except (TimeoutError, NotFound):
        return Stands.UNKNOWN
