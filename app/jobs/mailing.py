"""The jobs of the mail: reading what came, answering, handing over what leaves, and one-time codes."""

from typing import Any

import structlog

from app.files.storage import Storage
from app.jobs.context import JobContext
from app.mail.leaving.composing import GENERATED, Mailbox, is_address
from app.mail.leaving.forwarding import give_up_forward, send_forward
from app.mail.leaving.holding import release_forward, stop_forward
from app.mail.leaving.replying import give_up_replying, reply
from app.mail.leaving.sending import give_up_sending, send
from app.mail.leaving.transcripts import write_transcript
from app.mail.leaving.writing import Dispatch, queue_letter
from app.mail.models import OutgoingMail
from conversations.codes import fulfil_code_request
from conversations.proofs import CODE_LIVES
from core.transactions import transaction

CODE_MINUTES = int(CODE_LIVES.total_seconds() // 60)

log = structlog.get_logger(__name__)


async def reply_by_mail(args: dict[str, Any], context: JobContext) -> None:
    """Let `message` leave as mail."""
    await reply(args["message"], context.settings.secret, _storage(context), site=context.settings.public_url)


async def give_up_reply(args: dict[str, Any], context: JobContext) -> None:
    """The letter for `message` cannot be written."""
    await give_up_replying(args["message"])


async def give_up_forwarded(args: dict[str, Any], context: JobContext) -> None:
    """The letter that `note` tells of cannot be written."""
    await give_up_forward(args["note"])


async def release_held_forward(args: dict[str, Any], context: JobContext) -> None:
    """Let the forward `held` leave, unless it was taken back."""
    await release_forward(args["held"])


async def give_up_held_forward(args: dict[str, Any], context: JobContext) -> None:
    """The forward `held` cannot leave."""
    await stop_forward(args["held"])


async def give_up_sent(args: dict[str, Any], context: JobContext) -> None:
    """The job of `outgoing_mail` is dead."""
    await give_up_sending(args["outgoing_mail"])


async def forward_by_mail(args: dict[str, Any], context: JobContext) -> None:
    """Let what `note` tells of leave as mail."""
    storage = _storage(context)
    await send_forward(args["note"], args["text"], args["addressing"], context.settings.secret, storage)


async def send_mail(args: dict[str, Any], context: JobContext) -> None:
    """Hand `outgoing_mail` to the mail server."""
    await send(args["outgoing_mail"], context.servers or context.mailer)


async def send_transcript(args: dict[str, Any], context: JobContext) -> None:
    """Write the letter with all that was said in `conversation` to `recipient`."""
    await write_transcript(args["conversation"], args["recipient"], context.settings.secret)


async def send_code(args: dict[str, Any], context: JobContext) -> None:
    """Make the codes of `code_request` and their letters in one change: a second code would belie the first letter."""
    key = f"code:{args['code_request']}"
    async with transaction():
        if await OutgoingMail.exists(key__startswith=f"{key}:"):
            return
        for position, found in enumerate(await fulfil_code_request(args["code_request"])):
            if not is_address(found.contact):
                log.warning("code_not_sent", reason="no way to reach a phone", code_request=args["code_request"])
                continue
            letter = Dispatch(
                shop=found.shop,
                to=(Mailbox("", found.contact),),
                template="address_code" if found.by_address else "code",
                context={"code": found.code, "minutes": CODE_MINUTES},
                language=found.language,
                key=f"{key}:{position}",
                automatic=GENERATED,
            )
            await queue_letter(letter, secret=context.settings.secret)


def _storage(context: JobContext) -> Storage | None:
    return context.files.storage if context.files is not None else None
