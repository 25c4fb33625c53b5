"""What a request is made of: its details, how each is read, and when it may be passed on."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bots.decisions import Priority, Reply, TicketKind
from bots.turns import Outcome, Turn
from orders.snapshots import OrderSnapshot

NO_ORDER = "-"  # they have no number at hand
# An explicit yes. "Wait, let me see" or "I see" answers a question, but it allows nothing.
_YES = re.compile(
    r"\W*(?:yes|yep|yeah|yup|y|sure|ok(?:ay)?|correct|confirm(?:ed)?|do it|go ahead|please do"
    r"|that'?s (?:right|correct)|right|exactly"
    r"|absolutely|definitely|of course)\b(?:(?!\b(?:but|not|no|don'?t|wait|except|however|actually|if|when"
    r"|why|how|what)\b)[^?\d]){0,60}"
    r"|\W*(?:是|是的|对|对的|对对|好|好的|好滴|好嘞|可以|可以的|确认|确定|没错|正确|嗯+|行|行的|要|要的|没问题|ok)"
    r"[\s，,。!！~]*(?:(?:请|就|帮我|给我)?(?:这样|这么)?(?:确认|确定|取消|改|提交|办|处理|申请|没错|可以"
    r"|谢谢)?(?:吧|了|的|呀|啊|哦|哈)?[\s，,。!！~]*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing a request needs. `read` gets it from a message; `when` says whether it is needed at all."""

    name: str
    read: Callable[[Turn, bool], str | None]
    buttons: tuple[str, ...] = ()
    when: Callable[[Mapping[str, str]], bool] | None = None
    optional: bool = False  # a "no" is an answer
    free: bool = False  # any words are an answer, also such that would be a wish at another time


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a request needs before it goes to people.

    `order`: `proved` before anything is said, `claimed` (a number is enough, and none is possible), or `none` at all.
    `check` may end the request early, with what is possible instead; `confirm` names the sentence that needs a yes.
    """

    wish: str
    details: tuple[Detail, ...]
    kind: TicketKind
    order: Literal["proved", "claimed", "none"] = "claimed"
    item: bool = False  # which line of a proved order?
    priority: Priority = "normal"
    check: Callable[[Turn, OrderSnapshot], Outcome | None] | None = None
    confirm: Callable[[Turn, Any, Mapping[str, str]], Reply] | None = None
    opening: Callable[[OrderSnapshot], str] | None = None
    done: Callable[[OrderSnapshot], str] | None = None
    do: Callable[[Turn, OrderSnapshot, Outcome], Outcome] | None = None  # what is done at once instead of passing it on

    def detail(self, name: str | None) -> Detail | None:
        """The detail of that name."""
        return next((detail for detail in self.details if detail.name == name), None)


def agreed(turn: Turn) -> bool:
    """Is it an explicit yes, without a but?"""
    return _YES.fullmatch(turn.question.text.strip()[:200]) is not None


def details_of(turn: Turn, form: Form) -> dict[str, str]:
    """What the message alone tells of the request."""
    read = ((detail.name, detail.read(turn, False)) for detail in form.details)
    return {name: value for name, value in read if value}
