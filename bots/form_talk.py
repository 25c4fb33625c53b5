"""What a message means while a request is being taken down: an answer, a change of mind, or another wish."""

import re
from typing import Literal

from bots.form_parts import Form, agreed, details_of
from bots.queueing import ANSWERED
from bots.turns import Turn

Meaning = Literal["answer", "drop", "aside", "other", "other order"]
_LONGEST = 40  # characters of a message that only drops something
_DROPS = re.compile(
    r"\W*(?:(?:no|oh|ok|actually|sorry)[\s,.]+)*(?:never ?mind|forget (?:it|about it|that)|don'?t bother"
    r"|leave it(?: (?:as it is|then))?|no,? leave it"
    r"|i'?ll keep it|stop)\b.*"
    r"|\W*(?:那|还是)?(?:算了吧?|不用了|先不用了?|不弄了|不退了|不换了|不改了|不开了|没事了|先这样)(?:谢谢|吧"
    r"|了|哈)?\W*",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\W*(?:no|nope|nah|don'?t|do not|wrong|not (?:right|correct|yet))\b.*|\W*(?:不|别|先别|先不|错了).*",
    re.IGNORECASE | re.DOTALL,
)
_ASKS = re.compile(
    r"[?？]\s*$|^\s*(?:where|when|how|what|can|could|do|is|why)\b|(?:吗|呢|么)\s*[?？。]?$|怎么|什么时候|到哪",
    re.IGNORECASE,
)
_PICKS = ("pick_other", "pick_latest", "pick_first", "pick_second", "pick_third")
_ASIDE = frozenset({"greeting", "is_bot"})
_MAY_INTERRUPT = ANSWERED | {"invoice", "change_address", "cancel_order", "stock", "shipping_info", "policy_info"}


def meaning(turn: Turn, form: Form, *, clear: bool, serious: bool) -> Meaning:
    """`clear`: the message is understood as `turn.heard.rule`; `serious`: and that is no small talk."""
    text, heard = turn.question.text.strip(), turn.heard.rule
    if serious and heard in ("human_handover", "no_contact"):
        return "other"
    if _DROPS.fullmatch(text) and len(text) <= _LONGEST:
        return "drop"
    if clear and heard in _ASIDE:
        return "aside"
    if clear and heard == "goodbye":
        return "other"
    if turn.dialogue.awaiting == "confirmation":
        return _to_confirmation(turn, form, text, serious=serious)
    detail = form.detail(turn.dialogue.asking)
    if not serious or heard == form.wish or detail is None:
        return "answer"
    asks = heard in _MAY_INTERRUPT and _ASKS.search(text) is not None
    if detail.free:
        return "other" if asks else "answer"
    return "answer" if detail.read(turn, False) or (detail.read(turn, True) and not asks) else "other"


def _to_confirmation(turn: Turn, form: Form, text: str, *, serious: bool) -> Meaning:
    if agreed(turn) or details_of(turn, form):
        return "answer"
    if form.order == "proved" and (turn.entities.meant_numbers or any(turn.mentions(pick) for pick in _PICKS)):
        return "other" if serious and turn.heard.rule != form.wish else "other order"
    if turn.heard.rule == "keep_order" or _NO.fullmatch(text):
        return "drop"
    return "other" if serious and turn.heard.rule != form.wish else "answer"
