"""How a sentence was understood, in the supervisor's words."""

from typing import Any

from app.i18n import gettext
from bots.explaining import explain
from bots.rehearsal import Finding
from bots.rulebook import Rulebook

_LONGEST = 2_000  # characters that are tried
_MOST = 24  # patterns and rules that are shown


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


OUTCOMES = {
    "acts": (_("The bot acts on it"), "good", "check-circle"),
    "asks_back": (_("The bot asks whether that is meant"), "warn", "chat"),
    "asks_openly": (_("The bot asks what it is about"), "bad", "alert"),
}
_RULED_OUT = _("rules it out")
_KINDS = {"example": _("Example"), "dialogue": _("Conversation")}


def trial(sentence: str, rulebook: Rulebook, language: str) -> dict[str, Any]:
    """What the page shows about one sentence."""
    seen = explain(sentence[:_LONGEST], rulebook)
    label, tone, symbol = OUTCOMES[seen.outcome]
    return {
        "rule": seen.heard.rule,
        "means": rulebook.rules[seen.heard.rule].meaning(language) if seen.heard.rule in rulebook.rules else "",
        "confidence": round(seen.heard.confidence * 100),
        "outcome": gettext(label, language),
        "tone": tone,
        "icon": symbol,
        "values": [(span.kind, span.value) for span in seen.entities.spans],
        "likely": ", ".join(f"{intent} {chance:.0%}" for intent, chance in seen.heard.likely),
        "read_as": [sentence.strip() for sentence in (*seen.heard.wording.en, *seen.heard.wording.zh)],
        "fired": [
            {
                "rule": fired.rule,
                "words": fired.words,
                "say": fired.say,
                "strength": f"{fired.weight:.2f}" if fired.weight else gettext(_RULED_OUT, language),
                "against": not fired.weight,
            }
            for fired in sorted(seen.fired, key=lambda fired: fired.rule != seen.heard.rule)[:_MOST]
        ],
        "standing": [
            {"rule": rule, "percent": round(score * 100)} for rule, score in seen.standing[:_MOST] if score > 0
        ],
    }


def finding_row(finding: Finding, language: str) -> dict[str, str]:
    """A finding of a rehearsal as a row."""
    return {"kind": gettext(_KINDS[finding.kind], language), "where": finding.where, "text": finding.text}
