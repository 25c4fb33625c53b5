"""The steps of a case as forms send them: one function for each, which reads its fields and calls its verb."""

from collections.abc import Awaitable, Callable

from app.web.forms import local_time, whole_number
from core.errors import Invalid
from core.money import parse_money
from core.people import Actor
from tickets.aftersales.decisions import (
    approve_case,
    ask_for_info,
    cancel_case,
    give_info,
    platform_decides,
    platform_intervenes,
    reject_case,
)
from tickets.aftersales.fulfilling import complete_case, retry_refund, send_replacement, settle_difference
from tickets.aftersales.kinds import Condition
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.returns import Found, inspect_goods, receive_goods, register_return
from tickets.models import Ticket

Form = dict[str, list[str]]
Step = Callable[[str, Actor, Form, int, Ticket], Awaitable[AfterSale]]


async def _approve(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    amount = await _amount(case, _one(form, "amount"))
    lines = await AfterSaleLine.filter(case__public_id=case)
    units = {line.id: whole_number(_one(form, f"grant-{line.id}"), line.asked) for line in lines}
    return await approve_case(case, by, amount=amount, units=units, version=version)


async def _reject(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    return await reject_case(case, by, _one(form, "text"), version=version)


async def _ask(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    return await ask_for_info(case, by, _one(form, "text"), version=version)


async def _info(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    return await give_info(case, by, _one(form, "text"), form.get("photo", []), version=version)


async def _track(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    return await register_return(case, by, _one(form, "carrier"), _one(form, "tracking"), version=version)


async def _receive(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    return await receive_goods(case, by, version=version)


async def _inspect(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    lines = await AfterSaleLine.filter(case__public_id=case)
    found = {line.id: _found(form, line.id) for line in lines}
    photos = form.get("photo", [])
    label = await _amount(case, _one(form, "label"))
    return await inspect_goods(case, by, found, photos=photos, note=_one(form, "text"), label=label, version=version)


async def _send(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    return await send_replacement(case, by, _one(form, "carrier"), _one(form, "tracking"), version=version)


async def _settle(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    return await settle_difference(case, by, version=version)


async def _retry(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    return await retry_refund(case, by, version=version)


async def _complete(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    return await complete_case(case, by, _one(form, "text"), version=version)


async def _cancel(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    return await cancel_case(case, by, _one(form, "text"), version=version)


async def _platform(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    due_at = local_time(_one(form, "at"), ticket.shop.timezone) if _one(form, "at") else None
    return await platform_intervenes(case, by, _one(form, "text"), due_at, version=version)


async def _verdict(case: str, by: Actor, form: Form, version: int, ticket: Ticket) -> AfterSale:
    granted = _one(form, "do") == "granted"
    return await platform_decides(case, by, granted=granted, why=_one(form, "text"), version=version)


STEPS: dict[str, Step] = {
    "approve": _approve,
    "reject": _reject,
    "ask": _ask,
    "info": _info,
    "track": _track,
    "receive": _receive,
    "inspect": _inspect,
    "send": _send,
    "settle": _settle,
    "retry": _retry,
    "complete": _complete,
    "cancel": _cancel,
    "platform": _platform,
    "verdict": _verdict,
}


async def _amount(case: str, text: str) -> int | None:
    """An amount in the case's currency; None when nothing was typed. Raises Invalid."""
    if not text.strip():
        return None
    return parse_money(text.strip(), (await AfterSale.get(public_id=case)).currency).amount


def _found(form: Form, line: int) -> Found:
    try:
        condition = Condition(_one(form, f"condition-{line}"))
    except ValueError:
        raise Invalid("say in which condition", code="bad_inspection") from None
    return Found(
        received=whole_number(_one(form, f"received-{line}"), -1),
        accepted=whole_number(_one(form, f"accepted-{line}"), -1),
        condition=condition,
        value_loss=whole_number(_one(form, f"loss-{line}"), 0) * 100,
    )


def _one(form: Form, name: str) -> str:
    return (form.get(name) or [""])[0]
