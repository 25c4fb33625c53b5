"""One question or change at Shopify's GraphQL Admin API, sent once: what may move money is never repeated in here."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx2

from app.gateways.payment_http import Reply, Unanswered, ask, base_of, passing, sentence
from app.gateways.shopify_query import VERSION
from app.gateways.shopify_token import fresh_token
from orders.feeds import TROUBLE
from orders.refunds.gateway import Account
from orders.sources.reading import mapping, objects, text

_AGAIN = timedelta(minutes=15)  # after a person has to act
_THROTTLED = timedelta(seconds=10)


async def execute(account: Account, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The `data` of the answer. Raises Unanswered: whether a change was made is unknown then."""
    address = base_of(account.address, "")
    reply = await ask(
        "POST",
        f"{address}/admin/api/{VERSION}/graphql.json",
        headers={"x-shopify-access-token": await _token(account, address), "content-type": "application/json"},
        content=json.dumps({"query": query, "variables": dict(variables)}).encode(),
    )
    if reply.status != httpx2.codes.OK:
        trouble = passing(reply)
        raise Unanswered(
            trouble.code if trouble else f"http_{reply.status}",
            f"status {reply.status}",
            trouble.retry_after if trouble else None,
        )
    return _data(reply)


async def _token(account: Account, address: str) -> str:
    if token := text(account.credentials.get("access_token")):
        return token
    given = {name: text(account.credentials.get(name)) for name in ("client_id", "client_secret")}
    try:
        return await fresh_token(address, given)
    except TROUBLE as error:
        raise Unanswered(error.code, error.detail, _AGAIN) from error


def _data(reply: Reply) -> dict[str, Any]:
    """Half an answer is none."""
    answer = reply.document()
    errors = objects(answer.get("errors"))
    if errors or answer.get("errors"):
        code = text(mapping(errors[0].get("extensions")).get("code")) if errors else ""
        waits = {"THROTTLED": _THROTTLED, "ACCESS_DENIED": _AGAIN}
        said = sentence(errors[0].get("message")) if errors else sentence(answer["errors"])
        raise Unanswered((code or "graphql").lower()[:64], said, waits.get(code))
    if not isinstance(answer.get("data"), dict):
        raise Unanswered("unreadable", "an answer that holds no data")
    return mapping(answer["data"])
