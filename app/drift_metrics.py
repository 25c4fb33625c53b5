"""Numbers about reconciliation for /metrics, from the rows that every process shares."""

from datetime import timedelta

from prometheus_client import Gauge
from tortoise.functions import Sum

from core.clock import now
from orders.models import Connection, ReconciliationRun

DAY = timedelta(days=1)
_FINDINGS = ("missing", "drifted", "vanished", "failed", "repaired")
_LABELS = ("shop", "platform")

drift = Gauge("wismo_orders_drift", "Orders found different in the last 24 hours", [*_LABELS, "finding"])
age = Gauge("wismo_reconciliation_age_seconds", "Since the last successful comparison (or the connecting)", _LABELS)
failures = Gauge("wismo_reconciliation_failures", "Comparisons that failed in a row", _LABELS)


async def measure_drift() -> None:
    """Set the gauges: two queries, however many connections there are."""
    moment = now()
    sums = {name: Sum(name) for name in _FINDINGS}
    recent = ReconciliationRun.filter(started_at__gte=moment - DAY).annotate(**{f"all_{n}": s for n, s in sums.items()})
    rows = await recent.group_by("connection_id").values("connection_id", *(f"all_{name}" for name in _FINDINGS))
    found = {row["connection_id"]: row for row in rows}
    for gauge in (drift, age, failures):
        gauge.clear()
    for connection in await Connection.filter(enabled=True).select_related("shop"):
        names = (connection.shop.key, connection.platform)
        age.labels(*names).set((moment - (connection.last_success_at or connection.created_at)).total_seconds())
        failures.labels(*names).set(connection.failures)
        for name in _FINDINGS:
            drift.labels(*names, name).set(found.get(connection.id, {}).get(f"all_{name}", 0))
