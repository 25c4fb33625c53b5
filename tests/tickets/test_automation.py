"""Whether a rule holds, and why: pure."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from tickets.rules.conditions import OPERATORS, Fact, Known, Sort, checked, conditions_of, explain
from tickets.rules.facts import FACTS

KNOWN: dict[str, Known] = {
    "ticket.kind": "refund",
    "ticket.assigned": False,
    "ticket.tags": frozenset({"vip"}),
    "ticket.subject": "Where is my LAMP?",
    "ticket.hours": 25.5,
    "order.headline": frozenset({"shipped", "delivered"}),
    "customer.waits_hours": None,
}


def is_(fact: str, value: Any, op: str = "is") -> dict[str, Any]:
    return {"fact": fact, "op": op, "value": value}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (is_("ticket.kind", "refund"), True),
        (is_("ticket.kind", "question"), False),
        (is_("ticket.assigned", False), True),
        (is_("ticket.assigned", True), False),
        (is_("ticket.tags", "VIP ", "has"), True),
        (is_("ticket.subject", "lamp", "contains"), True),
        (is_("ticket.hours", 24, "at_least"), True),
        (is_("ticket.hours", 24, "at_most"), False),
        (is_("order.headline", "delivered"), True),
        (is_("order.headline", "cancelled"), False),
        (is_("customer.waits_hours", 0, "at_least"), False),  # nobody waits: nothing to compare with
        (is_("order.late", True), False),
        (is_("order.late", False), False),
    ],
)
def test_one_question(condition: dict[str, Any], holds: bool) -> None:
    assert explain(checked(condition, FACTS), KNOWN).holds is holds


def test_the_explanation_says_what_was_found_at_every_part() -> None:
    tree = {
        "mode": "all",
        "parts": [is_("ticket.kind", "refund"), {"mode": "none", "parts": [is_("ticket.tags", "vip", "has")]}],
    }
    why = explain(checked(tree, FACTS), KNOWN)
    assert not why.holds
    kind, group = why.data["parts"]
    assert (kind["found"], kind["holds"]) == ("refund", True)
    assert (group["mode"], group["holds"], group["parts"][0]["found"]) == ("none", False, ["vip"])


@pytest.mark.parametrize(
    "tree",
    [
        None,
        [],
        {"mode": "most", "parts": []},
        {"mode": "all"},
        {"mode": "all", "parts": [], "then": "DROP TABLE ticket"},
        is_("ticket.secret", "x"),
        is_("ticket.kind", "refund", "contains"),
        is_("ticket.kind", "poem"),
        is_("ticket.assigned", "yes"),
        is_("ticket.hours", True, "at_least"),
        is_("ticket.hours", 10**13, "at_least"),
        is_("ticket.subject", "  ", "contains"),
        is_("ticket.subject", "x" * 201, "contains"),
        {"mode": "all", "parts": [is_("ticket.kind", "refund")] * 41},
        {
            "mode": "all",
            "parts": [{"mode": "all", "parts": [{"mode": "all", "parts": [{"mode": "all", "parts": []}]}]}],
        },
    ],
)
def test_what_is_no_tree_is_refused(tree: Any) -> None:
    with pytest.raises(Invalid) as refused:
        checked(tree, FACTS)
    assert refused.value.code == "bad_questions"


VALUES = {
    Sort.FLAG: st.booleans(),
    Sort.NUMBER: st.integers(-5, 5),
    Sort.TEXT: st.text("ab", min_size=1, max_size=2),
    Sort.WORDS: st.sampled_from(["a", "b"]),
}


def leaves(name: str, fact: Fact) -> st.SearchStrategy[dict[str, Any]]:
    values = st.sampled_from(fact.values) if fact.sort is Sort.CHOICE else VALUES[fact.sort]
    ops = st.sampled_from(OPERATORS[fact.sort])
    return st.fixed_dictionaries({"fact": st.just(name), "op": ops, "value": values})


LEAVES = st.one_of([leaves(name, fact) for name, fact in FACTS.items()])
MODES = st.sampled_from(["all", "any", "none"])
GROUPS = st.fixed_dictionaries({"mode": MODES, "parts": st.lists(LEAVES, max_size=4)})
TREES = st.fixed_dictionaries({"mode": MODES, "parts": st.lists(st.one_of(LEAVES, GROUPS), max_size=4)})
FOUND = st.fixed_dictionaries(
    {},
    optional={
        name: st.one_of(
            st.none(),
            VALUES.get(fact.sort, st.sampled_from(fact.values or ("a",))),
            st.frozensets(st.sampled_from(fact.values or ("a", "b")), max_size=2),
        )
        for name, fact in FACTS.items()
    },
)


@given(TREES, FOUND)
def test_every_tree_has_one_answer_and_the_explanation_agrees_with_it(
    tree: dict[str, Any], found: dict[str, Known]
) -> None:
    kept = checked(tree, FACTS)
    assert kept == tree
    why, again = explain(kept, found), explain(kept, found)
    assert why == again

    def recount(part: Any) -> Any:
        if "mode" not in part:
            return part["holds"]
        held = [recount(one) for one in part["parts"]]
        holds = {"all": all(held), "any": any(held), "none": not any(held)}[part["mode"]]
        assert part["holds"] is holds
        return holds

    assert recount(why.data) is why.holds
    assert len(list(conditions_of(why.data))) == len(list(conditions_of(tree)))
