"""Refunds through Shopify's GraphQL Admin API: `refundCreate` with `@idempotent`, which it requires since 2026-04.

How long Shopify remembers a key is not promised. So the order's refunds are looked through for ours, whose key stands
in the note, before anything is sent, and what Shopify would refund at most is asked first.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from app.gateways.payment_http import Unanswered, sentence
from app.gateways.search_first import SearchFirst
from app.gateways.shopify_mutation import execute
from core.money import plain_amount
from orders.refunds.case import Reason
from orders.refunds.gateway import Answer, Instruction, InstructionLine, Outcome
from orders.refunds.keys import own_key
from orders.sources.reading import identifier, mapping, minor, objects, text

_MONEY = "{ shopMoney { amount currencyCode } }"
_REFUND = f"id note transactions(first: 10) {{ nodes {{ id kind status amountSet {_MONEY} }} }}"
# Lists cost a point an object, so all notes are read first and then the one refund.
_NOTES: Final = "query notes($id: ID!) { order(id: $id) { refunds(first: 250) { id note } } }"
_ONE: Final = f"query refund($id: ID!) {{ node(id: $id) {{ ... on Refund {{ {_REFUND} }} }} }}"
_CALCULATE: Final = f"""query calculate($id: ID!) {{
  order(id: $id) {{
    currencyCode presentmentCurrencyCode
    suggestedRefund(suggestFullRefund: true) {{
      suggestedTransactions {{
        gateway maximumRefundableSet {_MONEY} parentTransaction {{ id authorizationCode }}
      }}
    }}
  }}
}}"""
_CREATE: Final = f"""mutation refund($input: RefundInput!, $key: String!) {{
  refundCreate(input: $input) @idempotent(key: $key) {{
    refund {{ {_REFUND} }} userErrors {{ field message }}
  }}
}}"""
STATES: Final[Mapping[str, Answer]] = {
    "SUCCESS": Answer.SUCCEEDED,
    "PENDING": Answer.ACCEPTED,
    "AWAITING_RESPONSE": Answer.ACCEPTED,
    "UNKNOWN": Answer.ACCEPTED,
    "FAILURE": Answer.FAILED,
    "ERROR": Answer.FAILED,
}
_AGAIN = timedelta(seconds=30)


class ShopifyRefunds(SearchFirst):
    """Credentials: client_id and client_secret, or access_token; the scopes read_orders and write_orders. `location_id`
    may be given: where units that are to be sold again go. The account's address is `https://….myshopify.com`."""

    async def find(self, instruction: Instruction) -> Outcome:
        return await _look_up(instruction)

    async def send(self, instruction: Instruction) -> Outcome:
        order = mapping((await execute(instruction.account, _CALCULATE, {"id": _order(instruction)})).get("order"))
        found = _transaction(order, instruction)
        if isinstance(found, Outcome):
            return found
        asked = {"input": _input(instruction, found), "key": instruction.key}
        told = mapping((await execute(instruction.account, _CREATE, asked)).get("refundCreate"))
        errors = objects(told.get("userErrors"))
        return _refused(errors) if errors else _outcome(mapping(told.get("refund")), instruction.currency)


async def _look_up(instruction: Instruction) -> Outcome:
    order = mapping((await execute(instruction.account, _NOTES, {"id": _order(instruction)})).get("order"))
    if order and not isinstance(order.get("refunds"), list):
        raise Unanswered("unreadable", "an order without its refunds")
    ours = [refund for refund in objects(order.get("refunds")) if own_key(text(refund.get("note"))) == instruction.key]
    if not ours:
        return Outcome(state=Answer.ABSENT)
    found = await execute(instruction.account, _ONE, {"id": text(ours[0].get("id"))})
    return _outcome(mapping(found.get("node")), instruction.currency)


def _transaction(order: Mapping[str, Any], instruction: Instruction) -> dict[str, Any] | Outcome:
    """The payment to give back, as Shopify names it; or why it cannot be: nothing was sent then."""
    if not order:
        return Outcome(state=Answer.FAILED, code="order_not_found", text="Shopify does not know the order")
    if {text(order.get("currencyCode")), text(order.get("presentmentCurrencyCode"))} != {instruction.currency}:
        said = "The customer paid in another currency than the shop's: refund it in Shopify."
        return Outcome(state=Answer.FAILED, code="presentment_currency", text=said)
    offered = objects(mapping(order.get("suggestedRefund")).get("suggestedTransactions"))
    mine = [part for part in offered if _is_of(instruction, mapping(part.get("parentTransaction")))]
    chosen = mine or (offered if len(offered) == 1 else [])
    if not chosen:
        return Outcome(state=Answer.FAILED, code="no_payment", text="Shopify offers no payment that could be refunded")
    most = _amount(chosen[0].get("maximumRefundableSet"), instruction.currency)
    if instruction.amount > most:
        said = f"Shopify refunds at most {plain_amount(most, instruction.currency)} of this payment."
        return Outcome(state=Answer.FAILED, code="above_refundable", text=said)
    return chosen[0]


def _is_of(instruction: Instruction, parent: Mapping[str, Any]) -> bool:
    names = {text(parent.get("id")).rpartition("/")[2], text(parent.get("authorizationCode"))} - {""}
    return bool(names & {instruction.payment, instruction.payment_ref})


def _input(instruction: Instruction, transaction: Mapping[str, Any]) -> dict[str, Any]:
    order = _order(instruction)
    amount = plain_amount(instruction.amount, instruction.currency)
    money = {"orderId": order, "kind": "REFUND", "gateway": transaction.get("gateway"), "amount": amount}
    money["parentId"] = mapping(transaction.get("parentTransaction")).get("id")
    found: dict[str, Any] = {"orderId": order, "note": instruction.key, "notify": False, "transactions": [money]}
    if instruction.lines:
        found["refundLineItems"] = [_line(line, instruction) for line in instruction.lines]
    if instruction.shipping:
        found["shipping"] = {"amount": plain_amount(instruction.shipping, instruction.currency)}
    return found


def _line(line: InstructionLine, instruction: Instruction) -> dict[str, Any]:
    found = {"lineItemId": f"gid://shopify/LineItem/{line.line}", "quantity": line.quantity}
    location = text(instruction.account.credentials.get("location_id"))
    if not line.restock or not location:
        return found | {"restockType": "NO_RESTOCK"}
    kind = "CANCEL" if instruction.reason is Reason.CANCELLED else "RETURN"
    return found | {"restockType": kind, "locationId": f"gid://shopify/Location/{location}"}


def _refused(errors: list[dict[str, Any]]) -> Outcome:
    """Nothing was created; but if the key is in use, an earlier try is still under way or was about something else."""
    said = " ".join(sentence(error.get("message")) for error in errors)
    if "idempoten" in said.lower():
        return Outcome(state=Answer.UNKNOWN, code="idempotency", text=said, retry_after=_AGAIN)
    return Outcome(state=Answer.FAILED, code="user_error", text=said)


def _outcome(refund: Mapping[str, Any], currency: str) -> Outcome:
    moves = [
        move for move in objects(mapping(refund.get("transactions")).get("nodes")) if text(move.get("kind")) == "REFUND"
    ]
    states = {STATES.get(text(move.get("status")), Answer.ACCEPTED) for move in moves}
    state = states.pop() if len(states) == 1 else Answer.ACCEPTED
    return Outcome(
        state=state,
        reference=identifier(refund.get("id")),
        amount=sum(_amount(move.get("amountSet"), currency) for move in moves) if moves else None,
        currency=_currency(moves) or None,
        code="payment_failed" if state is Answer.FAILED else "" if moves else "no_transaction",
    )


def _currency(moves: list[dict[str, Any]]) -> str:
    return text(mapping(mapping(moves[0].get("amountSet")).get("shopMoney")).get("currencyCode")) if moves else ""


def _amount(bag: Any, currency: str) -> int:
    """Shopify may write more zeros than the currency has decimals."""
    written = Decimal(text(mapping(mapping(bag).get("shopMoney")).get("amount")) or "0").normalize()
    return minor(f"{written:f}", currency)


def _order(instruction: Instruction) -> str:
    return f"gid://shopify/Order/{identifier(instruction.order_source_id)}"
