"""A rule of the bot as a form: one sentence or pattern a line."""

from collections.abc import Mapping
from typing import Any

from bots.rulefiles import RuleFile, RulePart
from bots.rulewriting import LISTS


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


FIELDS = (  # key, label, hint
    ("sure", _("Certain"), _("Whoever writes this means it.")),
    ("likely", _("Likely"), _("Mostly means it.")),
    ("hint", _("A hint"), _("Not enough by itself.")),
    ("never", _("Not if"), _("With this in the sentence it is something else.")),
    ("must_catch", _("Must be understood"), _("Real sentences that mean it.")),
    ("must_miss", _("Must be left alone"), _("Real sentences that look like it and mean something else.")),
)
_LANGUAGES = ("en", "zh")
_MEANINGS = ("means", "means_zh")


def rule_form(rule: RuleFile | None) -> dict[str, str]:
    """What the form's fields hold."""
    if rule is None:
        return dict.fromkeys(("name", "intent", *_MEANINGS, *_keys()), "")
    form = {name: getattr(rule, name) for name in ("name", "intent", *_MEANINGS)}
    for language in _LANGUAGES:
        part: RulePart = getattr(rule, language)
        form |= {f"{language}_{key}": "\n".join(getattr(part, key)) for key in LISTS}
    return form


def posted_rule(form: Mapping[str, str], before: RuleFile | None) -> RuleFile:
    """The rule as the form describes it; what the form does not show stays as it was. Raises ValidationError."""
    name = before.name if before else form.get("name", "").strip()
    kept: dict[str, Any] = before.model_dump() if before else {"intent": form.get("intent", "").strip() or name}
    parts = {language: kept.get(language, {}) | _lists(form, language) for language in _LANGUAGES}
    meanings = {key: form.get(key, "").strip() for key in _MEANINGS}
    return RuleFile.model_validate(kept | {"name": name} | meanings | parts)


def _lists(form: Mapping[str, str], language: str) -> dict[str, tuple[str, ...]]:
    return {
        key: tuple(line.strip() for line in form.get(f"{language}_{key}", "").splitlines() if line.strip())
        for key in LISTS
    }


def _keys() -> list[str]:
    return [f"{language}_{key}" for language in _LANGUAGES for key in LISTS]
