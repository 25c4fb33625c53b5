"""A rule as the text of its file."""

import json

from bots.rulefiles import RuleFile, RulePart

LISTS = ("sure", "likely", "hint", "never", "must_catch", "must_miss")


def rule_text(file: RuleFile) -> str:
    """The TOML text that reads as `file`."""
    lines = [f"{name} = {_value(getattr(file, name))}" for name in ("name", "intent", "means", "means_zh")]
    lines += [f"{name} = true" for name in ("small", "whole") if getattr(file, name)]
    lines += [f"{name} = {_list(getattr(file, name))}" for name in ("beats", "needs") if getattr(file, name)]
    return "\n".join([*lines, *_part("en", file.en), *_part("zh", file.zh)]) + "\n"


def _part(language: str, part: RulePart) -> list[str]:
    lists = [f"{name} = {_list(getattr(part, name))}" for name in LISTS if getattr(part, name)]
    weighted = ", ".join(f"{{ say = {_value(each.say)}, weight = {each.weight} }}" for each in part.weighted)
    lists += [f"weighted = [{weighted}]"] if weighted else []
    return ["", f"[{language}]", *lists] if lists else []


def _list(values: tuple[str, ...]) -> str:
    if sum(map(len, values)) < 80:
        return f"[{', '.join(map(_value, values))}]"
    return "\n".join(["[", *(f"  {_value(value)}," for value in values), "]"])


def _value(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")  # the rest of JSON's strings is TOML's
