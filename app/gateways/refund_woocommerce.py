"""Refunds through WooCommerce's REST API (v3): the shop asks its own payment plug-in to move the money.

The shop knows no idempotency, so its refunds of the order are looked through before anything is sent. It stores the
reason before its plug-in is asked and the meta data only afterwards: our key stands in both.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import httpx2

from app.gateways.payment_http import Reply, Unanswered, ask, base_of, code_of, credential, passing, said_in
from app.gateways.search_first import SearchFirst
from core.errors import Invalid
from core.money import plain_amount
from orders.apportioning import share_out
from orders.refunds.gateway import Answer, Instruction, InstructionLine, Outcome
from orders.refunds.keys import own_key
from orders.sources.loose import rounded
from orders.sources.reading import identifier, minor, objects, text

META: Final = "refund_id"
_ORDERS = "/wp-json/wc/v3/orders"
_PAGE = 100
_MOST_PAGES = 20
_LOOK_AFTER = timedelta(minutes=5)
# The shop refused before it asked its plug-in (WC_REST_Order_Refunds_Controller).
_NOT_DONE = frozenset({httpx2.codes.BAD_REQUEST, httpx2.codes.NOT_FOUND})
_PLUGIN_REFUSED = "woocommerce_rest_cannot_create_order_refund"  # told with status 500; the refund was taken back
_UNCLEAR = ("timed out", "timeout", "curl error")  # its plug-in has not heard the end of it


class WooCommerceRefunds(SearchFirst):
    """Credentials: consumer_key and consumer_secret of a key that may write. The account's address is the shop's."""

    async def find(self, instruction: Instruction) -> Outcome:
        return await _look_up(instruction)

    async def send(self, instruction: Instruction) -> Outcome:
        reply = await _ask("POST", instruction, "/refunds", document=await _document(instruction))
        if reply.status == httpx2.codes.CREATED:
            return _outcome(reply.document(), instruction.currency)
        return _refused(reply)


async def _look_up(instruction: Instruction) -> Outcome:
    """The refund of the order that has our key in its meta data or its reason."""
    for page in range(1, _MOST_PAGES + 1):
        reply = await _ask("GET", instruction, "/refunds", params=(("per_page", str(_PAGE)), ("page", str(page))))
        if reply.status == httpx2.codes.NOT_FOUND and "invalid" in code_of(reply):
            return Outcome(state=Answer.ABSENT)  # there is no such order
        if reply.status != httpx2.codes.OK:
            refused = _refused(reply)
            return Outcome(state=Answer.UNKNOWN, code=refused.code, text=refused.text, retry_after=refused.retry_after)
        found = reply.objects()
        for refund in found:
            if instruction.key in _keys(refund):
                return _outcome(refund, instruction.currency)
        if len(found) < _PAGE:
            return Outcome(state=Answer.ABSENT)
    return Outcome(state=Answer.UNKNOWN, code="too_many_refunds", text="the list of refunds does not end")


def _keys(refund: Mapping[str, Any]) -> set[str]:
    told = {text(item.get("value")) for item in objects(refund.get("meta_data")) if text(item.get("key")) == META}
    return told | {own_key(text(refund.get("reason")))}


def _outcome(refund: Mapping[str, Any], currency: str) -> Outcome:
    """`refunded_payment` is set once the plug-in has moved the money; before, or if the shop broke down, it is not."""
    paid = refund.get("refunded_payment") is True
    return Outcome(
        state=Answer.SUCCEEDED if paid else Answer.ACCEPTED,
        reference=identifier(refund.get("id")),
        amount=abs(minor(refund.get("amount"), currency)),
        currency=currency,
        code="" if paid else "payment_unconfirmed",
        text=""
        if paid
        else "The shop has recorded it, but not that its payment plug-in has moved the money: look there.",
        retry_after=None if paid else _LOOK_AFTER,
    )


def _refused(reply: Reply) -> Outcome:
    code, said = code_of(reply), said_in(reply)
    if code == _PLUGIN_REFUSED:
        # The shop has taken its record back. Whether money moved after a time-out only a person can find out, and to
        # ask the plug-in again could pay twice: so this is the end of this key.
        unclear = any(word in said.lower() for word in _UNCLEAR)
        return Outcome(state=Answer.FAILED, code="plugin_timed_out" if unclear else code, text=said)
    if (trouble := passing(reply, said)) is not None:
        return trouble
    if reply.status in _NOT_DONE:
        return Outcome(state=Answer.FAILED, code=code or f"http_{reply.status}", text=said)
    return Outcome(state=Answer.UNKNOWN, code=code or f"http_{reply.status}", text=said)


async def _document(instruction: Instruction) -> dict[str, Any]:
    """The refund as the shop wants it; `amount` has the last word. Customers see the reason, so it is the key alone."""
    return {
        "amount": plain_amount(instruction.amount, instruction.currency),
        "reason": instruction.key,
        "api_refund": True,
        "api_restock": any(line.restock for line in instruction.lines),
        "meta_data": [{"key": META, "value": instruction.key}],
        "line_items": await _line_items(instruction) if instruction.lines else [],
    }


async def _line_items(instruction: Instruction) -> list[dict[str, Any]]:
    """Units and money by line, tax by the shop's own rates. Raises Unanswered if the order cannot be read."""
    reply = await _ask("GET", instruction, "")
    if reply.status != httpx2.codes.OK:
        trouble = _refused(reply)
        raise Unanswered(trouble.code, trouble.text, trouble.retry_after)
    sold = {text(line.get("id")): line for line in objects(reply.document().get("line_items"))}
    return [
        {
            "id": int(line.line),
            "quantity": line.quantity,
            "refund_total": plain_amount(line.net, instruction.currency),
            "refund_tax": _taxes(line, sold[line.line], instruction.currency),
        }
        for line in instruction.lines
        if line.line in sold and line.line.isdecimal()
    ]


def _taxes(line: InstructionLine, sold: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    rates = [tax for tax in objects(sold.get("taxes")) if text(tax.get("id")).isdecimal()]
    parts = share_out(line.tax, [abs(rounded(tax.get("total"), currency)) for tax in rates])
    return [
        {"id": int(text(tax["id"])), "refund_total": plain_amount(part, currency)}
        for tax, part in zip(rates, parts, strict=True)
    ]


async def _ask(
    method: str,
    instruction: Instruction,
    path: str,
    *,
    params: tuple[tuple[str, str], ...] = (),
    document: Mapping[str, Any] | None = None,
) -> Reply:
    given = instruction.account.credentials
    try:
        order = f"{_ORDERS}/{int(identifier(instruction.order_source_id))}"
    except (Invalid, ValueError):
        raise Unanswered("bad_id", "not the id of an order in this shop") from None
    return await ask(
        method,
        base_of(instruction.account.address, "") + order + path,
        headers={"content-type": "application/json"},
        params=params,
        content=b"" if document is None else json.dumps(document).encode(),
        auth=(credential(given, "consumer_key"), credential(given, "consumer_secret")),
    )
