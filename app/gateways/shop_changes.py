"""What all adapters that change orders at a shop share: silence is no answer, and addresses in the shop's own words."""

from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import Any, ParamSpec

from app.gateways.payment_http import Unanswered
from orders.claims.shop_actions import Action, Outcome, Said
from orders.sources.reading import text

P = ParamSpec("P")


def told(call: Callable[P, Coroutine[Any, Any, Outcome]]) -> Callable[P, Coroutine[Any, Any, Outcome]]:
    """Without a whole answer nobody knows."""

    @wraps(call)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> Outcome:
        try:
            return await call(*args, **kwargs)
        except Unanswered as silence:
            return Outcome(said=Said.UNKNOWN, text=silence.outcome.text or silence.outcome.code)

    return wrapped


def address_for(action: Action, names: Mapping[str, str]) -> dict[str, str]:
    """Where the action sends the goods, without what is empty; `names`: ours (first_name, last_name, line, more_lines,
    and those of `orders.facts.Address`) → the shop's."""
    to = action.address_to
    first, _, last = text(to.get("name")).rpartition(" ")
    lines = [text(line) for line in to.get("lines") or ()]
    parts = {
        "first_name": first,
        "last_name": last,
        "line": lines[0] if lines else "",
        "more_lines": ", ".join(lines[1:]),
    }
    found = {name: parts.get(ours, text(to.get(ours))) for ours, name in names.items()}
    return {name: value for name, value in found.items() if value}
