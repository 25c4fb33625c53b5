"""What the engine decides, as plain values: words to say, things to do, what to remember, and why."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bots.dialogue import Dialogue

TicketKind = Literal["question", "complaint", "aftersales", "refund", "cancellation"]
Priority = Literal["low", "normal", "high", "urgent"]


@dataclass(frozen=True, slots=True)
class QuickReply:
    """A button: `label` is shown, `text` is posted as the customer's next message."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One chat bubble, final and in the conversation's language. `order_id` shows that order's live card under it."""

    phrase: str
    text: str
    order_id: str | None = None
    quick_replies: tuple[QuickReply, ...] = ()
    form: Literal["code", "order"] | None = None


@dataclass(frozen=True, slots=True)
class RequestCode:
    """Send a one-time code to the contact on the order with this number, if there is such an order."""

    number: str


@dataclass(frozen=True, slots=True)
class CheckCode:
    """Compare these six digits with the code that was sent last."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTicket:
    """Make work for people. `order_id` is a proven order; `order_number` only what the customer claims.

    `line_ids` are the source ids of its lines that are meant, `reason` is why.
    """

    kind: TicketKind
    order_id: str | None
    order_number: str | None
    reason: str
    subject: str
    summary: str
    priority: Priority = "normal"
    line_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A person takes over; the bot is silent from now on."""

    reason: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Cancel a proven order at the shop now. `ticket` keeps what is done; if it has to be a person's work, it is theirs
    and they hear `passed_on` instead of the replies."""

    order_id: str
    ticket: OpenTicket
    handover: Handover
    passed_on: Reply


CaseKind = Literal["refund_only", "return_refund", "exchange", "resend"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """Ask for something after the sale of a proven order: so many units of these lines (source ids), for this reason.

    The policies decide, and the customer hears the decision instead of the replies. `ticket` keeps the case; where none
    can be opened, it is a person's work as before.
    """

    order_id: str
    kind: CaseKind
    reason: str
    lines: tuple[tuple[str, int], ...]
    note: str
    ticket: OpenTicket
    handover: Handover


@dataclass(frozen=True, slots=True)
class CaseStep:
    """Something about a case that is open: `tell` how far it is, `cancel` it, `track` the parcel that comes back."""

    case_id: str
    what: Literal["tell", "cancel", "track"]
    carrier: str = ""
    number: str = ""


Action = RequestCode | CheckCode | OpenTicket | Handover | CancelOrder | OpenCase | CaseStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Why the bot said what it said: enough to replay the decision."""

    rule: str
    rulebook: str
    intent: str
    confidence: float
    as_of: datetime
    facts: dict[str, object] = field(default_factory=dict)
    order_id: str | None = None
    order_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The whole outcome of one message."""

    replies: tuple[Reply, ...]
    actions: tuple[Action, ...]
    dialogue: Dialogue
    receipt: Receipt
