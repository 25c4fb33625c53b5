"""For supervisors: complaints by step and due time, what causes them, what they cost; every figure opens its list."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.complaint_text import CAUSE_WORDS, OUTCOME_WORDS, STAGE_WORDS, STEP_WORDS, cause_name, named
from app.i18n import gettext, when
from app.rendering import render
from app.web.desk import shell, signed_in
from app.web.roles import require_overseer
from app.web.times import due, iso, span
from core import audit
from core.clock import now
from core.money import Money, format_money, plain_amount
from core.people import Actor, Agent, shop_ids_of
from tickets.complaints.models import Compensation, RecoveryTask
from tickets.complaints.queries import complaint_rows, orders_since, outliers, waiting_compensations
from tickets.complaints.recovery import recoveries
from tickets.complaints.report import VIEWS, Bar, Figures, Row, chosen, figures
from tickets.complaints.steps import SETTLED

HERE = "/console/complaints"
WINDOWS = (7, 30, 90)  # days
SHOWN = 200
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


VIEW_WORDS = {
    "open": _("Open"),
    "overdue": _("Overdue"),
    "escalated": _("Escalated to supervisors"),
    "follow_up": _("To follow up"),
    "received": _("Received"),
    "repeat": _("Repeated"),
    "decided": _("Decided"),
    "upheld": _("Upheld, at least in part"),
}


@signed_in
async def complaints_page(request: Request, agent: Agent) -> Response:
    """GET: figures of a window (days), and the list behind one of them (view, cause, area, step)."""
    require_overseer(agent)
    asked, at, language = _asked(request), now(), agent.language
    since, shops = at - timedelta(days=asked["days"]), await shop_ids_of(agent)
    rows = await complaint_rows(shops, since)
    told = figures(rows, since, at, await orders_since(shops, since))
    listed = chosen(rows, asked["view"], since, at, cause=asked["cause"], area=asked["area"], step=asked["step"])
    query = {name: value for name, value in asked.items() if value}
    context = {
        "shell": shell(request, agent, current="complaints"),
        "windows": [
            {"days": days, "url": _url(asked, days=days), "current": days == asked["days"]} for days in WINDOWS
        ],
        "tiles": _tiles(told, asked, language),
        "steps": [
            {"label": named(STEP_WORDS, step, language), "count": count, "url": _url(asked, view="open", step=step)}
            for step, count in told.by_step.items()
        ],
        "causes": _bars(told.causes, "cause", CAUSE_WORDS, asked, language),
        "areas": _bars(told.areas, "area", STAGE_WORDS, asked, language),
        "list_title": named(VIEW_WORDS, asked["view"], language),
        "list_of": ", ".join(
            words
            for words in (
                cause_name(asked["cause"], language),
                named(STAGE_WORDS, asked["area"], language),
                named(STEP_WORDS, asked["step"], language),
            )
            if words
        ),
        "rows": [_row(row, at, language) for row in listed[:SHOWN]],
        "count": len(listed),
        "csv": f"{HERE}.csv?{urlencode(query)}",
        "waiting": [_given(one, language) for one in await waiting_compensations(shops)],
        "outliers": [_given(one, language) for one in await outliers(shops, since)],
        "recoveries": [_task(task, at, language) for task in await recoveries(shops)],
    }
    return render(request, "console/complaints.html", context)


@signed_in
async def export(request: Request, agent: Agent) -> Response:
    """GET: the same list as CSV (UTF-8, times in UTC, sums in the currency's own unit). Audited."""
    require_overseer(agent)
    asked, at = _asked(request), now()
    since = at - timedelta(days=asked["days"])
    rows = await complaint_rows(await shop_ids_of(agent), since)
    listed = chosen(rows, asked["view"], since, at, cause=asked["cause"], area=asked["area"], step=asked["step"])
    await audit.note(Actor.of(agent), "complaints.exported", agent.public_id, rows=len(listed), view=asked["view"])
    head = {"content-disposition": 'attachment; filename="complaints.csv"', "cache-control": "no-store"}
    return Response(_csv(listed), media_type="text/csv; charset=utf-8", headers=head)


def _asked(request: Request) -> dict[str, Any]:
    """What the address asks for; what is none of the known words is not asked."""
    asked = request.query_params
    days = asked.get("days", "")
    return {
        "days": int(days) if days in map(str, WINDOWS) else WINDOWS[1],
        "view": asked["view"] if asked.get("view") in VIEWS else "open",
        "cause": asked["cause"] if asked.get("cause") in CAUSE_WORDS else "",
        "area": asked["area"] if asked.get("area") in STAGE_WORDS else "",
        "step": asked["step"] if asked.get("step") in STEP_WORDS else "",
    }


def _url(asked: Mapping[str, Any], **other: Any) -> str:
    """Another list of the same window; a new view begins without the other conditions."""
    kept = dict(asked) if set(other) == {"days"} else {"days": asked["days"]}
    return f"{HERE}?{urlencode({name: value for name, value in (kept | other).items() if value})}"


def _tiles(told: Figures, asked: Mapping[str, Any], language: str) -> list[dict[str, str]]:
    def tile(label: str, figure: str, view: str, note: str = "") -> dict[str, str]:
        return {"label": gettext(label, language), "figure": figure, "url": _url(asked, view=view), "note": note}

    cost = [format_money(Money(amount, currency), language) for currency, amount in sorted(told.cost.items())]
    rate = "" if told.per_thousand is None else f"{told.per_thousand:.1f}"
    per = gettext(_("%(rate)s per 1,000 orders"), language) % {"rate": rate} if rate else ""
    times = [span(length, language) if length is not None else "–" for length in (told.median, told.ninth)]
    nine = gettext(_("nine of ten within %(time)s"), language) % {"time": times[1]}
    return [
        tile(_("Open"), str(told.open), "open"),
        tile(_("Overdue"), str(told.overdue), "overdue"),
        tile(_("Escalated to supervisors"), str(told.escalated), "escalated"),
        tile(_("To follow up"), str(told.to_follow_up), "follow_up"),
        tile(_("Received"), str(told.received), "received", per),
        tile(_("Repeated"), _percent(told.repeat_share), "repeat"),
        tile(_("Time to decision"), times[0], "decided", nine if told.ninth is not None else ""),
        tile(_("Upheld, at least in part"), _percent(told.upheld_share), "upheld"),
        tile(_("Compensation given"), " + ".join(cost) or "–", "received"),
    ]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0f} %"


def _bars(
    bars: Sequence[Bar], name: str, words: Mapping[str, str], asked: Mapping[str, Any], language: str
) -> list[dict[str, Any]]:
    return [
        {
            "code": bar.code if name == "cause" else "",
            "label": named(words, bar.code, language),
            "count": bar.count,
            "most": bars[0].count,
            "share": _percent(bar.share),
            "running": _percent(bar.running),
            "url": _url(asked, view="decided", **{name: bar.code}),
        }
        for bar in bars
    ]


def _row(row: Row, at: datetime, language: str) -> dict[str, Any]:
    running = row.due_at is not None and row.step not in SETTLED
    left, tone = due(row.due_at, at, language) if running and row.due_at else ("", "")
    return {
        "number": row.number,
        "url": f"/console/tickets/{row.number}",
        "subject": row.subject,
        "severity": row.severity,
        "step": named(STEP_WORDS, row.step, language),
        "cause": cause_name(row.cause, language),
        "outcome": named(OUTCOME_WORDS, row.outcome, language),
        "shop": row.shop,
        "assignee": row.assignee,
        "iso": iso(row.received_at),
        "received": when(row.received_at, "UTC", language),
        "left": left,
        "tone": tone,
        "escalated": row.escalated,
        "repeat": row.repeat,
    }


def _given(one: Compensation, language: str) -> dict[str, Any]:
    return {
        "url": f"/console/tickets/{one.complaint.ticket.number}",
        "number": one.complaint.ticket.number,
        "order": one.order.number,
        "amount": format_money(Money(one.amount, one.currency), language),
        "usual": format_money(Money(one.proposed, one.currency), language),
        "who": one.offered_by.name,
        "cause": cause_name(one.cause, language),
        "note": one.note,
    }


def _task(task: RecoveryTask, at: datetime, language: str) -> dict[str, Any]:
    left, tone = due(task.due_at, at, language)
    return {
        "url": f"/console/tickets/{task.ticket.number}",
        "number": task.ticket.number,
        "score": task.rating.score,
        "words": task.rating.text,
        "owner": task.owner.name if task.owner else "",
        "left": left,
        "tone": tone,
    }


def _csv(rows: Sequence[Row]) -> str:
    """Codes, not words: a spreadsheet counts them. What a spreadsheet would take for a formula is made text."""
    out = io.StringIO()
    writer = csv.writer(out)
    head = "ticket shop severity step cause outcome remedy repeat escalated received_at decided_at due_at cost subject"
    writer.writerow(head.split())
    for row in rows:
        cost = " ".join(f"{plain_amount(amount, currency)} {currency}" for currency, amount in sorted(row.cost.items()))
        moments = [iso(moment) if moment else "" for moment in (row.received_at, row.decided_at, row.due_at)]
        codes = [row.severity, row.step, row.cause, row.outcome, row.remedy, int(row.repeat), int(row.escalated)]
        writer.writerow([row.number, _safe(row.shop), *codes, *moments, cost, _safe(row.subject)])
    return "\ufeff" + out.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


routes = [
    Route(HERE, complaints_page, methods=["GET"]),
    Route(f"{HERE}.csv", export, methods=["GET"]),
]
