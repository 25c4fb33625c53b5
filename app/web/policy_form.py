"""One row of a policy, and the timers, as fields of a form."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.i18n import gettext
from app.policy_words import CATEGORIES, EXPIRIES, JURISDICTIONS, OUTCOMES, STAGES, TIMERS, WAYS
from app.refund_text import WORDS
from core.errors import Invalid
from orders.policies.deciding import Category, Outcome, Row, Stage
from orders.policies.forms import form_of, read_row, read_timer
from orders.policies.timers import Timer, TimerKind
from orders.refunds.case import Jurisdiction, Reason

Form = Mapping[str, list[str]]
SETS = {"jurisdictions": Jurisdiction, "stages": Stage, "reasons": Reason, "categories": Category}
NUMBERS = ("within", "send_back_within", "refund_within")
_WORDS = {"jurisdictions": JURISDICTIONS, "stages": STAGES, "reasons": WORDS, "categories": CATEGORIES}
UNITS = ("hours", "days", "working_days")


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


LEGENDS = {
    "jurisdictions": _("Law that protects the customer"),
    "stages": _("How far the goods have come"),
    "reasons": _("Reason"),
    "categories": _("Kind of goods"),
}
UNIT_WORDS = {"hours": _("hours"), "days": _("days"), "working_days": _("working days")}
INFORMED = {"": _("does not matter"), "yes": _("was told of the right"), "no": _("was not told of the right")}
REFUND_FROM = {"notice": _("of the request"), "goods_back": _("of the goods’ return")}


def row_fields(row: Row | None) -> dict[str, list[str]]:
    """A row as its form holds it; none: an empty form."""
    if row is None:
        return {"outcome": [Outcome.GRANT.value], "way_back_by": ["customer"], "refund_from": ["goods_back"]}
    found = {name: sorted(getattr(row, name)) for name in SETS}
    found |= {name: [str(getattr(row, name))] for name in NUMBERS if getattr(row, name) is not None}
    found |= {name: [str(getattr(row, name))] for name in ("id", "outcome", "source", "way_back_by", "refund_from")}
    found["informed"] = ["" if row.informed is None else "yes" if row.informed else "no"]
    found["uninformed_years"] = [str(row.uninformed_years)] if row.uninformed_years else []
    found["to_working_day"] = ["yes"] if row.to_working_day else []
    found["counts_as"] = [row.counts_as.value] if row.counts_as else []
    return found


def posted_row(form: Form) -> Row:
    """The row that was written. Raises Invalid (bad_policy; `reason` says what)."""
    back = _one(form, "way_back_by") not in ("", "nobody")
    document: dict[str, Any] = {name: form.get(name, []) for name in SETS}
    document |= {name: _one(form, name) for name in ("id", "outcome", "source")}
    document |= {name: _number(form, name) for name in NUMBERS}
    document["uninformed_years"] = _number(form, "uninformed_years") or 0
    document["to_working_day"] = "to_working_day" in form
    document["informed"] = {"yes": True, "no": False}.get(_one(form, "informed"))
    document["counts_as"] = _one(form, "counts_as") or None
    document |= {"goods_back": back, "way_back_by": _one(form, "way_back_by") if back else "nobody"}
    if not back:
        document["send_back_within"] = None
    document["refund_from"] = _one(form, "refund_from") if back and _one(form, "refund_from") else "notice"
    return read_row(document)


def row_choices(form: Form, language: str) -> dict[str, Any]:
    """Everything that can be chosen in the form of a row, and what is."""
    sets = [
        {
            "name": name,
            "legend": gettext(LEGENDS[name], language),
            "options": _options(_codes(kind, _WORDS[name]), form.get(name, []), language),
        }
        for name, kind in SETS.items()
    ]
    return {
        "sets": sets,
        "outcomes": _options(OUTCOMES, form.get("outcome", []), language),
        "ways": _options(WAYS, form.get("way_back_by", []), language),
        "informed": _options(INFORMED, form.get("informed", []), language),
        "refund_from": _options(REFUND_FROM, form.get("refund_from", []), language),
        "counts_as": _options({"": _("as given")} | _codes(Reason, WORDS), form.get("counts_as", []), language),
    }


def timer_fields(timers: Iterable[Timer], language: str) -> list[dict[str, Any]]:
    """Each kind of timer with its number, unit and end as the form holds them; no number: none."""
    kept = {each["kind"]: each for each in form_of((), timers)["timers"]}
    return [
        {
            "kind": kind.value,
            "label": gettext(TIMERS[kind], language),
            "number": next((str(found[unit]) for unit in UNITS if unit in found), ""),
            "units": _options(UNIT_WORDS, [unit for unit in UNITS if unit in found] or ["days"], language),
            "ends": _options(EXPIRIES, [found.get("on_expiry", "warn")], language),
            "source": found.get("source", ""),
        }
        for kind in TimerKind
        for found in [kept.get(kind.value, {})]
    ]


def posted_timers(form: Form) -> tuple[Timer, ...]:
    """The timers that were written. Raises Invalid (bad_policy)."""
    return tuple(
        read_timer(
            {
                "kind": kind.value,
                _one(form, f"{kind.value}_unit"): number,
                "on_expiry": _one(form, f"{kind.value}_end"),
                "source": _one(form, f"{kind.value}_source") or "policy",
            }
        )
        for kind in TimerKind
        if (number := _number(form, kind.value)) is not None
    )


def _one(form: Form, name: str) -> str:
    return (form.get(name) or [""])[-1].strip()


def _number(form: Form, name: str) -> int | None:
    text = _one(form, name)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise Invalid(f"{name}: not a whole number", code="bad_policy", reason=f"{name}: not a whole number")
    return int(text)


def _codes(kind: Iterable[Any], words: Mapping[str, str]) -> dict[str, str]:
    return {each.value: words[each.value] for each in kind}


def _options(words: Mapping[str, str], chosen: Iterable[str], language: str) -> list[dict[str, Any]]:
    kept = set(chosen)
    return [{"key": key, "label": gettext(word, language), "on": key in kept} for key, word in words.items()]
