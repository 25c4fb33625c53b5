"""WooCommerce's refunds of one order: the record first, then the plug-in, then the meta data; and it all may break."""

import base64
from typing import Any

from core.money import parse_money, plain_amount
from tests.fakes.http import Asked, Reply
from tests.fakes.payments import Back, Ledger, json_of

KEY, SECRET = "ck_may_write", "cs_of_the_key"
ORDER = 727
_PATH = f"/wp-json/wc/v3/orders/{ORDER}"


class FakeWooRefunds(Ledger):
    """`plugin` is what the payment plug-in does: "pays", "refuses" (with `said`) or "dies" (PHP with it, once)."""

    currency = "EUR"
    state = "recorded"
    plugin = "pays"
    said = "The card was declined."

    def moves_money(self, asked: Asked) -> bool:
        return asked.method == "POST"

    def reply(self, asked: Asked) -> Reply:
        expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if asked.headers.get("authorization") != expected:
            return _no(401, "woocommerce_rest_cannot_view")
        if asked.path == _PATH:
            return Reply(data=self._order())
        if asked.path != _PATH + "/refunds":
            return _no(404, "woocommerce_rest_invalid_order_id")
        if asked.method == "POST":
            return self._refund(json_of(asked))
        size, page = int(asked.params["per_page"]), int(asked.params["page"])
        return Reply(data=[self._object(back) for back in self.backs[::-1][(page - 1) * size : page * size]])

    def _refund(self, document: dict[str, Any]) -> Reply:
        if self.refuse:
            return _no(400, self.refuse)
        self.calls += 1
        amount = parse_money(document["amount"], self.currency).amount
        if self.paid + amount > self.captured:
            return _no(500, "woocommerce_rest_cannot_create_order_refund", "Invalid refund amount.")
        if self.plugin == "refuses":
            return _no(500, "woocommerce_rest_cannot_create_order_refund", self.said)
        back = self.enter(document["reason"], amount, lines=document["line_items"], meta=[])
        if self.plugin == "dies":
            self.plugin = "pays"
            return Reply(500, raw=b"<p>There has been a critical error on this website.</p>")
        back.more |= {"paid": document["api_refund"], "meta": document["meta_data"]}
        return Reply(201, self._object(back))

    def _object(self, back: Back) -> dict[str, Any]:
        found = {"id": 800 + back.number, "amount": plain_amount(back.amount + self.wrong, self.currency)}
        found |= {"reason": back.key, "refunded_payment": back.more.get("paid", False), "line_items": []}
        return {**found, "meta_data": [{"id": 1, **item} for item in back.more.get("meta", [])]}

    def _order(self) -> dict[str, Any]:
        taxes = [{"id": 1, "total": "1.00", "subtotal": "1.00"}, {"id": 2, "total": "0.50", "subtotal": "0.50"}]
        return {"id": ORDER, "currency": self.currency, "line_items": [{"id": 315, "quantity": 2, "taxes": taxes}]}


def _no(status: int, code: str, said: str = "…") -> Reply:
    return Reply(status, {"code": code, "message": said, "data": {"status": status}})
