"""A shop's refunds while everything goes wrong: lost answers, workers that end anywhere, double clicks, late failures.

All chance comes from one seed, and time only passes when the run says so.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from tortoise.expressions import Q

from app.gateways.refund_simulator import Entry, SimulatedRefunds
from core.clock import FrozenClock
from core.errors import Conflict, Invalid
from core.jobs import LEASE, Claimed, claim, finish
from core.people import Actor, Agent
from core.shops import Shop
from orders.models import Order, Payment
from orders.refunds.approval import retry_failed
from orders.refunds.by_hand import settle_frozen
from orders.refunds.case import Request
from orders.refunds.gateway import Answer, Instruction
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.requesting import request_refund
from orders.refunds.sending import begin_try, errand_of
from orders.refunds.settling import Source, settle_part
from orders.refunds.states import UNDER_WAY, IntentState
from tests.orders.refunding import JOBS, bought, open_account

TENDERS = ("card", "wallet", "paypal", "klarna", "ideal", "sofort", "blik", "pix")
FAULTS = 0.3  # of all calls: never heard, heard and unanswered, 500, connection cut
LONGEST = 500  # rounds until everything has to be settled
WRONG, LATE, FAILS, SLOW, KILLED, TOLD = 0.005, 0.02, 0.03, 0.2, 0.1, 0.15


class Unruly(SimulatedRefunds):
    """A gateway in bad days. What it has done, it has done: the ledger is the truth of the run."""

    def __init__(self, chance: Random) -> None:
        super().__init__(self._whim)
        self.chance = chance
        self.wrong: set[str] = set()
        self.calls_made = self.calls_failed = 0

    def _whim(self, instruction: Instruction, number: int) -> str:
        self.calls_made += 1
        fault = self.chance.choice(("lost", "cut", "broken", "cut")) if self.chance.random() < FAULTS else ""
        self.calls_failed += bool(fault)
        return fault

    def _entered(self, instruction: Instruction, at: object) -> Entry:
        entry = super()._entered(instruction, at)  # type: ignore[arg-type]
        if self.chance.random() < WRONG:
            entry.amount -= 1
            self.wrong.add(entry.key)
        elif self.chance.random() < FAILS:
            entry.state = Answer.FAILED
        elif self.chance.random() > SLOW:
            entry.state = Answer.SUCCEEDED
        return entry


@dataclass
class Outcomes:
    """What the run has seen; empty lists are what it hopes for."""

    keys: int = 0
    requests: int = 0
    kills: int = 0
    calls: int = 0
    faults: int = 0
    late_failures: int = 0
    frozen: int = 0
    states: Counter[str] = field(default_factory=Counter)
    paid_twice: list[str] = field(default_factory=list)
    above_captured: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    disagree: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.paid_twice or self.above_captured or self.unsettled or self.disagree)


class RefundRun:
    """Refunds of many orders, to their end."""

    def __init__(self, shop: Shop, agent: Agent, clock: FrozenClock, seed: int) -> None:
        self.shop, self.agent, self.clock = shop, agent, clock
        self.chance = Random(seed)
        self.gateway = Unruly(self.chance)
        self.seen = Outcomes()

    async def go(self, keys: int) -> Outcomes:
        """Until at least so many keys were given out and all of them have come to their end."""
        await open_account(self.shop, settles_after=45)
        while self.seen.keys < keys:
            orders = [await self._order() for _ in range(20)]
            for order in orders:
                await self._ask(order)
            await self._work(rounds=3)
        await self._heal()
        await self._audit()
        return self.seen

    async def _order(self) -> Order:
        tenders = [(name, self.chance.randint(3_00, 60_00)) for name in TENDERS[: self.chance.randint(4, 8)]]
        whole = sum(amount for _, amount in tenders)
        return await bought(self.shop, ("thing", 1, whole), paid=tenders)

    async def _ask(self, order: Order) -> None:
        """Two people at once, each with a double click; together they often ask for more than there is."""
        wishes = [Request(amount=self.chance.randint(2_00, order.total)) for _ in range(2)]
        asked = [
            request_refund(order.id, f"{order.public_id}:{number}", wish, Actor.of(self.agent))
            for number, wish in enumerate(wishes)
            for _ in range(2)
        ]
        self.seen.requests += len(asked)
        made = {each.id for each in _made(await asyncio.gather(*asked, return_exceptions=True))}
        self.seen.keys += await RefundPart.filter(intent_id__in=made).count()

    async def _work(self, rounds: int) -> int:
        done = 0
        for _ in range(rounds):
            while held := await claim(40, kinds=JOBS):
                done += len(held)
                kept = [job for job in held if await self._survives(job)]
                await finish(*kept)
            self.clock.advance(timedelta(seconds=20))
        return done

    async def _survives(self, job: Claimed) -> bool:
        """Do a job, unless the worker ends before, between or after its steps: then its lease has to run out."""
        ends_at = self.chance.randrange(3) if self.chance.random() < KILLED else 3
        self.seen.kills += ends_at < 3
        key = str(job.args["part"])
        if ends_at == 0:
            return False
        errand = await (begin_try(key) if job.kind == "refund.pay" else errand_of(key))
        if errand is None:
            return True
        if ends_at == 1:
            return False
        ask = self.gateway.refund if job.kind == "refund.pay" else self.gateway.look_up
        outcome = await ask(errand.instruction)
        if ends_at == 2:
            return False
        await settle_part(key, outcome, source=Source.ANSWER if job.kind == "refund.pay" else Source.QUERY)
        await self._call_back(key)
        return True

    async def _call_back(self, key: str) -> None:
        """Callbacks come or not, twice, late, and sometimes to say that a refund has failed after all."""
        entry = self.gateway.ledger.get(key)
        if entry is None or self.chance.random() > TOLD:
            return
        if entry.state is Answer.SUCCEEDED and key not in self.gateway.wrong and self.chance.random() < LATE / TOLD:
            entry.state = Answer.FAILED
            self.seen.late_failures += 1
        for _ in range(self.chance.randint(1, 2)):
            await settle_part(key, entry.outcome)

    async def _heal(self) -> None:
        """The gateway and the workers are well again; people decide about what is frozen, and try again what failed."""
        self.gateway._fault = None
        await self._drain()
        tried: set[int] = set()
        while waiting := await RefundIntent.filter(state__in=("frozen", "failed")).exclude(id__in=tried or [0]):
            for intent in waiting:
                if intent.state == IntentState.FROZEN:
                    await self._decide(intent)
                    continue
                tried.add(intent.id)
                with suppress(Conflict):  # somebody else has had what was left
                    await retry_failed(intent.id, self.agent)
            await self._drain()

    async def _drain(self) -> None:
        for _ in range(LONGEST):
            under_way = Q(state__in=UNDER_WAY, intent__state__in=("created", "pending"))
            leaving = RefundPart.filter(under_way | ~Q(doubt="")).exclude(state="failed")
            if not await self._work(rounds=1) and not await leaving.exists():
                return
            self.clock.advance(LEASE)

    async def _decide(self, intent: RefundIntent) -> None:
        """A person looks into the gateway's own books."""
        frozen = await RefundPart.filter(intent_id=intent.id, state="frozen")
        self.seen.frozen += len(frozen)
        books = self.gateway.ledger
        paid = {part.public_id: books[part.public_id].amount if part.public_id in books else 0 for part in frozen}
        await settle_frozen(intent.id, self.agent, paid, "As the gateway's books say")

    async def _audit(self) -> None:
        """The gateway's ledger against what was decided, what was captured, and what the desk believes."""
        seen, ledger = self.seen, self.gateway.ledger
        parts = await RefundPart.all().select_related("intent")
        seen.states = Counter(part.state for part in parts)
        seen.calls, seen.faults = self.gateway.calls_made, self.gateway.calls_failed
        seen.unsettled = [part.public_id for part in parts if part.state in UNDER_WAY]
        for part in parts:
            entry = ledger.get(part.public_id)
            gone = entry is not None and entry.state is not Answer.FAILED
            if gone != (part.state == "succeeded") or (entry is not None and gone and part.paid != entry.amount):
                seen.disagree.append(part.public_id)
        wanted: Counter[tuple[str, str]] = Counter()
        paid: Counter[tuple[str, str]] = Counter()
        for part in parts:
            name = (part.intent.case_id, part.payment)
            wanted[name] = max(wanted[name], part.amount)
            entry = ledger.get(part.public_id)
            paid[name] += entry.amount if entry is not None and entry.state is not Answer.FAILED else 0
        seen.paid_twice = [
            f"{case} {payment}" for (case, payment), sum_ in paid.items() if sum_ > wanted[case, payment]
        ]
        known = {part.public_id for part in parts}
        seen.paid_twice += [
            key for key, entry in ledger.items() if key not in known and entry.state is not Answer.FAILED
        ]
        for payment in await Payment.all():
            if self.gateway.paid(payment.gateway_ref) > payment.captured:
                seen.above_captured.append(payment.gateway_ref)


def _made(outcomes: Iterable[RefundIntent | BaseException]) -> Iterator[RefundIntent]:
    for outcome in outcomes:
        if isinstance(outcome, RefundIntent):
            yield outcome
        elif not isinstance(outcome, Invalid | Conflict):
            raise outcome
