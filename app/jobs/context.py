"""What every job handler gets beside its arguments."""

from dataclasses import dataclass

from app.files.intake import Intake
from app.gateways.mail import Mailer
from app.mail.arriving.reader import Reader
from app.mail.leaving.servers import Servers
from app.rulebook_shelf import Shelf
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class JobContext:
    """The process's settings, gateways and rulebooks."""

    settings: Settings
    mailer: Mailer
    rulebooks: Shelf
    files: Intake | None = None  # of mails
    reader: Reader | None = None  # of mails
    servers: Servers | None = None  # of identities, beside the mailer
