"""A rehearsal finds what a change of the rules breaks, and changes stand in for files."""

from pathlib import Path

import pytest

from bots.entities import find_entities
from bots.rehearsal import count_rehearsed, rehearse
from bots.rulebook import RULES, Rulebook, load_rulebook
from bots.rulefiles import RulebookError, rule_texts

PARTY = """
name = "gift_card"
intent = "gift_card"
means = "Wants a gift card."
[en]
sure = ["gift (card | voucher)"]
must_catch = ["Do you sell gift cards?"]
must_miss = ["Where is my order?"]
[zh]
sure = ["礼品卡"]
must_catch = ["有礼品卡吗"]
must_miss = ["到哪了"]
"""


def test_the_rules_that_come_with_the_desk_pass(rulebook: Rulebook) -> None:
    assert rehearse(rulebook) == []
    examples, dialogues = count_rehearsed(rulebook)
    assert examples > 500
    assert dialogues > 20


def test_a_rule_that_steals_sentences_is_found(rulebook: Rulebook) -> None:
    greedy = PARTY.replace('"gift (card | voucher)"', '"(order | parcel | package)"')
    findings = rehearse(load_rulebook(changes={"gift_card": greedy}))
    assert ("example", "gift_card") in {(finding.kind, finding.where) for finding in findings}
    assert any(finding.where == "order_status" for finding in findings)
    assert any(finding.kind == "dialogue" for finding in findings)


def test_a_new_rule_is_heard_and_has_a_version_of_its_own(rulebook: Rulebook) -> None:
    changed = load_rulebook(changes={"gift_card": PARTY.replace("(card | voucher)", "(card | cards | voucher)")})
    assert changed.understand(find_entities("Do you sell gift cards?")).rule == "gift_card"
    assert changed.version != rulebook.version


def test_an_empty_text_removes_a_rule() -> None:
    assert "is_bot" not in load_rulebook(changes={"is_bot": ""}).rules
    assert list(rule_texts(RULES, {"is_bot": " \n"})) == [
        path.stem for path in sorted(RULES.glob("*.toml")) if path.stem != "is_bot"
    ]


@pytest.mark.parametrize("text", ['name = "thanks"\nmeans = "x"', 'name = "thanks'])
def test_a_change_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(RulebookError, match=r"^thanks\.toml: "):
        load_rulebook(changes={"thanks": text})


def test_a_folder_without_shared_words_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match=r"concepts\.toml"):
        load_rulebook(tmp_path)
