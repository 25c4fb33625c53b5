"""What every job handler gets beside its arguments."""

from dataclasses import dataclass

from app.gateways.mail import Mailer
from app.settings import Settings
from bots.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class JobContext:
    """The process's settings, gateways and rulebook."""

    settings: Settings
    mailer: Mailer
    rulebook: Rulebook
