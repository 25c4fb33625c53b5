"""A demo shop with one order, and its claims worked off as the worker would."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from app.demo.orders import new_order
from app.gateways.mail import RecordingMailer
from app.gateways.simulators.lives import take
from app.gateways.simulators.shop import deliver, letters
from app.gateways.simulators.signing import sealed
from app.jobs import HANDLERS
from app.jobs.context import JobContext
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from core.clock import now
from core.errors import Unavailable
from core.jobs import DEAD, DONE, READY, Job
from core.shops import Shop
from orders.folding import fold
from orders.models import Order, SourceEvent

PAID = ("submit:paid", "confirm")


async def an_order(shop: Shop, *steps: str, number: int = 1900) -> Order:
    """A demo order that has lived through `steps`, an hour apart, the last an hour ago."""
    random, sim = Random(7), new_order(shop, number, now())
    for position, step in enumerate(steps):
        at = (now() - timedelta(hours=len(steps) - position)).replace(microsecond=0)
        sim.placed_at = at if position == 0 else sim.placed_at
        for letter in letters(sim, take(sim, step, at, random), at):
            await deliver(sealed(letter, shop.secrets, now()))
    await read_all()
    return await Order.get(shop_id=shop.id, source_id=sim.id)


async def read_all() -> None:
    """Fold what has arrived."""
    for event in await SourceEvent.filter(state="received").order_by("id"):
        await fold(event.id)


def a_context() -> JobContext:
    return JobContext(settings=Settings(), mailer=RecordingMailer(), rulebooks=Shelf(own_rulebook()))


async def work(*kinds: str, most: int = 30) -> None:
    """Do the due jobs of these kinds, the first to be due first, until none is left; one that fails waits."""
    context = a_context()
    for _ in range(most):
        due = Job.filter(kind__in=kinds, state=READY, run_at__lte=now())
        job = await due.order_by("run_at", "id").first()
        if job is None:
            return
        await _do(job, context)
    pytest.fail("there is always more to do")


async def _do(job: Job, context: JobContext) -> None:
    change: dict[str, Any] = {"state": DONE}
    try:
        await HANDLERS[job.kind](job.args, context)
    except Unavailable:
        change = {"run_at": now() + timedelta(seconds=2), "attempts": job.attempts + 1}
        if job.attempts > 12:
            change = {"state": DEAD}
    await Job.filter(id=job.id).update(**change)
