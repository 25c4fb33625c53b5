"""Every rule against every example, and rule files that are wrong."""

import shutil
from pathlib import Path

import pytest

from bots.confidence import ACT, GUESS
from bots.entities import find_entities
from bots.rulebook import RULES, Rulebook, load_rulebook
from bots.rulefiles import RulebookError, RuleFile, read_rules

FILES = read_rules(RULES).files
CATCH = [(file, text) for file in FILES for part in (file.en, file.zh) for text in part.must_catch]
MISS = [(file, text) for file in FILES for part in (file.en, file.zh) for text in part.must_miss]


def name_of(value: object) -> str:
    return value.name if isinstance(value, RuleFile) else str(value)


@pytest.mark.parametrize(("file", "text"), CATCH, ids=name_of)
def test_catches(file: RuleFile, text: str, rulebook: Rulebook) -> None:
    heard = rulebook.by_rules(find_entities(text), frozenset(file.needs))
    assert heard.rule == file.name, dict(heard.scores)
    assert heard.confidence >= ACT


@pytest.mark.parametrize(("file", "text"), MISS, ids=name_of)
def test_misses(file: RuleFile, text: str, rulebook: Rulebook) -> None:
    heard = rulebook.by_rules(find_entities(text), frozenset(file.needs))
    assert heard.rule != file.name or heard.confidence < ACT


def test_every_rule_proves_itself_in_both_languages() -> None:
    for file in FILES:
        for part in (file.en, file.zh):
            assert file.means_zh, f"{file.name}: what does it mean, in Chinese?"
            assert part.must_catch, f"{file.name}: a rule without examples cannot be trusted"
            assert part.must_miss, f"{file.name}: which sentence does it leave to others?"


def test_a_rule_that_needs_a_context_sleeps_without_it(rulebook: Rulebook) -> None:
    assert rulebook.by_rules(find_entities("resend")).confidence < GUESS
    assert rulebook.understand(find_entities("resend")).rule != "resend_code"
    assert rulebook.understand(find_entities("resend"), frozenset({"code"})).rule == "resend_code"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("WHERE IS MY ORDER", "order_status"),
        ("where is my ordr", "order_status"),
        ("Where's my pacakge?", "order_status"),
        ("Ｗｈｅｒｅ is my order？", "order_status"),
        ("我的快遞到哪裡了", "order_status"),
        ("快 递 到 哪 了", "order_status"),
        ("到哪了到哪了到哪了", "order_status"),
        ("亲，在吗？我的快递到哪了", "order_status"),
        ("hello, thanks for your help yesterday, where is my refund?", "refund_status"),
        ("你好，我要退款，谢谢", "refund_request"),
        ("Don't cancel my order, where is it?", "keep_order"),
        ("我不是要取消，我是问什么时候发货", "order_status"),
    ],
)
def test_ways_to_type(text: str, rule: str, rulebook: Rulebook) -> None:
    assert rulebook.understand(find_entities(text)).rule == rule


@pytest.mark.parametrize(
    "text",
    [
        "don't cancel",
        "do not cancel order 1001",
        "I never wanted to cancel",
        "please stop the cancellation",
        "undo the cancellation",
        "I didn't cancel anything",
        "why did you cancel my order?",
        "cancel the refund",
        "cancel my subscription",
        "不取消了",
        "别取消",
        "先不要取消",
        "不想取消订单",
        "取消退款",
        "撤销取消申请",
        "为什么取消了我的订单",
        "我没有取消订单",
        "訂單不要取消",
    ],
)
def test_negation_and_undoing_never_reach_cancel(text: str, rulebook: Rulebook) -> None:
    heard = rulebook.understand(find_entities(text))
    assert heard.rule != "cancel_order" or heard.confidence < GUESS


def test_the_version_follows_the_contents(tmp_path: Path, rulebook: Rulebook) -> None:
    copy = copied(tmp_path)
    assert load_rulebook(copy).version == rulebook.version
    path = copy / "thanks.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert load_rulebook(copy).version != rulebook.version


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('name = "broken"\nintent = "thanks"\nmeans = "x"\n[en]\nsure = ["(open"]', "cannot read"),
        ('name = "broken"\nintent = "thanks"\nmeans = "x"\n[en]\nsure = ["[nowhere] word"]', "unknown concept"),
        ('name = "broken"\nintent = "thanks"\nmeans = "x"\n[en]\nsure = ["Don\'t"]', "lower case"),
        ('name = "broken"\nintent = "thanks"\nmeans = "x"\n[en]\nsure = ["... word"]', "gap at the edge"),
        ('name = "broken"\nintent = "thanks"\nmeans = "x"\n[zh]\nsure = ["(好)?"]', "must be there"),
        ('name = "broken"\nintent = "thanks"\nmeans = "x"\nbeats = ["nobody"]', "not there"),
        ('name = "broken"\nintent = "thanks"\nmeans = "x"\ncolour = "red"', "colour"),
        ('name = "other"\nintent = "thanks"\nmeans = "x"', "name inside"),
        ('name = "broken', "broken.toml"),
    ],
)
def test_a_wrong_file_is_named_with_its_reason(text: str, complaint: str, tmp_path: Path) -> None:
    copy = copied(tmp_path)
    (copy / "broken.toml").write_text(text, encoding="utf-8")
    with pytest.raises(RulebookError, match=complaint) as error:
        load_rulebook(copy)
    assert "broken.toml" in str(error.value)


def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RULES, tmp_path / "rules"))
