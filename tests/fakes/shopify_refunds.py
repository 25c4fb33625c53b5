"""Shopify's refunds of one order: the questions and the one mutation, which must bring an idempotency key."""

import re
from typing import Any

from core.money import parse_money, plain_amount
from tests.fakes.graphql import Field, NotUnderstood, parse
from tests.fakes.http import Asked, Reply
from tests.fakes.payments import Back, Ledger, json_of

TOKEN = "shpat_may_write"
ORDER, PARENT = "450789469", "389404469"
_PATH = re.compile(r"/admin/api/(\d{4})-(\d{2})/graphql\.json")
Json = dict[str, Any]


class FakeShopifyRefunds(Ledger):
    """`errors` are the userErrors of the next mutation; `codes` the top-level ones of the next answers."""

    currency = "USD"
    state = "SUCCESS"
    dead = frozenset({"FAILURE", "ERROR"})
    presented = "USD"

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, tuple[Json, Back]] = {}
        self.errors: list[str] = []
        self.codes: list[str] = []
        self.inputs: list[Json] = []

    def moves_money(self, asked: Asked) -> bool:
        return b"mutation" in asked.body

    def reply(self, asked: Asked) -> Reply:
        if not _PATH.fullmatch(asked.path):
            return Reply(404, {"errors": "Not Found"})
        if asked.headers.get("x-shopify-access-token") != TOKEN:
            return Reply(401, {"errors": "[API] Invalid API key or access token"})
        if self.codes:
            code = self.codes.pop(0)
            return Reply(data={"errors": [{"message": code.title(), "extensions": {"code": code}}]})
        question = json_of(asked)
        try:
            (root,) = parse(question["query"])
            return Reply(data={"data": {root.name: self._root(root, question["variables"])}})
        except NotUnderstood as error:
            return Reply(data={"errors": [{"message": str(error), "extensions": {"code": "undefinedField"}}]})

    def _root(self, root: Field, variables: Json) -> Any:
        if root.name == "refundCreate":
            if not root.directives.get("idempotent", {}).get("key"):
                raise NotUnderstood("The @idempotent directive is required for this mutation but was not provided.")
            return _project(self._created(variables["input"], variables["key"]), root)
        name = variables["id"].rpartition("/")[2]
        if root.name == "node":
            found = next((back for back in self.backs if str(900 + back.number) == name), None)
            return _project(self._refund(found), root) if found else None
        return _project(self._order(), root) if name == ORDER else None

    def _created(self, given: Json, key: str) -> Json:
        if self.errors:
            return {"refund": None, "userErrors": [{"field": None, "message": said} for said in self.errors]}
        if key in self.keys:
            before, back = self.keys[key]
            same = before == given
            said = "The same idempotency key cannot be used with different operation parameters."
            return {"refund": self._refund(back) if same else None, "userErrors": [] if same else [_error(said)]}
        self.calls += 1
        (money,) = given["transactions"]
        amount = parse_money(money["amount"], self.currency).amount
        if self.paid + amount > self.captured or money["parentId"] != _gid("OrderTransaction", PARENT):
            return {"refund": None, "userErrors": [_error("Refund amount exceeds what is refundable")]}
        self.inputs.append(given)
        back = self.enter(given["note"], amount)
        self.keys[key] = given, back
        return {"refund": self._refund(back), "userErrors": []}

    def _order(self) -> Json:
        parent = {"id": _gid("OrderTransaction", PARENT), "authorizationCode": "auth_1"}
        offered = {"gateway": "shopify_payments", "maximumRefundableSet": self._money(self.captured - self.paid)}
        return {
            "currencyCode": self.currency,
            "presentmentCurrencyCode": self.presented,
            "refunds": [self._refund(back) for back in self.backs],
            "suggestedRefund": {"suggestedTransactions": [{**offered, "parentTransaction": parent}]},
        }

    def _refund(self, back: Back) -> Json:
        move: Json = {"id": _gid("OrderTransaction", f"7{back.number}"), "kind": "REFUND", "status": back.state}
        move |= {"amountSet": self._money(back.amount + self.wrong)}
        return {"id": _gid("Refund", str(900 + back.number)), "note": back.key, "transactions": {"nodes": [move]}}

    def _money(self, amount: int) -> Json:
        return {"shopMoney": {"amount": plain_amount(amount, self.currency), "currencyCode": self.currency}}


def _project(value: Any, asked: Field) -> Any:
    if isinstance(value, list):
        return [_project(item, asked) for item in value]
    if not asked.fields or not isinstance(value, dict):
        return value
    for part in asked.fields:
        if part.name not in value:
            raise NotUnderstood(f"Field '{part.name}' doesn't exist on this type")
    return {part.name: _project(value[part.name], part) for part in asked.fields}


def _error(said: str) -> Json:
    return {"field": None, "message": said}


def _gid(kind: str, name: str) -> str:
    return f"gid://shopify/{kind}/{name}"
