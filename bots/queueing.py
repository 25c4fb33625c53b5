"""Several wishes in one message: which they are, in which order they are met, and the words between them."""

import re
from collections.abc import Callable
from dataclasses import replace

from bots.decisions import Handover
from bots.entities import find_entities
from bots.hearing import Understanding
from bots.phrases import listed
from bots.summaries import wish_of, wish_words
from bots.turns import Outcome, Turn

Hear = Callable[[str], Understanding]
_CLEAR = 0.6  # a part of a message has to be this clear to be a wish of its own
_LOOK_AT = 800  # characters: longer letters tell one story
_MOST_PARTS, _MOST_QUEUED, _KEPT = 8, 3, 200
_PARTS = re.compile(
    r"(?<=[.!?;。！？；\n])\s*"
    r"|[,，]?\s*(?=\b(?:and|also|plus)\s(?:also|then|i|can|could|please|where|when|how|what|do|is|cancel|change|send)\b)"
    r"|[,，\s]*(?=\b(?:also|besides|another thing|one more thing|by the way|btw)\b)"
    r"|[,，\s]*(?=另外(?!一|那|个)|还有(?![一没]|多)|顺便|以及|对了|同时|再帮我|也帮我|并且)|[,，]",
    re.IGNORECASE,
)
# Wishes that belong to one story: "it is broken, I want my money back" is one of them, not two.
_STORIES = (
    frozenset(
        {"return_exchange", "item_problem", "refund_request", "repair_install", "complaint", "not_received", "reship"}
        | {"refund_status", "feedback"}
    ),
    frozenset({"order_status", "order_confirmation", "not_received", "delivery_change", "reship", "complaint"}),
    frozenset({"change_order", "change_address", "delivery_change", "cancel_order", "keep_order", "place_order"}),
    frozenset({"payment_problem", "payment_info", "price_promo", "site_problem", "place_order", "account_login"}),
    frozenset({"shipping_info", "policy_info", "return_exchange", "order_status", "delivery_change"}),
    frozenset({"product_question", "stock", "price_promo", "place_order"}),
)
_OWN_WISHES = frozenset(
    {"order_status", "order_confirmation", "refund_status", "invoice", "change_address", "change_order", "cancel_order"}
    | {"return_exchange", "item_problem", "refund_request", "stock", "shipping_info", "policy_info", "membership"}
    | {"payment_info", "price_promo", "repair_install"}
)
ANSWERED = frozenset({"order_status", "order_confirmation", "refund_status"})  # told at once, from the order


def other_wishes(text: str, main: str, hear: Hear) -> list[str]:
    """The wishes besides `main`, as the memory keeps them. `hear` understands a part of the message by itself."""
    parts = [part.strip() for part in _PARTS.split(text) if part and part.strip()] if len(text) <= _LOOK_AT else []
    found: dict[str, str] = {}
    for part in parts[:_MOST_PARTS] if len(parts) > 1 else ():
        heard = hear(part)
        taken = (main, *found)
        if (
            heard.confidence >= _CLEAR
            and heard.rule in _OWN_WISHES
            and not any(same_story(heard.rule, each) for each in taken)
        ):
            found[heard.rule] = f"{heard.rule}: {part[:_KEPT]}"
    return list(found.values())[:_MOST_QUEUED]


def words_of(text: str, wish: str, hear: Hear) -> str:
    """The part of a message with several wishes that speaks of `wish`, or all of it."""
    parts = [part.strip() for part in _PARTS.split(text) if part and part.strip()][:_MOST_PARTS]
    return next((part for part in parts if hear(part).rule == wish), text)


def with_queue(turn: Turn, outcome: Outcome, handle: Callable[[Turn], Outcome], noted: tuple[str, ...]) -> Outcome:
    """Go on with the next wish when nothing is open any more; say what was `noted` for later when something is."""
    queue = outcome.dialogue.queued
    if any(isinstance(action, Handover) for action in outcome.actions) or not queue:
        return outcome
    if outcome.dialogue.awaiting is not None:
        return _note(turn, outcome, noted)
    wish, words = wish_of(queue[0]), queue[0].partition(": ")[2]
    begun = any(name.startswith(f"{wish}.") for name in outcome.dialogue.details)
    between = turn.bubble("back_to_wish" if begun else "next_wish", wish=wish_words(turn, wish))
    then = replace(
        turn.about(wish),
        question=replace(turn.question, text=words, files=0),
        entities=find_entities(words),
        dialogue=replace(outcome.dialogue, queued=queue[1:]),
    )
    following = with_queue(then, handle(then), handle, noted)
    return replace(
        following,
        replies=(*outcome.replies, between, *following.replies),
        order=outcome.order or following.order,
        facts=outcome.facts or following.facts,
    )


def same_story(wish: str, other: str) -> bool:
    """Are two wishes one, or so near that the later one takes the place of the earlier?"""
    return wish == other or any(wish in story and other in story for story in _STORIES)


def _note(turn: Turn, outcome: Outcome, noted: tuple[str, ...]) -> Outcome:
    later = [wish_words(turn, wish_of(each)) for each in noted if each in outcome.dialogue.queued]
    if not later:
        return outcome
    reply = turn.bubble("noted_wishes", wishes=listed(turn.language, later))
    return replace(outcome, replies=(reply, *outcome.replies))
