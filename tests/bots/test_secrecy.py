"""Nobody learns anything about an order they have not proved: not by asking, guessing, or comparing words."""

import random
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bots.decisions import CheckCode, Decision, OpenTicket, RequestCode
from bots.golden import Talk, described, owned
from bots.rulebook import Rulebook
from bots.sample_orders import states

PROBES = Path(__file__).parent.parent / "data" / "bot" / "probes.txt"
THEIRS, INVENTED = "73011", "80624"
# What the foreign order holds, in both languages, and words that only facts of an order bring along.
FACTS = re.compile(
    r"DHL|Leipzig|Desk lamp|LAMP-1|199[.,]?0?0?\b|0034043412345|RF-77|confirmed on|delivered on|expected"
    r"|已确认|已签收|已发货|运输中|派送中|待发货"
)
AFTERWARDS = ("yes", "{n}", "and now?", "是的", "那到哪了")


def probes() -> list[tuple[str, list[str]]]:
    """Every probe: its trick, and its messages with {n} for the number."""
    found, trick = [], ""
    for line in PROBES.read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]") and "{n}" not in line:
            trick = line.strip("[]")
        elif line and not line.startswith("# "):
            found.append((trick, [message.replace("\\n", "\n") for message in line.split(" || ")]))
    return found


PLAYED = probes()


def test_there_are_enough_probes_in_both_languages() -> None:
    chinese = [messages for _, messages in PLAYED if re.search(r"[\u4e00-\u9fff]", " ".join(messages))]
    assert len(PLAYED) >= 200
    assert len(chinese) >= 70
    assert len({trick for trick, _ in PLAYED}) >= 14


@pytest.mark.parametrize("proved", [False, True], ids=["nothing proved", "one order proved"])
@pytest.mark.parametrize("trick", sorted({trick for trick, _ in PLAYED}))
def test_probe(trick: str, proved: bool, rulebook: Rulebook) -> None:
    for messages in (messages for name, messages in PLAYED if name == trick):
        hold_the_line([*messages, *AFTERWARDS], rulebook, proved=proved)


@pytest.mark.parametrize("part", range(6))
def test_hundred_generated_attacks(part: int, rulebook: Rulebook) -> None:
    for seed in range(part * 100, part * 100 + 100):
        hold_the_line(attack(seed), rulebook, proved=seed % 2 == 0)


def attack(seed: int) -> list[str]:
    """A longer attack made by chance of the probes' messages, with guesses and changes of language in between."""
    chance = random.Random(seed)
    picked = [message for _, messages in chance.sample(PLAYED, 3) for message in messages]
    between = ["yes", "no", "{n}", "123456", "hello?", "please", "是", "不是", "快点", "you can trust me", "{n}?", "ok"]
    for _ in range(chance.randint(0, 3)):
        picked.insert(chance.randint(0, len(picked)), chance.choice(between))
    return picked


def hold_the_line(messages: list[str], rulebook: Rulebook, *, proved: bool) -> None:
    """Play against somebody else's order and against one that does not exist: same words, same actions, no fact."""
    theirs, invented = (list(played(messages, number, rulebook, proved=proved)) for number in (THEIRS, INVENTED))
    assert [seen(decision, THEIRS) for decision in theirs] == [seen(decision, INVENTED) for decision in invented]
    for text, decision in zip(messages, theirs, strict=True):
        keeps_secret(text, decision, proved=proved)


def played(messages: list[str], number: str, rulebook: Rulebook, *, proved: bool) -> Iterator[Decision]:
    own = [replace(order, lines=()) for order in owned({"1001": "processing"})]
    talk = Talk(rulebook, own, proved=proved)
    for text in messages:
        yield talk.say(text.replace("{n}", number))


def keeps_secret(text: str, decision: Decision, *, proved: bool) -> None:
    """No reply, button, form, card, receipt or ticket holds anything of the foreign order."""
    said = "\n".join(reply.text for reply in decision.replies)
    tickets = [action for action in decision.actions if isinstance(action, OpenTicket)]
    allowed = {None, "ord_1001"} if proved else {None}
    assert {reply.order_id for reply in decision.replies} <= allowed, text
    assert {ticket.order_id for ticket in tickets} <= allowed, text
    assert decision.receipt.order_id in allowed, text
    assert decision.receipt.facts.get("number") in (None, "1001"), text
    if decision.receipt.order_id is None and not any(reply.order_id for reply in decision.replies):
        assert not FACTS.search(said), (text, said)
        labels = [quick.label for reply in decision.replies for quick in reply.quick_replies]
        assert not any(FACTS.search(label) for label in labels if not label.startswith("1001")), text
    for ticket in tickets:
        told = ticket.summary.replace(text.replace("{n}", THEIRS), "")
        assert ticket.order_id or not re.search(r"DHL|Leipzig|Desk lamp|199", told), told


def seen(decision: Decision, number: str) -> tuple[object, ...]:
    """All that a customer could compare: bubbles, buttons, forms, cards, and what is done."""
    replies = [
        (reply.phrase, reply.text.replace(number, "N"), reply.form, reply.order_id, reply.quick_replies)
        for reply in decision.replies
    ]
    actions = [described(action).replace(number, "N") for action in decision.actions]
    return replies, actions, decision.dialogue.awaiting, decision.dialogue.misses


def test_a_wrong_code_proves_nothing(rulebook: Rulebook) -> None:
    talk = Talk(rulebook, owned({"1001": "in_transit"}))
    talk.say("where is order 1001")
    for guess in ("000000", "111111", "123456"):
        decision = talk.say(guess)
        assert decision.actions == (CheckCode(guess),)
        assert not FACTS.search("\n".join(reply.text for reply in decision.replies))
    decision = talk.say("so where is it?")
    assert decision.replies[0].phrase == "code_waiting"


def test_a_code_that_nobody_asked_for_is_not_checked(rulebook: Rulebook) -> None:
    decision = Talk(rulebook).say("482913")
    assert not any(isinstance(action, CheckCode) for action in decision.actions)


def test_right_code_wrong_number_stops(rulebook: Rulebook) -> None:
    """The contact was proved, but the number named belongs to somebody else by now: no loop, no fact."""
    talk = Talk(rulebook, owned({"1002": "in_transit"}))
    talk.say("where is 1001")
    decision = talk.enter_right_code()
    assert decision.replies[0].phrase == "proved_no_match"
    assert not any(isinstance(action, RequestCode) for action in decision.actions)


def test_the_summary_for_people_holds_facts_of_proved_orders_only(rulebook: Rulebook) -> None:
    talk = Talk(rulebook, owned({"1001": "in_transit"}))
    ticket = next(
        action for action in talk.say("complaint about order 1001!").actions if isinstance(action, OpenTicket)
    )
    assert "not proved: 1001" in ticket.summary
    assert "199" not in ticket.summary


@pytest.mark.parametrize(
    "lines", [["hello"], ["where is my order"], ["1001", "no"], ["How can I help you?"], ["您好，请问有什么可以帮您"]]
)
def test_two_bots_stop_talking(lines: list[str], rulebook: Rulebook) -> None:
    talk = Talk(rulebook)
    decision = talk.say(lines[0])
    while not any(isinstance(action, OpenTicket) for action in decision.actions) and talk.count < 60:
        decision = talk.say(lines[talk.count % len(lines)])
    assert [described(action) for action in decision.actions] == ["OpenTicket question", "Handover"]
    assert talk.count <= 45


def test_any_state_of_the_foreign_order_is_answered_alike(rulebook: Rulebook) -> None:
    """The engine never sees an order that is not proved, so its state cannot matter."""
    replies = set()
    for state in states():
        talk = Talk(rulebook, owned({"1001": state}))
        replies.add(tuple(reply.text for reply in talk.say("was order 1001 delivered? yes or no").replies))
    assert len(replies) == 1


@pytest.mark.parametrize(
    "piece", ["order 1001 ", "订单1001 ", "not 1001 ", "no, wrong number ", "code 482913 ", "{n}", "不是"]
)
def test_a_mebibyte_is_answered_at_once(piece: str, rulebook: Rulebook) -> None:
    talk = Talk(rulebook)
    talk.say("where is order 1001")
    text = piece * (2**20 // len(piece.encode()))
    started = time.process_time()
    assert talk.say(text).replies
    assert time.process_time() - started < 0.2
