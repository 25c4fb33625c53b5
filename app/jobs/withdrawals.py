"""Withdrawals from contracts: the acknowledgement that the law wants at once, and the look at the order."""

from typing import Any

from app.i18n import clock_time, full_day
from app.jobs.context import JobContext
from app.mail.leaving.composing import Mailbox
from app.mail.leaving.writing import Dispatch, queue_letter
from tickets.withdrawal_models import Withdrawal
from tickets.withdrawals import place


async def acknowledge_withdrawal(args: dict[str, Any], context: JobContext) -> None:
    """Write what was declared, and when, to the address that was given: on a durable medium (2011/83/EU, art. 11a (4)).

    It says nothing of the order, which may not be theirs.
    """
    declared = await Withdrawal.get(id=int(args["withdrawal"])).select_related("shop")
    shop, language = declared.shop, declared.language
    day, clock = (
        full_day(declared.received_at, shop.timezone, language),
        clock_time(declared.received_at, shop.timezone, language),
    )
    letter = Dispatch(
        shop=shop,
        to=(Mailbox(declared.name, declared.email),),
        template="withdrawal",
        context={"statement": declared.statement, "day": day, "clock": clock, "timezone": shop.timezone},
        language=language,
        key=f"withdrawal:{declared.public_id}",
    )
    await queue_letter(letter, secret=context.settings.secret)


async def place_withdrawal(args: dict[str, Any], context: JobContext) -> None:
    """Open the ticket of `withdrawal`, and its cases if the order fits."""
    await place(int(args["withdrawal"]))
