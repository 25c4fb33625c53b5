"""From which shops orders are fetched, how the last comparisons went, and what was different. For overseers."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.rendering import render
from app.web.desk import shell, signed_in
from app.web.roles import require_overseer
from app.web.times import iso
from core.clock import now
from core.people import Agent, shop_ids_of
from orders.models import Connection, ReconciliationRun

HERE = "/console/connections"
SHOWN_RUNS, SHOWN_FINDINGS = 10, 5
_LATE = timedelta(hours=1)  # four turns missed
_SUMS = ("missing", "drifted", "repaired", "vanished", "failed")


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


FINDINGS = {
    "missing": _("Was missing"),
    "drifted": _("Was different"),
    "ahead": _("Ours is newer than the shop’s"),
    "vanished": _("Unknown at the shop"),
    "unreadable": _("Unreadable"),
}
KINDS = {"window": _("Changes"), "nightly": _("Nightly"), "manual": _("By hand"), "first": _("First")}
TROUBLES = {
    "feed_unavailable": _("The shop isn’t answering. We’ll keep trying."),
    "feed_refused": _("The shop rejected the credentials. Connect it again with new ones."),
}
_OTHER_TROUBLE = _("The shop’s answer makes no sense. Check the address.")


@signed_in
async def connections_page(request: Request, agent: Agent) -> Response:
    """GET: every connection of the agent's shops with the comparisons of a day that found something."""
    require_overseer(agent)
    shop_ids = await shop_ids_of(agent)
    found = await Connection.filter(shop_id__in=shop_ids).order_by("shop_id", "platform").select_related("shop")
    since = now() - timedelta(days=1)
    runs: dict[int, list[ReconciliationRun]] = defaultdict(list)
    for run in await ReconciliationRun.filter(
        connection_id__in=[one.id for one in found], started_at__gte=since
    ).order_by("-id"):
        runs[run.connection_id].append(run)
    context = {
        "shell": shell(request, agent, current="connections"),
        "connections": [_row(connection, runs[connection.id], agent.language) for connection in found],
    }
    return render(request, "console/connections.html", context)


def _row(connection: Connection, runs: list[ReconciliationRun], language: str) -> dict[str, Any]:
    zone, success = connection.shop.timezone, connection.last_success_at
    state, tone, icon = _state(connection)
    notable = [run for run in runs if run.error or any(getattr(run, name) for name in _SUMS)]
    return {
        "shop": connection.shop.name,
        "platform": connection.platform,
        "address": connection.address.partition("://")[2],
        "state": gettext(state, language),
        "tone": tone,
        "icon": icon,
        "trouble": _trouble(connection.last_error, language),
        "iso": iso(success) if success else "",
        "at": when(success, zone, language) if success else "",
        "sums": {name: sum(getattr(run, name) for run in runs) for name in ("fetched", *_SUMS)},
        "runs": [_run(run, zone, language) for run in notable[:SHOWN_RUNS]],
    }


def _state(connection: Connection) -> tuple[str, str, str]:
    """Words, tone and icon."""
    if not connection.enabled:
        return _("Switched off"), "", "clock"
    if connection.last_error:
        return _("Failing"), "bad", "alert"
    if connection.last_success_at is None:
        return _("Not compared yet"), "", "clock"
    if now() - connection.last_success_at > _LATE:
        return _("Late"), "warn", "clock"
    return _("Up to date"), "good", "check-circle"


def _trouble(error: str | None, language: str) -> str:
    return gettext(TROUBLES.get(error.partition(":")[0], _OTHER_TROUBLE), language) if error else ""


def _run(run: ReconciliationRun, zone: str, language: str) -> dict[str, Any]:
    return {
        "iso": iso(run.started_at),
        "at": when(run.started_at, zone, language),
        "kind": gettext(KINDS.get(run.kind, run.kind), language),
        "fetched": run.fetched,
        "trouble": _trouble(run.error, language),
        "findings": [
            {
                "what": gettext(FINDINGS.get(found["finding"], found["finding"]), language),
                "order": found["number"] or found["order"],
                "repaired": found["repaired"],
            }
            for found in run.findings[:SHOWN_FINDINGS]
        ],
        "more": max(len(run.findings) - SHOWN_FINDINGS, 0),
    }


routes = [Route(HERE, connections_page, methods=["GET"])]
