"""The steps of a refund that people take, by the name in their address; one table for every page that has them."""

from collections.abc import Awaitable, Callable, Mapping

from core.errors import Invalid, NotFound
from core.ids import as_id
from core.money import parse_money
from core.people import Actor, Agent, shop_ids_of
from orders.refunds.approval import approve, refuse, retry_failed, withdraw
from orders.refunds.by_hand import paid_by_hand, settle_frozen
from orders.refunds.models import RefundIntent, RefundPart

Form = Mapping[str, str]
Take = Callable[[RefundIntent, Agent, Form], Awaitable[str]]


async def take_step(name: str, public_id: str, agent: Agent, form: Form) -> str:
    """Take a step of a refund in the agent's shops; returns what to say. Raises NotFound, and what the verbs raise."""
    act = _STEPS.get(name)
    intent = await RefundIntent.get_or_none(public_id=as_id(public_id), shop_id__in=await shop_ids_of(agent))
    if act is None or intent is None:
        raise NotFound("no such refund")
    return await act(intent, agent, form)


async def _approve(intent: RefundIntent, agent: Agent, form: Form) -> str:
    await approve(intent.id, agent)
    return "refund_approved"


async def _refuse(intent: RefundIntent, agent: Agent, form: Form) -> str:
    if not form.get("why", "").strip():
        raise Invalid("say why", code="note_missing")
    await refuse(intent.id, agent, form["why"])
    return "refund_refused"


async def _withdraw(intent: RefundIntent, agent: Agent, form: Form) -> str:
    await withdraw(intent.id, Actor.of(agent))
    return "refund_withdrawn"


async def _retry(intent: RefundIntent, agent: Agent, form: Form) -> str:
    again = await retry_failed(intent.id, agent)
    return "refund_waits" if again.needs else "refund_sent"


async def _paid(intent: RefundIntent, agent: Agent, form: Form) -> str:
    key = as_id(form.get("part", ""))
    if not await RefundPart.exists(public_id=key, intent_id=intent.id):
        raise NotFound("no such part of this refund")
    await paid_by_hand(key, agent, form.get("reference", ""))
    return "refund_paid"


async def _unfreeze(intent: RefundIntent, agent: Agent, form: Form) -> str:
    told = {name.removeprefix("paid-"): text for name, text in form.items() if name.startswith("paid-")}
    paid = {key: parse_money(text, intent.currency).amount for key, text in told.items()}
    await settle_frozen(intent.id, agent, paid, form.get("why", ""))
    return "refund_unfrozen"


_STEPS: Mapping[str, Take] = {
    "approve": _approve,
    "refuse": _refuse,
    "withdraw": _withdraw,
    "retry": _retry,
    "paid": _paid,
    "unfreeze": _unfreeze,
}
