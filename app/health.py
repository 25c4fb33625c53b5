"""Is it alive, is it ready, how is it doing, what is it."""

from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tortoise import connections

from app.drift_metrics import measure_drift
from app.mail.fetching.turns import failing_count
from app.mail.models import QUARANTINED, STORED, IncomingMail
from core.clock import now
from core.jobs import DEAD, READY, Job
from core.sql import connection_name

waiting_jobs = Gauge("wismo_jobs_waiting", "Jobs that are due and not done")
dead_jobs = Gauge("wismo_jobs_dead", "Jobs that were given up and wait for a person")
waiting_mails = Gauge("wismo_mails_waiting", "Mails that are stored and not read yet")
quarantined_mails = Gauge("wismo_mails_quarantined", "Mails that could not be read completely")
failing_mailboxes = Gauge("wismo_mailboxes_failing", "Mailboxes that could not be fetched for 15 minutes or more")
open_sockets = Gauge("wismo_sockets_open", "Open sockets of this process")


async def livez(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


async def readyz(request: Request) -> Response:
    """Database reachable, migrations done, not shutting down."""
    if not getattr(request.app.state, "ready", False):
        return JSONResponse({"status": "not ready", "why": "starting or stopping"}, status_code=503)
    try:
        await connections.get(connection_name()).execute_query("SELECT 1")
    except Exception as error:  # noqa: BLE001  # whatever keeps the database from answering, we are not ready
        return JSONResponse({"status": "not ready", "why": f"database: {type(error).__name__}"}, status_code=503)
    return JSONResponse({"status": "ready"})


async def metrics(request: Request) -> Response:
    """Prometheus text of this process."""
    waiting_jobs.set(await Job.filter(state=READY, run_at__lte=now()).count())
    waiting_mails.set(await IncomingMail.filter(state=STORED).count())
    quarantined_mails.set(await IncomingMail.filter(state=QUARANTINED).count())
    dead_jobs.set(await Job.filter(state=DEAD).count())
    open_sockets.set(request.app.state.hub.count())
    failing_mailboxes.set(await failing_count())
    await measure_drift()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def show_version(request: Request) -> Response:
    """Name and version of the program."""
    return JSONResponse({"name": "wismo", "version": program_version()})


def program_version() -> str:
    """The version of the installed package, or of the checkout."""
    try:
        return version("wismo")
    except PackageNotFoundError:
        return VERSION


VERSION = "0.1.0"

routes = [
    Route("/livez", livez),
    Route("/readyz", readyz),
    Route("/metrics", metrics),
    Route("/version", show_version),
]
