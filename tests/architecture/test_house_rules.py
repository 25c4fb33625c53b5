"""The house rules hold in every module, and the rules themselves catch what they should."""

import ast

import pytest

from tests.architecture.house_rules import RULES, Rule
from tests.architecture.sources import complain, modules, texts

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)

LONGEST_FILE = 450
# Files that are longer for a reason.
LONG_FILES: dict[str, str] = {}


@each_rule
def test_rule_holds(rule: Rule) -> None:
    places = [
        f"{module.path}:{getattr(node, 'lineno', 0)}"
        for module in modules()
        if module.path not in rule.escapes
        for node in rule.find(module.tree)
    ]
    complain(rule.lesson, places)


@each_rule
def test_rule_tells_bad_from_good(rule: Rule) -> None:
    for sample in rule.bad:
        assert list(rule.find(ast.parse(sample))), f"should be found: {sample}"
    for sample in rule.good:
        assert not list(rule.find(ast.parse(sample))), f"should be left alone: {sample}"


@each_rule
def test_escapes_are_still_needed(rule: Rule) -> None:
    trees = {module.path: module.tree for module in modules()}
    stale = [path for path in rule.escapes if path not in trees or not list(rule.find(trees[path]))]
    complain("These escapes are not needed any more; remove them.", stale)


def test_every_module_says_what_it_is() -> None:
    silent = [module.path for module in modules() if module.tree.body and not ast.get_docstring(module.tree)]
    complain("Begin each module with a docstring of one to three lines: what it is, not how it works.", silent)


def test_every_public_verb_says_what_it_does() -> None:
    silent = [
        f"{module.path}:{node.lineno} {node.name}"
        for module in modules("core", "orders", "conversations", "tickets", "bots")
        for node in module.tree.body
        if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    complain("A public verb has a docstring: what it does, units, and the errors it raises.", silent)


def test_files_stay_readable() -> None:
    long = [
        f"{path}: {text.count(chr(10))} lines"
        for path, text in texts(".py", under=("app", "bots", "conversations", "core", "orders", "tickets"))
        if text.count("\n") > LONGEST_FILE and path not in LONG_FILES and not path.startswith("app/migrations/")
    ]
    complain(f"Files are 50 to 250 lines, and {LONGEST_FILE} at most: split by what the thing can do.", long)
