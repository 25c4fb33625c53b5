"""The jobs of mail that comes: reading it, giving it up, reading it again."""

from typing import Any

from app.jobs.context import JobContext
from app.mail.arriving.receiving import Means, receive
from app.mail.arriving.rereading import reread


async def receive_mail(args: dict[str, Any], context: JobContext) -> None:
    """Read `incoming_mail`."""
    await receive(args["incoming_mail"], _means(context))


async def give_up_mail(args: dict[str, Any], context: JobContext) -> None:
    """Reading `incoming_mail` is given up: a person gets it unread."""
    await receive(args["incoming_mail"], _means(context), given_up=True)


async def reread_mail(args: dict[str, Any], context: JobContext) -> None:
    """Read `incoming_mail` again; `person`: somebody says that no machine wrote it."""
    await reread(args["incoming_mail"], _means(context), person=args["person"])


def _means(context: JobContext) -> Means:
    settings = context.settings
    return Means(secret=settings.secret, trusted=settings.trusted_checkers, files=context.files, reader=context.reader)
