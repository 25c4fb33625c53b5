"""The form of a rule: groups of questions and a list of actions, all plain fields, so that it works without scripts."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.i18n import gettext
from app.order_cards import PARCEL_STATES
from app.web.labels import CHANNELS, HANDLERS, HOLDS, KINDS, LANGUAGE_NAMES, PRIORITIES, STATUSES, headline
from orders.statuses import ParcelState
from tickets.rules.conditions import OPERATORS, Fact, Sort
from tickets.rules.facts import FACTS, Trigger

GROUPS, ROWS, ACTS = 3, 6, 5  # groups of a form, questions of a group, actions


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


TRIGGERS = {
    Trigger.TICKET_OPENED: _("A ticket is opened"),
    Trigger.TICKET_CHANGED: _("A ticket changes (status, priority, person, tags, orders)"),
    Trigger.CUSTOMER_WROTE: _("The customer writes"),
    Trigger.ORDER_CHANGED: _("A linked order moves on"),
    Trigger.PARCEL_MOVED: _("A parcel of a linked order moves"),
    Trigger.REFUND_CHANGED: _("A refund of a linked order moves"),
    Trigger.CLOCK_WARNED: _("A clock of the ticket warns"),
    Trigger.SINCE_OPENED: _("Some time after the ticket was opened"),
    Trigger.SINCE_CUSTOMER: _("Some time after the customer’s question, if nobody has answered"),
    Trigger.SINCE_AGENT: _("Some time after our last words, if the customer has not answered"),
}
FACT_WORDS = {
    "ticket.kind": _("Kind of the ticket"),
    "ticket.status": _("Status"),
    "ticket.priority": _("Priority"),
    "ticket.assigned": _("Somebody works on it"),
    "ticket.tags": _("It has the tag"),
    "ticket.subject": _("The subject contains"),
    "ticket.reopened": _("Times it was opened again"),
    "ticket.hours": _("Hours since it was opened"),
    "conversation.channel": _("Channel"),
    "conversation.language": _("Language of the customer"),
    "conversation.handler": _("Who speaks"),
    "customer.words": _("The customer’s last words contain"),
    "customer.waits_hours": _("Hours that the customer has waited"),
    "order.linked": _("An order is linked"),
    "order.headline": _("The order is"),
    "order.hold": _("The order is held"),
    "order.refund": _("Refund of the order"),
    "order.total": _("Order total"),
    "order.country": _("The order goes to the country (two letters)"),
    "order.late": _("The promised delivery is over"),
    "parcel.state": _("A parcel is"),
    "shop.open": _("The shop is open now"),
}
TITLES = {
    "threats": _("Mentions of lawyers, banks and authorities come first"),
    "lost_parcel": _("Trouble with a parcel raises its ticket"),
    "valuable": _("Large orders are handled soon"),
    "nobody": _("Unassigned for half a business day"),
    "silent": _("No answer from the customer for five days: resolve"),
    "refunded": _("The refund is paid: check whether this is settled"),
}
MODES = {"all": _("all of these"), "any": _("at least one of these"), "none": _("none of these")}
DOES = {
    "priority": _("Set the priority"),
    "status": _("Set the status"),
    "assign": _("Give it to"),
    "tag": _("Add the tag"),
    "untag": _("Remove the tag"),
    "note": _("Write an internal note"),
    "reply": _("Answer with the macro"),
}
_OPS = {"at_least": _("%(fact)s: at least …"), "at_most": _("%(fact)s: at most …")}
_FLAGS = {True: _("%(fact)s: yes"), False: _("%(fact)s: no")}
REFUNDS = {
    "none": _("none"),
    "requested": _("requested"),
    "pending": _("on its way"),
    "partial": _("paid in part"),
    "full": _("paid in full"),
    "failed": _("failed"),
}


def questions(language: str) -> list[dict[str, Any]]:
    """Everything that can be asked, for one list of choices: groups with (name to give back, words)."""
    return [
        {"label": gettext(FACT_WORDS[name], language), "options": list(_options(name, fact, language))}
        for name, fact in FACTS.items()
    ]


def tree_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The conditions that a form asks for; what is left empty is not asked. For `tickets.rules.conditions.checked`."""
    groups: list[dict[str, Any]] = []
    for group in range(GROUPS):
        parts = [part for row in range(ROWS) if (part := _condition(form, f"g{group}-{row}"))]
        if parts:
            groups.append({"mode": form.get(f"g{group}-mode", "all"), "parts": parts})
    return {"mode": form.get("mode", "all"), "parts": groups}


def actions_of(form: Mapping[str, str]) -> list[dict[str, str]]:
    """The actions that a form asks for."""
    return [
        {"do": do, "value": form.get(f"a{place}-{do}", "").strip()}
        for place in range(ACTS)
        if (do := form.get(f"a{place}-do", "")) in DOES
    ]


def form_of(tree: Mapping[str, Any], actions: list[Mapping[str, str]]) -> dict[str, str]:
    """The fields that a stored rule fills. Rules are written by this form alone, so all of it fits."""
    form = {"mode": str(tree.get("mode", "all"))}
    for number, group in enumerate(tree.get("parts", [])):
        form[f"g{number}-mode"] = str(group["mode"])
        for row, leaf in enumerate(group["parts"]):
            key, value = _written(leaf)
            form |= {f"g{number}-{row}-ask": key, f"g{number}-{row}-value": value}
    for place, act in enumerate(actions):
        form |= {f"a{place}-do": act["do"], f"a{place}-{act['do']}": act["value"]}
    return form


def explained(part: Mapping[str, Any], language: str) -> dict[str, Any]:
    """An explanation in words: for each question what was found and whether it held."""
    if "mode" in part:
        parts = [explained(one, language) for one in part["parts"]]
        mode = MODES[part["mode"]]
        return {"mode": gettext(mode, language), "holds": part["holds"], "parts": parts}
    name = part["fact"]
    fact, asked = FACTS[name], gettext(FACT_WORDS[name], language)
    wanted = value_words(name, fact, part["value"], language)
    sign = {"at_least": "≥ ", "at_most": "≤ "}.get(part["op"], "")
    found = part.get("found")
    shown = [value_words(name, fact, one, language) for one in (found if isinstance(found, list) else [found])]
    return {"asked": f"{asked}: {sign}{wanted}", "found": ", ".join(shown) or "–", "holds": part["holds"]}


def value_words(name: str, fact: Fact, value: Any, language: str) -> str:
    """A value of a fact as people read it."""
    if value is None or value == "":
        return "–"
    if fact.sort is Sort.FLAG:
        return gettext(_("yes") if value else _("no"), language)
    if fact.sort is not Sort.CHOICE:
        return f"{value:g}" if isinstance(value, int | float) else str(value)
    if name == "order.headline":
        return headline(value, language)[0]
    words = PARCEL_STATES[ParcelState(value)] if name == "parcel.state" else _WORDS.get(name, {}).get(value, value)
    return gettext(words[0] if isinstance(words, tuple) else str(words), language)


_WORDS: dict[str, Mapping[str, Any]] = {
    "ticket.kind": KINDS,
    "ticket.status": STATUSES,
    "ticket.priority": PRIORITIES,
    "conversation.channel": CHANNELS,
    "conversation.language": LANGUAGE_NAMES,
    "conversation.handler": HANDLERS,
    "order.hold": HOLDS,
    "order.refund": REFUNDS,
}


def _options(name: str, fact: Fact, language: str) -> Iterator[tuple[str, str]]:
    asked = gettext(FACT_WORDS[name], language)
    if fact.sort is Sort.CHOICE:
        for value in fact.values:
            yield f"{name}|is|{value}", f"{asked}: {value_words(name, fact, value, language)}"
    elif fact.sort is Sort.FLAG:
        for flag, words in _FLAGS.items():
            yield f"{name}|is|{'yes' if flag else 'no'}", gettext(words, language) % {"fact": asked}
    elif fact.sort is Sort.NUMBER:
        for op, words in _OPS.items():
            yield f"{name}|{op}|", gettext(words, language) % {"fact": asked}
    else:
        yield f"{name}|{OPERATORS[fact.sort][0]}|", f"{asked} …"


def _condition(form: Mapping[str, str], key: str) -> dict[str, Any] | None:
    name, _bar, rest = form.get(f"{key}-ask", "").partition("|")
    op, _bar, given = rest.partition("|")
    fact = FACTS.get(name)
    if fact is None:
        return None
    typed = form.get(f"{key}-value", "").strip()
    value: Any = given or typed
    if fact.sort is Sort.FLAG:
        value = given == "yes"
    elif fact.sort is Sort.NUMBER:
        value = _number(typed)
    return {"fact": name, "op": op, "value": value}


def _written(leaf: Mapping[str, Any]) -> tuple[str, str]:
    """The choice and the typed value of a stored condition."""
    fact, value = FACTS[leaf["fact"]], leaf["value"]
    if fact.sort is Sort.FLAG:
        return f"{leaf['fact']}|is|{'yes' if value else 'no'}", ""
    if fact.sort is Sort.CHOICE:
        return f"{leaf['fact']}|is|{value}", ""
    return f"{leaf['fact']}|{leaf['op']}|", f"{value:g}" if isinstance(value, int | float) else str(value)


def _number(text: str) -> Any:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text
