"""What of the presence outlives the process: that an agent has gone, and when a customer was last there."""

from datetime import timedelta

from app.realtime.attendance import GRACE_SECONDS
from app.realtime.hub import Hub
from conversations.reading import note_last_seen
from core.clock import now
from core.tasks import spawn
from tickets.staffing import end_presence


def watch_presence(hub: Hub) -> None:
    """Write it down from now on: one statement for all who leave together, none while somebody is there."""
    hub.attendance.on_left = _left
    hub.departures.end = end_presence


def _left(conversations: list[str]) -> None:
    spawn(note_last_seen(conversations, now() - timedelta(seconds=GRACE_SECONDS)), name="presence.left")
