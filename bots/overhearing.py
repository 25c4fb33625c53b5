"""What is known of a whole talk between a customer and somebody else: which order, and what it is about."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from bots.asking import asked_for
from bots.confidence import ACT, GUESS
from bots.entities import NOTHING_ASKED, Entities, Span, find_entities
from bots.hearing import Understanding
from bots.rulebook import Rulebook
from bots.value_labels import label_before, names_nothing_else

MOST_TURNS = 400
_GUESSED = 0.5  # what a wish weighs that is not heard clearly
_FADES = 0.5  # what a wish weighs against the one before it: people say first what they came for
_COOLS = 0.85  # and what it weighs for each turn of the other side since the first wish
_CLICKED = 0.1  # what a menu entry weighs: it is sent before people say what they came for
_WEIGHTS = {
    "human_handover": 0.3,
    "complaint": 0.2,
    "feedback": 0.2,
    "help_general": 0.1,
    "provide_info": 0.02,
    "greeting": 0.01,
    "affirm": 0.005,
    "deny": 0.005,
    "thanks": 0.003,
    "goodbye": 0.002,
    "out_of_scope": 0.008,
}
_PLAIN = frozenset({"human_handover", "complaint", "feedback"})  # weigh little, and yet are what some come for
_UNCLEAR = 0.6  # below: what was said in several messages is also read as one
_UNSURE = 0.3  # what a wish counts that is too unsure to be named
_FIRST = 0.8  # the first wish counts at least so much, however unsure
_JOINED = 600  # characters
_REST = re.compile(
    r"\b(?:the )?(?:rest|remaining|other half|second (?:half|part)|last (?:part|digits|\d+ digits)"
    r"|then|ends? (?:with|in)|followed by)\b"
    r"|后面|后半|剩下|接着|后\d位|末尾",
    re.IGNORECASE,
)
_FIRST_PART = re.compile(
    r"\b(?:first (?:half|part|digits|\d+ digits)|starts? with|begins? with)\b|前面|前半|前\d位|开头", re.IGNORECASE
)
_ALSO = re.compile(
    r"\b(?:also|another|other one|as well|besides|second order)\b"
    r"|另外|还有一?[个单笔]|另一[个单笔]|顺便",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"\b(?:can ?not|can'?t|could ?n[o']t|unable to|did ?n[o']t|do ?n[o']t|no|not)\b.{0,20}"
    r"\b(?:find|found|locate|see|pull(?:ing)? up|match|such)\b|\bdoes ?n[o']?t exist\b|\binvalid\b|\bisn'?t in\b"
    r"|查不到|查询?不到|没有?(?:查询?到|找到|查|这个|该)|找不到|不存在|没有.{0,12}信息|无此|核对一下",
    re.IGNORECASE,
)
_MENU = re.compile(r"\s*(?:[商产]品|订单|售[前后]|物流|配送|活动|优惠|发票|支付|账户|会员|业务)+(?:咨询|服务|问题)\s*")
_CORRECTS = re.compile(
    r"\b(?:no|nope|wait|sorry|oops|actually|meant|mistake|wrong|correction|typo|instead|correct (?:one|number))\b"
    r"|不对|不是|错了|打错|发错|应该是|更正|搞错",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Overheard:
    """The memory of one talk; feed it turn by turn."""

    rulebook: Rulebook
    order_number: str | None = None
    _sure: bool = False  # the number was called an order number, or answered the question for one
    _asked: frozenset[str] = NOTHING_ASKED
    _corrected: bool = False  # the customer said that the number was wrong, and not yet which is right
    _offered: str | None = None  # a number that the other side named
    _said: list[str] = field(default_factory=list)  # the customer's messages since the other side spoke
    _question: str = ""
    _scores: dict[str, float] = field(default_factory=dict)
    _since: int = 0  # turns of the other side since the first wish
    _wishes: float = 0.0  # how many were heard; an unclear one counts less

    def agent(self, text: str) -> None:
        """The other side spoke."""
        self._settle()
        self._question, self._since = text, self._since + (self._wishes > 0)
        self._corrected = self.order_number is not None and _NOT_FOUND.search(text) is not None
        self._asked = asked_for(text) or self._asked
        told = find_entities(text)
        named = [span for span in told.spans if span.kind == "order_number" and _called_order(told, span)]
        self._offered = named[0].value if named else None

    def customer(self, text: str) -> None:
        """The customer spoke."""
        entities = find_entities(text, self._asked)
        heard = self.rulebook.understand(entities)
        self._take_number(entities, heard)
        self._answered(entities)
        if not _only_data(entities):
            self._said.append(text)
            self._weigh(heard, _CLICKED if _MENU.fullmatch(text) else 1.0)

    def intent(self) -> str | None:
        """The main wish of the talk so far."""
        self._settle()
        return max(
            self._scores, key=lambda intent: self._scores[intent], default="provide_info" if self.order_number else None
        )

    def _take_number(self, entities: Entities, heard: Understanding) -> None:
        numbers = [span for span in entities.spans if span.kind == "order_number" and not span.denied]
        if not numbers:
            self._without_number(entities, heard)
            return
        span = numbers[0]
        if len(numbers) > 1 and _CORRECTS.search(entities.text[span.end : numbers[1].start]):
            span = numbers[1]
        sure = self._is_sure(entities, span)
        if self.order_number is None or self._offered == span.value:
            self.order_number, self._sure = span.value, sure
        elif _REST.search(entities.text) and span.value.isdigit() and len(self.order_number + span.value) <= 28:
            self.order_number += span.value
        elif not self._repeats(span.value) and self._replaces(entities, sure):
            self.order_number, self._sure = span.value, sure
        self._corrected = False

    def _without_number(self, entities: Entities, heard: Understanding) -> None:
        """A number may still be completed, confirmed or taken back."""
        self._corrected = self._corrected or (
            self.order_number is not None and _CORRECTS.search(entities.text) is not None
        )
        rest = next((span.value for span in entities.spans if span.kind == "number" and span.value.isdigit()), None)
        if self.order_number and rest and _REST.search(entities.text):
            self.order_number += rest
        elif not self.order_number and rest and _FIRST_PART.search(entities.text):
            self.order_number = rest
        elif replacement := self._corrected_by(entities):
            self.order_number = replacement
        elif self._offered and heard.intent == "affirm":
            self.order_number, self._sure = self._offered, True
        elif self.order_number and any(span.denied and span.value == self.order_number for span in entities.spans):
            self.order_number, self._sure = None, False

    def _corrected_by(self, entities: Entities) -> str | None:
        """The other number of a message that takes the known one back."""
        known = self.order_number
        if known is None or known not in entities.text or not _CORRECTS.search(entities.text):
            return None
        numbers = (span.value for span in entities.spans if span.kind in ("number", "phone", "order_number"))
        return next((value for value in numbers if value != known and len(value) == len(known)), None)

    def _is_sure(self, entities: Entities, span: Span) -> bool:
        return "order_number" in self._asked or _called_order(entities, span)

    def _repeats(self, value: str) -> bool:
        """The end or the beginning of the number that is known."""
        known = self.order_number or ""
        return value != known and (known.endswith(value) or known.startswith(value))

    def _replaces(self, entities: Entities, sure: bool) -> bool:
        if self._corrected or _CORRECTS.search(entities.text):
            return True
        return (sure or not self._sure) and not _ALSO.search(entities.text)

    def _answered(self, entities: Entities) -> None:
        """What was given is asked for no more; the rest of the question stays open."""
        given = {_GIVES[span.kind] for span in entities.spans if span.kind in _GIVES}
        for value in _CODED.findall(entities.text):
            if not any(span.kind == "order_number" and span.value == value for span in entities.spans):
                given |= set(islice((kind for kind in _FITS[_sort(value)] if kind in self._asked - given), 1))
        self._asked -= given

    def _weigh(self, heard: Understanding, share: float) -> None:
        if heard.intent == "affirm" and self._question:
            self._add(self.rulebook.understand(find_entities(self._question)), 0.4)
        self._add(heard, share)

    def _settle(self) -> None:
        """Messages that say little one by one may say a wish together."""
        said, self._said = self._said, []
        best = max((score for intent, score in self._scores.items() if intent not in _WEIGHTS), default=0.0)
        if len(said) > 1 and best < _UNCLEAR:
            joined = "\n".join((" ".join(said), *said))[:_JOINED]
            self._add(self.rulebook.understand(find_entities(joined)), 1.0)

    def _add(self, heard: Understanding, share: float) -> None:
        if heard.confidence <= 0:
            return
        clear = 1.0 if heard.confidence >= ACT else _GUESSED if heard.confidence >= GUESS else _UNSURE
        guesses = dict(heard.likely) if clear < 1.0 else {}
        if not self._wishes and self._scores.keys().isdisjoint(_PLAIN):
            clear = max(clear, _FIRST)
        guesses[heard.intent] = heard.confidence
        fading = _FADES**self._wishes * _COOLS**self._since
        for intent, chance in guesses.items():
            weight = _WEIGHTS.get(intent)
            score = chance * share * clear * (fading if weight is None else weight)
            self._scores[intent] = self._scores.get(intent, 0.0) + score
        if heard.intent not in _WEIGHTS:
            self._wishes += min(1.0, heard.confidence * share * clear / _UNCLEAR * 2)


def _only_data(entities: Entities) -> bool:
    """Is it a mere answer, as in "Username: jo88"? A wish may seem to sound from it, but nobody uttered one."""
    text, at = "", 0
    for span in entities.spans:
        text, at = f"{text}{entities.text[at : span.start]} ", span.end
    return bool(entities.spans) and names_nothing_else(_CORRECTS.sub(" ", text + entities.text[at:]))


def _called_order(entities: Entities, span: Span) -> bool:
    label = label_before(entities.text, span.start, span.value)
    return label in ("order", "generic") or entities.text[span.start] == "#"


def _sort(value: str) -> str:
    """Letters in it, few digits, or many."""
    return "mixed" if not value.isdigit() else "short" if len(value) <= 6 else "long"


# What a value that is no order number may have answered, the likeliest first.
_FITS = {
    "mixed": ("account", "username", "code", "product", "invoice", "tracking"),
    "short": ("zip", "code", "amount", "account", "product", "username"),
    "long": ("phone", "account", "product", "tracking", "invoice", "username"),
}
_CODED = re.compile(r"(?<![\w@.+-])(?=[\w-]*\d|[A-Z]{6})[\w-]{3,30}(?![\w@])", re.ASCII)
_GIVES = {"order_number": "order_number", "email": "email", "phone": "phone", "tracking": "tracking", "money": "amount"}


def overhear(turns: Iterable[tuple[str, str]], rulebook: Rulebook) -> Overheard:
    """Listen to (who, text) turns; anybody but the customer counts as the other side."""
    heard = Overheard(rulebook)
    for number, (who, text) in enumerate(turns):
        if number >= MOST_TURNS:
            break
        if who == "customer":
            heard.customer(text)
        else:
            heard.agent(text)
    return heard
