"""The order number over several turns: taken back, corrected, asked for anew."""

import re
from dataclasses import replace

from bots.buttons import buttons
from bots.confidence import ACT
from bots.turns import Outcome, Turn

_WRONG = re.compile(
    r"\s*(?:(?:no|nope|wait|sorry|oops|hm+|oh|ah|actually|ok)[\s,.!]*){0,3}"
    r"(?:(?:that(?:'s|s| is| was)|it(?:'s|s| is| was)|i (?:gave|sent|typed|wrote|entered)(?: you)?)\s)?"
    r"(?:not (?:it|that one|the (?:right|one))|(?:the |a )?(?:wrong|incorrect)(?: order)?(?: number| one| id)?"
    r"|(?:a )?(?:typo|mistake)|i (?:mistyped|misread)(?: it)?)[\s.!]*"
    r"|\s*(?:不对|不是|等等|抱歉|不好意思|哎呀|啊|额|呃)?[\s,，。]*(?:单号|订单号?|号码?)?我?"
    r"(?:发错|写错|打错|输错|搞错|弄错|看错|填错|错)了?(?:单号|订单号|号码?)?[了啦哈呀]?[\s。!！~]*"
    r"|\s*不是这个(?:订?单号?|号)?[\s。!！]*",
    re.IGNORECASE,
)
_LONGEST = 60  # characters of a message that only takes something back


def takes_number_back(turn: Turn) -> bool:
    """Does the customer say that the number they typed is not it, without giving the right one?"""
    number = turn.dialogue.order_number
    if number is None or turn.entities.meant_numbers:
        return False
    if any(span.denied and span.value == number for span in turn.entities.spans):
        return True
    if turn.dialogue.awaiting != "code":
        return False
    denies = turn.heard.rule == "deny" and turn.heard.confidence >= ACT
    text = turn.question.text
    return denies or (len(text) <= _LONGEST and _WRONG.fullmatch(text) is not None)


def ask_right_number(turn: Turn) -> Outcome:
    """Forget the number, keep the wish."""
    number = turn.dialogue.order_number
    reply = turn.bubble(
        "ask_right_number", number=number, quick_replies=buttons(("no_number", "person"), turn.language)
    )
    dialogue = replace(turn.dialogue, awaiting="order_number", order_number=None, misses=0)
    return Outcome(dialogue=dialogue, replies=(reply,))
