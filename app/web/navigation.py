"""The places of the desk: work and looking up stand in the rail, what runs the desk on one page of settings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.i18n import gettext
from app.web.roles import OVERSEERS
from core.people import ADMIN, AGENT, SUPERVISOR, Agent


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


ALL = frozenset({AGENT, SUPERVISOR, ADMIN})
ADMINS = frozenset({ADMIN})
SETTINGS = "/console/settings"
ACT = frozenset({"open", "mine", "unassigned", "mentions"})  # views of which somebody must do something


@dataclass(frozen=True, slots=True)
class Place:
    """A page one can go to: its name here and in the rail, who sees it, and in a sentence what it is for."""

    key: str
    label: str
    icon: str
    roles: frozenset[str] = ALL
    about: str = ""

    @property
    def url(self) -> str:
        """Every place lies directly below the console."""
        return f"/console/{self.key}"


WORK = (
    Place("queue", _("Queue"), "clock"),
    Place("promises", _("Promises"), "bell"),
    Place("corrections", _("Corrections"), "pen"),
    Place("complaints", _("Complaints"), "alert", OVERSEERS),
    Place("approvals", _("Approvals"), "check-circle"),
    Place("money", _("Refunds"), "card", OVERSEERS),
)
LOOK_UP = (Place("stock", _("Stock"), "box"),)
GROUPS = ((_("Work"), WORK), (_("Look up"), LOOK_UP))
SECTIONS: tuple[tuple[str, tuple[Place, ...]], ...] = (
    (
        _("Answers"),
        (
            Place("macros", _("Macros"), "text", ALL, _(
                "Ready-made answers with blanks, behind a slash in the composer."
            )),
            Place("rules", _("Rules"), "bolt", OVERSEERS, _("What happens to tickets automatically, and when.")),
            Place("bot", _("Bot"), "bot", OVERSEERS, _("How the bot understands customers, and what it says.")),
        ),
    ),
    (
        _("Money and goods"),
        (
            Place("policies", _("Return policies"), "return", ALL, _(
                "What can be returned, until when, and who pays."
            )),
            Place("refund-limits", _("Refund limits"), "hand", ADMINS, _(
                "How much each role can refund without approval."
            )),
        ),
    ),
    (
        _("People"),
        (
            Place("teams", _("Teams and work"), "people", OVERSEERS, _("Who works together and how work is assigned.")),
            Place("targets", _("SLA targets"), "clock", OVERSEERS, _("How much time tickets get, by priority.")),
            Place("agents", _("Agents"), "person", ADMINS, _("Who can sign in, with which role, for which shops.")),
        ),
    ),
    (
        _("Shops and records"),
        (
            Place("connections", _("Connections"), "link", OVERSEERS, _("Whether our orders match the shops’ orders.")),
            Place("mailboxes", _("Mailboxes"), "mail", ADMINS, _("Where we fetch customers’ email.")),
            Place("senders", _("Senders"), "send", ADMINS, _("The addresses we answer from, and their names.")),
            Place("mail-hook", _("Mail by HTTP"), "api", ADMINS, _("For services that hand mails over by HTTP.")),
            Place("deliveries", _("Deliveries"), "api", OVERSEERS, _("What shops sent that isn’t in an order yet.")),
            Place("mails", _("Email"), "mail", OVERSEERS, _("Original emails: what was set aside, and the source.")),
            Place("audit", _("Audit"), "note", ADMINS, _("Who did and saw what, tamper-evident.")),
        ),
    ),
    (
        _("Personal"),
        (Place("account", _("Account"), "person", ALL, _("Your password, composer, keyboard and devices.")),),
    ),
)  # fmt: skip


def rail(agent: Agent, path: str, counts: dict[str, str]) -> list[dict[str, Any]]:
    """The groups of the rail below the inbox, as the agent's role sees them; `counts` by key, of what waits."""
    return [
        {"title": gettext(title, agent.language), "places": _seen(places, agent, path, counts)}
        for title, places in GROUPS
    ]


def sections(agent: Agent, counts: dict[str, str]) -> list[dict[str, Any]]:
    """The page of settings: only what the agent may open."""
    shown = [
        {"title": gettext(title, agent.language), "places": _seen(places, agent, "", counts)}
        for title, places in SECTIONS
    ]
    return [section for section in shown if section["places"]]


def trail(agent: Agent, path: str) -> list[dict[str, str]]:
    """The way back from a page of the settings: to the settings, and to the place that a deeper page belongs to."""
    place = next((place for _title, places in SECTIONS for place in places if _below(path, place)), None)
    if place is None:
        return []
    way = [{"label": gettext(_("Settings"), agent.language), "url": SETTINGS}]
    if path != place.url:
        way.append({"label": gettext(place.label, agent.language), "url": place.url})
    return way


def is_setting(path: str) -> bool:
    """Whether the path is the page of settings or one of the places on it."""
    return path == SETTINGS or any(_below(path, place) for _title, places in SECTIONS for place in places)


def _seen(places: Iterable[Place], agent: Agent, path: str, counts: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "key": place.key,
            "label": gettext(place.label, agent.language),
            "about": gettext(place.about, agent.language) if place.about else "",
            "icon": place.icon,
            "url": place.url,
            "count": counts.get(place.key, ""),
            "current": _below(path, place),
        }
        for place in places
        if agent.role in place.roles
    ]


def _below(path: str, place: Place) -> bool:
    return path == place.url or path.startswith(f"{place.url}/")
