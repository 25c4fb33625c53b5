"""After-sales cases in the talk: what a wish asks for, and what customers say about a case that is open. Pure."""

import re
from collections.abc import Mapping
from dataclasses import replace

from bots.decisions import CaseKind, CaseStep, Handover, OpenCase, OpenTicket
from bots.details import ALL, lines_named
from bots.faults import fault_of
from bots.turns import Outcome, Turn, settled
from orders.snapshots import LineSnapshot, OrderSnapshot
from orders.statuses import NOT_LEFT

# What is looked for before faults of the goods, and after; the first that fits. What fits none is another reason, for
# which nobody has to be at fault.
_BEFORE = (
    ("lost", r"(?:never|not|n't) (?:arriv|receiv|com|got)|没收到|未收到|丢[了件失]"),  # a search, not a return
    ("late", r"too (?:late|slow)|takes too long|太慢|太晚"),
)
_AFTER = (
    ("withdrawal", r"\bwithdraw|撤回合同"),
    ("seven_day", r"\b(?:7|seven)[ -]days?\b|七天|7\s*天|无理由"),
    (
        "changed_mind",
        r"changed? my mind|no longer (?:need|want)|(?:do|does|did)(?:n'?t| not) (?:need|want|like|fit|suit)"
        r"|too (?:big|small|tight|loose|large|short|long)|by mistake|twice|cheaper"
        r"|不喜欢|不想要|不要了|不需要|用不[上着]|[买拍]错|拍多|重复|太[大小长短紧松]|[大小]了|偏[大小]|不合[适身]|尺码",
    ),
)
_FIRST, _LAST = (
    tuple((reason, re.compile(pattern, re.IGNORECASE)) for reason, pattern in reasons) for reasons in (_BEFORE, _AFTER)
)
_SEARCHES = frozenset({"lost", "late"})
_MONEY = re.compile(r"refund|money back|reimburs|退款|退钱|退货", re.IGNORECASE)
_CANCELS = re.compile(
    r"\b(?:cancel|stop|withdraw|drop) (?:my |the |this |that )?(?:return|exchange|refund(?: request)?|case|repair)\b"
    r"|\bkeep (?:it|them|the \w+)\b|\bdon'?t want to (?:return|exchange|send)"
    r"|(?:取消|撤销|撤回)(?:了)?(?:退货|换货|退换货?|退款|售后|申请|维修)|不[退换]了|不用[退换]",
    re.IGNORECASE,
)
_SENT = re.compile(
    r"(?<!you )\b(?:sent|shipped|posted|mailed)\b.{0,20}\b(?:back|it|them|off|return\w*)\b"
    r"|handed (?:it )?in|dropped (?:it )?off"
    r"|寄[出回走]|退回去了|快递单号",
    re.IGNORECASE,
)
_WHERE = re.compile(
    r"(?:status|state|progress|news|where|when|how far|what about)\b.{0,40}"
    r"\b(?:return|exchange|refund|repair|replacement|money|case)\b"
    r"|(?:退货|换货|退换|售后|退款|维修|补发|工单).{0,6}(?:进度|到哪|怎么样|处理|状态|什么时候|多久)",
    re.IGNORECASE,
)
_CARRIER = re.compile(
    r"\b(DHL|UPS|FedEx|USPS|Hermes|DPD|GLS|TNT|Royal Mail|EMS|JNE)\b"
    r"|(顺丰(?:速运)?|中通|圆通|申通|韵达|极兔|京东(?:物流)?|德邦|邮政(?:EMS)?)",
    re.IGNORECASE,
)
_LONG_NUMBER = re.compile(r"\d{8}")
_MAY_CANCEL = frozenset(
    {
        "requested",
        "under_review",
        "needs_info",
        "approved",
        "rejected",
        "platform_review",
        "awaiting_return",
        "return_in_transit",
    }
)
_OVER = frozenset({"closed", "cancelled"})
_ALL_OF_IT = re.compile(r"\b(?:all|both|everything|whole)\b|全部|都|所有|整单|[两2]件", re.IGNORECASE)


def ask_for_case(turn: Turn, order: OrderSnapshot, passed_on: Outcome) -> Outcome:
    """What was taken down becomes a case, unless a person has to find out what is meant."""
    ticket = next((action for action in passed_on.actions if isinstance(action, OpenTicket)), None)
    handover = next((action for action in passed_on.actions if isinstance(action, Handover)), None)
    if turn.dialogue.queued or ticket is None or handover is None:
        return passed_on
    if (case := _case(turn, order, ticket, handover)) is None:
        return passed_on
    return replace(passed_on, actions=(case,))


def reason_of(words: str) -> str:
    """A reason as refunds know them (`orders.refunds.case.Reason`)."""
    first = (reason for reason, pattern in _FIRST if pattern.search(words))
    last = (reason for reason, pattern in _LAST if pattern.search(words))
    return next(first, "") or fault_of(words) or next(last, "other")


def may_mention(text: str) -> bool:
    """Whether cases are worth looking for: the words may be about one, or hold the number of a parcel."""
    return any(pattern.search(text[:2_000]) for pattern in (_CANCELS, _SENT, _WHERE, _MONEY, _LONG_NUMBER))


def hear(turn: Turn) -> Outcome | None:
    """What is said about a case that is open: a tracking number, that it is dropped, or how far it is."""
    known, text = turn.question.cases, turn.question.text
    if not known or turn.dialogue.awaiting in ("code", "detail", "confirmation"):
        return None
    waiting = [case for case in known if case.state == "awaiting_return"]
    numbers = [number for number in turn.entities.tracking_numbers if not _is_ours(turn, number)]
    if len(waiting) == 1 and numbers:
        carrier = _CARRIER.search(text)
        return _step(turn, CaseStep(waiting[0].case_id, "track", carrier.group() if carrier else "", numbers[0]))
    if len(waiting) == 1 and _SENT.search(text):
        dialogue = settled(turn.dialogue, wish="return_exchange")
        return Outcome(dialogue=dialogue, replies=(turn.bubble("case_which_tracking"),))
    droppable = [case for case in known if case.state in _MAY_CANCEL]
    if len(droppable) == 1 and _CANCELS.search(text):
        return _step(turn, CaseStep(droppable[0].case_id, "cancel"))
    if turn.heard.rule == "refund_status" or _WHERE.search(text):
        told = [case for case in known if case.state not in _OVER] or known[:1]
        return _step(turn, *(CaseStep(case.case_id, "tell") for case in told[:3]))
    return None


def _case(turn: Turn, order: OrderSnapshot, ticket: OpenTicket, handover: Handover) -> OpenCase | None:
    values = _values(turn)
    words = " ".join(values.get(name, "") for name in ("reason", "problem", "words"))
    said = values.get("units") or (ALL if _ALL_OF_IT.search(words) else "")
    reason, lines = reason_of(words), lines_named(order, values.get("item", ""))
    if said != ALL and sum(_wanted(line) > 1 for line in lines) > 1:
        return None  # a number, but of which of them?
    units = {line.line_id: _units(line, said) for line in lines}
    if order.fulfilment in NOT_LEFT or reason in _SEARCHES or not lines or not all(units.values()):
        return None
    return OpenCase(
        order_id=order.order_id,
        kind=_kind(turn.wish, values, reason, words),
        reason=reason,
        lines=tuple(units.items()),
        note=words,
        ticket=ticket,
        handover=handover,
    )


def _step(turn: Turn, *steps: CaseStep) -> Outcome:
    return Outcome(dialogue=settled(turn.dialogue, wish="refund_status"), actions=steps)


def _is_ours(turn: Turn, number: str) -> bool:
    """The number of a parcel that the shop has sent."""
    ours = (
        parcel.tracking_number for order in turn.orders for parcel in order.parcels if parcel.direction == "outbound"
    )
    return number.casefold() in {each.casefold() for each in ours}


def _values(turn: Turn) -> Mapping[str, str]:
    start = f"{turn.wish}."
    found = turn.dialogue.details.items()
    return {name.removeprefix(start): value for name, value in found if name.startswith(start)}


def _kind(wish: str, values: Mapping[str, str], reason: str, words: str) -> CaseKind:
    if reason == "missing":
        return "refund_only" if wish == "refund_request" or _MONEY.search(words) else "resend"
    if wish == "item_problem":
        return "return_refund" if _MONEY.search(words) else "exchange"
    return "exchange" if values.get("give_back") == "exchange" else "return_refund"


def _wanted(line: LineSnapshot) -> int:
    return line.quantity - line.quantity_cancelled


def _units(line: LineSnapshot, said: str) -> int:
    """How many units of a line are meant; 0 when that is not clear."""
    left = _wanted(line) - line.quantity_refunded
    most = max(1, min(left, line.quantity_delivered or left))
    if _wanted(line) <= 1 or said == ALL:
        return most
    return min(int(said), most) if said.isdecimal() else 0
