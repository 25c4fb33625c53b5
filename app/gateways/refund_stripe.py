"""Refunds at Stripe (docs.stripe.com/api/refunds): an idempotency key for each, and our key in the metadata.

A saved answer is replayed for a day at least, a 500 too, and forgotten later. So before anything is sent the payment's
refunds are looked through: then no try, however late, pays twice.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import httpx2

from app.gateways.payment_http import Reply, Unanswered, ask, base_of, credential, passing, sentence
from app.gateways.search_first import SearchFirst
from core.errors import Invalid
from orders.refunds.gateway import Account, Answer, Instruction, Outcome, StatementRow
from orders.refunds.keys import own_key
from orders.sources.reading import count, mapping, objects, text
from orders.sources.stripe_amounts import minor_of, stripe_amount

ADDRESS: Final = "https://api.stripe.com"
VERSION: Final = "2025-04-30.basil"  # what is asked and read here; Stripe keeps a version for good
STATES: Final[Mapping[str, Answer]] = {
    "pending": Answer.ACCEPTED,
    "requires_action": Answer.ACCEPTED,
    "succeeded": Answer.SUCCEEDED,
    "failed": Answer.FAILED,
    "canceled": Answer.FAILED,
}
_PAYMENTS: Final = {"pi_": "payment_intent", "ch_": "charge", "py_": "charge"}
_REFUNDS = ("re_", "pyr_")
_PAGE = 100  # the most that Stripe lists at once
_MOST_PAGES = 200
# Parameters that are wrong, a payment that cannot be given back: nothing was started (docs.stripe.com/error-codes).
_NOT_DONE = frozenset({400, 402, 404})
_IN_USE = timedelta(seconds=5)
_HINTS: Final[Mapping[str, str]] = {
    "requires_action": "The customer has to name a bank account, in a mail that Stripe has sent.",
    "insufficient_funds": "The balance at Stripe is too low; it is sent when there is enough.",
    "lost_or_stolen_card": "The card was lost or stolen: pay in another way.",
    "expired_or_canceled_card": "The card has expired or was closed: pay in another way.",
    "charge_for_pending_refund_disputed": "The customer has disputed the charge with the bank.",
    "declined": "The bank has declined it.",
    "merchant_request": "It was cancelled at the shop's own request.",
}


class StripeRefunds(SearchFirst):
    """Credentials: secret_key (`sk_…`, or better a restricted key `rk_…` that may write refunds and read charges)."""

    async def find(self, instruction: Instruction) -> Outcome:
        return await _look_up(instruction)

    async def send(self, instruction: Instruction) -> Outcome:
        kind = _PAYMENTS.get(instruction.payment_ref[:3])
        if kind is None:
            return Outcome(state=Answer.FAILED, code="no_payment", text="no pi_… or ch_… of Stripe's is known")
        try:
            amount = stripe_amount(instruction.amount, instruction.currency)
        except Invalid as error:
            return Outcome(state=Answer.FAILED, code=error.code, text=error.detail)
        fields = {
            kind: instruction.payment_ref,
            "amount": str(amount),
            "reason": "requested_by_customer",
            "metadata[refund_id]": instruction.key,
            "metadata[order]": instruction.order_number[:100],
        }
        headers = {"idempotency-key": instruction.key, "content-type": "application/x-www-form-urlencoded"}
        reply = await _ask("POST", instruction.account, "/v1/refunds", headers=headers, content=urlencode(fields))
        return _read(reply)

    async def statement(self, account: Account, since: datetime, until: datetime) -> Sequence[StatementRow]:
        """See StatementGateway. Raises Unanswered."""
        params = (("created[gte]", str(int(since.timestamp()))), ("created[lte]", str(int(until.timestamp()))))
        return [_row(found) async for found in _listed(account, params)]


async def _look_up(instruction: Instruction) -> Outcome:
    """The refund by Stripe's name for it, else the one with our key among those of the payment."""
    if instruction.reference.startswith(_REFUNDS):
        reply = await _ask("GET", instruction.account, f"/v1/refunds/{instruction.reference}")
        if reply.status != httpx2.codes.NOT_FOUND:
            return _read(reply)
    kind = _PAYMENTS.get(instruction.payment_ref[:3])
    if kind is None:
        return Outcome(state=Answer.ABSENT)
    async for found in _listed(instruction.account, ((kind, instruction.payment_ref),)):
        if text(mapping(found.get("metadata")).get("refund_id")) == instruction.key:
            return _outcome(found)
    return Outcome(state=Answer.ABSENT)


async def _listed(account: Account, params: Sequence[tuple[str, str]]) -> AsyncIterator[dict[str, Any]]:
    """All refunds that fit, newest first. Raises Unanswered, also when a page cannot be read: half a list is none."""
    after: tuple[tuple[str, str], ...] = ()
    for _ in range(_MOST_PAGES):
        reply = await _ask("GET", account, "/v1/refunds", params=(*params, ("limit", str(_PAGE)), *after))
        if _is_missing(reply):
            return  # there is no such payment: nothing of it went back
        if reply.status != httpx2.codes.OK:
            trouble = _read(reply)
            raise Unanswered(trouble.code, trouble.text, trouble.retry_after)
        page = reply.document()
        if not isinstance(page.get("data"), list):
            raise Unanswered("unreadable", "a list of refunds without data")
        found = objects(page["data"])
        for refund in found:
            yield refund
        if page.get("has_more") is not True or not found:
            return
        after = (("starting_after", text(found[-1].get("id"))),)
    raise Unanswered("too_many_refunds", "the list of refunds does not end")


async def _ask(
    method: str,
    account: Account,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Sequence[tuple[str, str]] = (),
    content: str = "",
) -> Reply:
    return await ask(
        method,
        base_of(account.address, ADDRESS) + path,
        headers={"stripe-version": VERSION, **(headers or {})},
        params=params,
        content=content.encode(),
        auth=(credential(account.credentials, "secret_key"), ""),
    )


def _read(reply: Reply) -> Outcome:
    """What an answer about one refund means."""
    if reply.status == httpx2.codes.OK:
        return _outcome(reply.document())
    error = _error(reply)
    kind, code = text(error.get("type")), text(error.get("code")) or text(error.get("type"))
    said = sentence(error.get("message"))
    if reply.status == httpx2.codes.CONFLICT:  # a call with the same key is still under way
        return Outcome(state=Answer.UNKNOWN, code=code or "conflict", text=said, retry_after=_IN_USE)
    if (trouble := passing(reply, said)) is not None:
        return trouble
    if reply.status in _NOT_DONE and kind != "idempotency_error":  # that one: the key was used for something else
        return Outcome(state=Answer.FAILED, code=code or f"http_{reply.status}", text=said)
    return Outcome(state=Answer.UNKNOWN, code=code or f"http_{reply.status}", text=said)


def _outcome(found: Mapping[str, Any]) -> Outcome:
    """A Refund object; a status that is not known yet is one on its way."""
    status, currency = text(found.get("status")), text(found.get("currency")).upper()
    if found.get("object") != "refund" or not currency:
        raise Unanswered("unreadable", "an answer that is no refund")
    why = text(found.get("failure_reason")) or text(found.get("pending_reason"))
    is_plain = status in {"pending", "succeeded"}
    return Outcome(
        state=STATES.get(status, Answer.ACCEPTED),
        reference=text(found.get("id")),
        amount=minor_of(found.get("amount"), currency),
        currency=currency,
        code=why or ("" if is_plain else status),
        text=_HINTS.get(why or status, ""),
    )


def _row(found: Mapping[str, Any]) -> StatementRow:
    outcome = _outcome(found)
    return StatementRow(
        key=own_key(text(mapping(found.get("metadata")).get("refund_id"))),
        reference=outcome.reference,
        amount=outcome.amount or 0,
        currency=outcome.currency or "",
        at=datetime.fromtimestamp(count(found.get("created")), UTC),
        state=outcome.state,
    )


def _error(reply: Reply) -> dict[str, Any]:
    return mapping(reply.refusal().get("error"))


def _is_missing(reply: Reply) -> bool:
    return reply.status in _NOT_DONE and text(_error(reply).get("code")) == "resource_missing"
