"""One message in, one decision out. Pure: the same question, memory, orders and rules always give the same answer."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bots import cases, order_wishes, person_wishes, request_wishes, shop_wishes, small_talk
from bots.clarifying import either
from bots.confidence import ACT
from bots.decisions import CheckCode, Decision, Receipt
from bots.dialogue import Dialogue, Language
from bots.entities import NOTHING_ASKED, find_code, find_entities
from bots.form_parts import Form
from bots.form_talk import meaning
from bots.forms import drop, of_another_order, without_number
from bots.hearing import Understanding
from bots.identifying import chosen_order, code_again
from bots.phrases import wordings
from bots.question import Question, language_of
from bots.queueing import ANSWERED, other_wishes, same_story, with_queue, words_of
from bots.rulebook import Rulebook
from bots.shop_facts import NOTHING_KNOWN, TOPICS, ShopFacts
from bots.slots import ask_right_number, takes_number_back
from bots.summaries import wish_of
from bots.turns import Outcome, Turn
from bots.wanting import ABOUT_ORDERS, answers_which, chosen_wish, wanted
from orders.snapshots import OrderSnapshot

MOST_TURNS = 40  # answers to one customer without a person; a bot on the other side never tires

_WISHES: dict[str, Callable[[Turn], Outcome]] = {
    **shop_wishes.WISHES,
    **order_wishes.WISHES,
    **request_wishes.WISHES,
    **person_wishes.WISHES,
    **small_talk.WISHES,
    "resend_code": code_again,
}
_ORDER_ASKED = frozenset({"order_number"})
_DETAILS = ("detail", "confirmation")  # questions of a request
_FORMS_BY_WISH = {**request_wishes.FORMS, **shop_wishes.FORMS}
_TAKES_ALL = frozenset({"human_handover", "no_contact", "goodbye", "complaint"})  # whatever was open ends with it
_NAMES = frozenset({"address", "title", "tax_number", "email", "item", "product"})
_MAY_HAVE_COMPANY = ABOUT_ORDERS | frozenset(TOPICS)
_MOST_QUEUED = 4
_VALUES_ASKED = {"address": frozenset({"address", "zip"}), "email": frozenset({"email"})}


def decide(
    question: Question,
    dialogue: Dialogue,
    orders: Sequence[OrderSnapshot],
    now: datetime,
    rulebook: Rulebook,
    shop: ShopFacts = NOTHING_KNOWN,
) -> Decision:
    """Decide what to say and do about one message.

    `orders` are only those that the person has proved to be theirs; `shop` is what the shop says of itself. An empty
    text resumes the wish that waited for a proof. Never raises on any text.
    """
    dialogue = dialogue.rested(now)
    language = _language(question, dialogue)
    entities = find_entities(question.text, _asked(dialogue))
    heard = rulebook.understand(entities, _contexts(dialogue, orders))
    turn = Turn(
        question=question,
        dialogue=replace(dialogue, language=language),
        orders=tuple(orders),
        now=now,
        language=language,
        entities=entities,
        heard=heard,
        wish="unknown",
        shop=shop,
    )
    outcome = _respond(turn, rulebook)
    return Decision(
        replies=outcome.replies,
        actions=outcome.actions,
        dialogue=replace(outcome.dialogue, turns=outcome.dialogue.turns + 1, at=now.isoformat()),
        receipt=_receipt(turn, outcome, rulebook),
    )


def _asked(dialogue: Dialogue) -> frozenset[str]:
    """What the bot's open question asks for."""
    if dialogue.awaiting == "detail":
        return _VALUES_ASKED.get(dialogue.asking or "", frozenset({"invoice"}))
    return _ORDER_ASKED if dialogue.awaiting in ("order_number", "order_choice") else NOTHING_ASKED


def _contexts(dialogue: Dialogue, orders: Sequence[OrderSnapshot]) -> frozenset[str]:
    awaiting = "problem" if dialogue.awaiting in _DETAILS else dialogue.awaiting
    open_question = {awaiting} if awaiting else set()
    return frozenset({*open_question, *({"order_known"} if orders or dialogue.order_number else ())})


def _respond(turn: Turn, rulebook: Rulebook) -> Outcome:
    if turn.dialogue.awaiting == "code" and not chosen_order(turn) and (code := find_code(turn.question.text)):
        return _check_code(turn, code)
    if turn.dialogue.turns >= MOST_TURNS:
        return person_wishes.give_up(turn, "too_many_turns", "too_many_turns")
    form = _FORMS_BY_WISH.get(turn.dialogue.pending or "") if turn.dialogue.awaiting in _DETAILS else None
    if turn.question.files and not turn.question.text.strip() and not (form and turn.dialogue.asking == "photo"):
        return small_talk.files_came(turn)
    if form is not None:
        return _in_form(turn, form, rulebook)
    if about_case := cases.hear(turn):
        return about_case
    return ask_right_number(turn) if takes_number_back(turn) else _meet(turn, rulebook)


def _meet(turn: Turn, rulebook: Rulebook) -> Outcome:
    """Find out what is wanted, and do it."""
    picked = chosen_order(turn) is not None or answers_which(turn)
    wish, certain = (chosen_wish(turn), True) if picked else wanted(turn, rulebook)
    waiting = _FORMS_BY_WISH.get(turn.dialogue.pending or "")
    if wish == "no_number" and waiting is not None and waiting.order == "claimed":
        return without_number(turn, waiting)
    if not turn.question.text.strip():
        return _handled(turn.about(wish), rulebook)
    if (not certain or wish == "unknown") and (several := _several(turn, rulebook)):
        return several
    turn = turn.about(wish)
    if not certain and f"wish_{wish}" in wordings():
        if turn.dialogue.misses:
            return person_wishes.give_up(turn, "not_understood")
        return either(turn, rulebook) or small_talk.guess(turn)
    return _with_others(_displacing(turn), rulebook)


def _displacing(turn: Turn) -> Turn:
    """A request that still waits for its order is not forgotten when something else is asked in between."""
    dialogue, before = turn.dialogue, turn.dialogue.pending or ""
    waits = dialogue.awaiting in ("order_number", "order_choice", "code") and before in _FORMS_BY_WISH
    known = any(wish_of(each) == before for each in dialogue.queued)
    if not waits or known or turn.wish not in ANSWERED | set(TOPICS) or same_story(turn.wish, before):
        return turn
    return replace(turn, dialogue=replace(dialogue, queued=(f"{before}: ", *dialogue.queued)[:_MOST_QUEUED]))


def _in_form(turn: Turn, form: Form, rulebook: Rulebook) -> Outcome:
    """A request is being taken down. Another clear wish is met first, then the request goes on."""
    clear = turn.heard.confidence >= ACT and turn.heard.rule in rulebook.rules
    serious = clear and not rulebook.rules[turn.heard.rule].small
    meant = meaning(turn, form, clear=clear, serious=serious)
    if meant == "answer":
        return _handled(turn.about(form.wish), rulebook)
    if meant == "other order":
        return of_another_order(turn, form)
    if meant == "drop":
        return with_queue(turn, drop(turn), lambda then: _handler(then.wish, rulebook)(then), ())
    other = replace(turn.about(turn.heard.rule), entities=find_entities(turn.question.text))
    if other.wish in _TAKES_ALL:
        return _handler(other.wish, rulebook)(other)
    queue = (f"{form.wish}: ", *turn.dialogue.queued)
    aside = replace(turn.dialogue, awaiting=None, pending=None, asking=None, misses=0, queued=queue)
    return _handled(replace(other, dialogue=aside), rulebook)


def _several(turn: Turn, rulebook: Rulebook) -> Outcome | None:
    """A message that is unclear as a whole, because it holds several wishes that are clear."""
    found = other_wishes(turn.question.text, "", lambda text: rulebook.understand(find_entities(text)))
    return _with_others(turn.about(wish_of(found[0])), rulebook) if len(found) > 1 else None


def _with_others(turn: Turn, rulebook: Rulebook) -> Outcome:
    """Meet the main wish of a message, then the others it holds. What is told at once goes first."""

    def hear(text: str) -> Understanding:
        return rulebook.understand(find_entities(text))

    others = other_wishes(turn.question.text, turn.wish, hear) if turn.wish in _MAY_HAVE_COMPANY else []
    if not others:
        return _handled(turn, rulebook)
    main = words_of(turn.question.text, turn.wish, hear)
    first = next((other for other in others if wish_of(other) in ANSWERED), None)
    if first is not None and turn.wish in _FORMS_BY_WISH:
        others = [f"{turn.wish}: {main[:200]}", *(other for other in others if other != first)]
        turn, main = turn.about(wish_of(first)), first.partition(": ")[2]
    entities = find_entities(main)
    dialogue = replace(turn.dialogue, queued=(*others, *turn.dialogue.queued)[:_MOST_QUEUED])
    turn = replace(turn, dialogue=dialogue, entities=entities if entities.meant_numbers else turn.entities)
    return _handled(replace(turn, question=replace(turn.question, text=main)), rulebook, tuple(others))


def _handled(turn: Turn, rulebook: Rulebook, noted: tuple[str, ...] = ()) -> Outcome:
    def handle(then: Turn) -> Outcome:
        return _handler(then.wish, rulebook)(then)

    return with_queue(turn, handle(turn), handle, noted)


def _language(question: Question, dialogue: Dialogue) -> Language:
    """A name or an address in another script does not change the language of the talk."""
    if dialogue.awaiting == "detail" and dialogue.asking in _NAMES and dialogue.language:
        return dialogue.language
    return language_of(question, dialogue.language)


def _handler(wish: str, rulebook: Rulebook) -> Callable[[Turn], Outcome]:
    fallback = person_wishes.pass_on if wish in rulebook.rules else small_talk.unknown
    return _WISHES.get(wish) or _WISHES.get(rulebook.intent_of(wish)) or fallback


def _check_code(turn: Turn, code: str) -> Outcome:
    reply = turn.bubble("code_checking")
    return Outcome(dialogue=replace(turn.dialogue, misses=0), replies=(reply,), actions=(CheckCode(code),))


def _receipt(turn: Turn, outcome: Outcome, rulebook: Rulebook) -> Receipt:
    order = outcome.order
    return Receipt(
        rule=turn.heard.rule,
        rulebook=rulebook.version,
        intent=turn.heard.intent,
        confidence=turn.heard.confidence,
        as_of=order.as_of if order else turn.now,
        facts=dict(outcome.facts),
        order_id=order.order_id if order else None,
        order_version=order.version if order else None,
    )
