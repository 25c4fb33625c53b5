"""Stripe's refunds: forms in, objects out, an idempotency key that keeps the first answer (also a 500), and pages."""

import base64
from typing import Any

from orders.sources.stripe_amounts import minor_of, stripe_amount
from tests.fakes.http import Asked, Reply
from tests.fakes.payments import Back, Ledger, form_of

KEY = "sk_test_51abcdef"
PAYMENT = "pi_3Abc"
_PATH = "/v1/refunds"


class FakeStripe(Ledger):
    """One payment intent. `pages` is how many refunds a page holds at most; `foreign` are refunds without our key."""

    state = "succeeded"
    dead = frozenset({"failed", "canceled"})
    why = ""  # failure_reason or pending_reason
    break_once = False  # the next refund is not made, and that is what its key says from now on

    def __init__(self) -> None:
        super().__init__()
        self.saved: dict[str, tuple[dict[str, str], Reply]] = {}
        self.pages = 100

    def moves_money(self, asked: Asked) -> bool:
        return asked.method == "POST"

    def reply(self, asked: Asked) -> Reply:
        expected = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
        if asked.headers.get("authorization") != expected:
            return _error(401, "invalid_request_error", "", "Invalid API Key provided")
        if not asked.headers.get("stripe-version"):
            return _error(400, "invalid_request_error", "", "no version: this account's default is old")
        if asked.method == "POST":
            return self._once(asked)
        if asked.path == _PATH:
            return self._listed(asked)
        found = next((b for b in self.backs if _name(b) == asked.path.removeprefix(_PATH + "/")), None)
        return Reply(data=self._object(found)) if found else _error(404, "invalid_request_error", "resource_missing")

    def _once(self, asked: Asked) -> Reply:
        key, fields = asked.headers.get("idempotency-key", ""), form_of(asked)
        if key in self.saved:
            before, reply = self.saved[key]
            if before != fields:
                return _error(400, "idempotency_error", "", "Keys can only be used with the same parameters.")
            return Reply(reply.status, reply.data, {"Idempotent-Replayed": "true"})
        self.calls += 1
        reply = self._made(fields)
        if reply.status not in {400, 404}:  # parameters that are wrong are not kept
            self.saved[key] = (fields, reply)
        return reply

    def _made(self, fields: dict[str, str]) -> Reply:
        if self.break_once:
            self.break_once = False
            return _error(500, "api_error", "", "An unknown error occurred")
        if fields.get("payment_intent") != PAYMENT:
            return _error(404, "invalid_request_error", "resource_missing", "No such payment_intent")
        if self.refuse:
            return _error(400, "invalid_request_error", self.refuse, "It cannot be refunded.")
        amount = minor_of(fields["amount"], self.currency)
        stripe_amount(amount, self.currency)
        if self.paid + amount > self.captured:
            return _error(400, "invalid_request_error", "charge_already_refunded", "Refund amount is greater")
        key = fields.get("metadata[refund_id]", "")
        return Reply(data=self._object(self.enter(key, amount)))

    def _listed(self, asked: Asked) -> Reply:
        wanted = asked.params.get("payment_intent")
        if wanted is not None and wanted != PAYMENT:
            return _error(404, "invalid_request_error", "resource_missing", "No such payment_intent")
        found = self.backs[::-1]
        if after := asked.params.get("starting_after"):
            found = found[[_name(back) for back in found].index(after) + 1 :]
        size = min(int(asked.params.get("limit", "10")), self.pages)
        page = [self._object(back) for back in found[:size]]
        return Reply(data={"object": "list", "data": page, "has_more": len(found) > size, "url": _PATH})

    def _object(self, back: Back) -> dict[str, Any]:
        found: dict[str, Any] = {"id": _name(back), "object": "refund", "payment_intent": PAYMENT, "charge": "ch_3Abc"}
        found |= {"amount": stripe_amount(back.amount, self.currency) + self.wrong, "currency": self.currency.lower()}
        found |= {"created": int(self.booked().timestamp()), "metadata": {"refund_id": back.key} if back.key else {}}
        found |= {"status": back.state, "reason": "requested_by_customer", "balance_transaction": "txn_1"}
        if self.why:
            found["pending_reason" if back.state == "pending" else "failure_reason"] = self.why
        return found


def _name(back: Back) -> str:
    return f"re_{back.number:04}"


def _error(status: int, kind: str, code: str, message: str = "…") -> Reply:
    return Reply(status, {"error": {"type": kind, "code": code or None, "message": message, "doc_url": "…"}})
