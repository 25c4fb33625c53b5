"""A gateway that only plays: it keeps a ledger in memory, settles after a while, and can be told what to get wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.clock import now
from orders.refunds.gateway import Account, Answer, Instruction, Outcome, StatementRow

SETTLES_AFTER = 20.0  # seconds, unless the account's credentials have `settles_after`


@dataclass(slots=True)
class Entry:
    """What the gateway has written down under one key."""

    key: str
    payment_ref: str
    amount: int
    currency: str
    at: datetime
    state: Answer  # accepted · succeeded · failed

    @property
    def reference(self) -> str:
        return f"sim_{self.key}"

    @property
    def outcome(self) -> Outcome:
        return Outcome(state=self.state, reference=self.reference, amount=self.amount, currency=self.currency)


# What goes wrong with a call: the instruction and the number of the call for its key → when, or "" for nothing.
Fault = Callable[[Instruction, int], str]


class SimulatedRefunds:
    """Pays each key once, never above what was captured. Credentials of the account may steer it: `settles_after`
    (seconds; 0: at once) and `ends` (succeeded or failed).

    `fault` decides about each call: "lost" (the gateway never hears of it), "cut" (it is done, and the answer is lost),
    "broken" (5xx, and nothing was done), or "" (all is well).
    """

    def __init__(self, fault: Fault | None = None) -> None:
        self.ledger: dict[str, Entry] = {}
        self.calls: dict[str, int] = {}
        self._fault = fault

    async def refund(self, instruction: Instruction) -> Outcome:
        fault = self._heard(instruction)
        if fault in ("lost", "broken"):
            return Outcome(state=Answer.UNKNOWN, code=fault)
        outcome = self._pay(instruction)
        return Outcome(state=Answer.UNKNOWN, code=fault) if fault else outcome

    async def look_up(self, instruction: Instruction) -> Outcome:
        if self._heard(instruction):
            return Outcome(state=Answer.UNKNOWN, code="no_answer")
        if (entry := self._found(instruction)) is None:
            return Outcome(state=Answer.ABSENT)
        self._let_time_pass(entry, instruction.account)
        return entry.outcome

    async def statement(self, account: Account, since: datetime, until: datetime) -> Sequence[StatementRow]:
        for entry in self.ledger.values():
            self._let_time_pass(entry, account)
        return [
            StatementRow(key=e.key, reference=e.reference, amount=e.amount, currency=e.currency, at=e.at, state=e.state)
            for e in self.ledger.values()
            if since <= e.at <= until
        ]

    def paid(self, payment_ref: str) -> int:
        """What has gone back of a charge or is about to, minor units."""
        mine = (e for e in self.ledger.values() if e.payment_ref == payment_ref and e.state is not Answer.FAILED)
        return sum(entry.amount for entry in mine)

    def _heard(self, instruction: Instruction) -> str:
        self.calls[instruction.key] = number = self.calls.get(instruction.key, 0) + 1
        return self._fault(instruction, number) if self._fault else ""

    def _found(self, instruction: Instruction) -> Entry | None:
        """A gateway that was restarted knows by its reference what it had accepted."""
        entry = self.ledger.get(instruction.key)
        if entry is None and instruction.reference == f"sim_{instruction.key}":
            entry = self._entered(instruction, instruction.since or now())
        return entry

    def _pay(self, instruction: Instruction) -> Outcome:
        entry = self.ledger.get(instruction.key)
        if entry is None:
            if self.paid(instruction.payment_ref) + instruction.amount > instruction.captured:
                return Outcome(state=Answer.FAILED, code="above_captured", text="More than was taken.")
            entry = self._entered(instruction, now())
        elif (entry.amount, entry.currency) != (instruction.amount, instruction.currency):
            return replace(entry.outcome, code="key_reused")
        self._let_time_pass(entry, instruction.account)
        return entry.outcome

    def _entered(self, instruction: Instruction, at: datetime) -> Entry:
        entry = self.ledger[instruction.key] = Entry(
            instruction.key, instruction.payment_ref, instruction.amount, instruction.currency, at, Answer.ACCEPTED
        )
        return entry

    def _let_time_pass(self, entry: Entry, account: Account) -> None:
        after = timedelta(seconds=float(account.credentials.get("settles_after", SETTLES_AFTER)))
        if entry.state is Answer.ACCEPTED and now() - entry.at >= after:
            entry.state = Answer(account.credentials.get("ends", Answer.SUCCEEDED))
