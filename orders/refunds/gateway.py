"""What a gateway that sends money back is asked, and what it may answer. Adapters: app/gateways/refund_*.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from orders.refunds.case import Reason


class Answer(StrEnum):
    """What a gateway says of one refund."""

    ACCEPTED = "accepted"  # it will be done; never the same as done
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # it will not be done, for certain
    ABSENT = "absent"  # the gateway knows no refund by this key (`look_up` alone)
    UNKNOWN = "unknown"  # nobody knows: no answer in time, 5xx, a cut connection, an answer that cannot be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where to ask, and as whom."""

    gateway: str
    address: str = ""  # base URL; "": the gateway's own
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionLine:
    """Units of a line that the refund is for, with their value in minor units. `restock` None: nobody has said."""

    line: str  # its source id
    quantity: int
    net: int
    tax: int
    restock: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One refund to one payment. Amounts are minor units of `currency`; `shipping` is the part of `amount` for it.

    `key` (letters, digits and _, at most 64) is the same in every try and must make the gateway pay only once.
    `reference` is the gateway's name of the refund, once it has told one. Only one part of a refund that is split
    over several payments has lines and shipping. Nothing was sent before `since` (UTC).
    """

    key: str
    account: Account
    payment_ref: str  # the gateway's name of the charge
    order_source_id: str
    order_number: str
    amount: int
    currency: str
    captured: int  # of that payment: some gateways want to hear the total
    reason: Reason
    note: str = ""
    lines: tuple[InstructionLine, ...] = ()
    shipping: int = 0
    reference: str = ""
    payment: str = ""  # the payment's source id at the order's platform
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a refund. `amount` (minor units) and `currency` are the gateway's own words, where it says them.

    `code` is the gateway's machine word, `text` its sentence; neither holds secrets. `retry_after`: not before.
    """

    state: Answer
    reference: str = ""
    amount: int | None = None
    currency: str | None = None
    code: str = ""
    text: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """One refund in a gateway's statement. `key` is ours, "" where the gateway does not tell it."""

    key: str
    reference: str
    amount: int
    currency: str
    at: datetime
    state: Answer


class RefundGateway(Protocol):
    """One kind of gateway. Neither method raises for what the network or the gateway does: that is an Outcome."""

    async def refund(self, instruction: Instruction) -> Outcome:
        """Pay `amount` back, once per key however often it is called. Timeouts and 5xx are `unknown`."""
        ...

    async def look_up(self, instruction: Instruction) -> Outcome:
        """What became of the refund with this key. `absent` only if the gateway says for certain that it has none."""
        ...


class StatementGateway(Protocol):
    """A gateway that can also list its refunds."""

    async def statement(self, account: Account, since: datetime, until: datetime) -> Sequence[StatementRow]:
        """All refunds of the account from `since` to `until` (UTC, both included), by whomever they were made."""
        ...
