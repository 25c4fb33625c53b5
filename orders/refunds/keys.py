"""Our own keys in what gateways and platforms tell: how a refund that this desk has made is known again. Pure."""

import re
from typing import Any

PREFIX = "rfp"  # of the public id of a RefundPart, which is its key at the gateway
_KEY = re.compile(r"(?<![0-9A-Za-z_])rfp_[0-9a-z]{26}(?![0-9A-Za-z_])", re.ASCII)


def own_key(text: str) -> str:
    """The first of our keys in `text`, which others may have written around it; "" when there is none."""
    found = _KEY.search(text)
    return found[0] if found else ""


def stated_key(text: str) -> dict[str, Any]:
    """The fact that a refund goes by our key, as a field of RefundFacts; nothing when it does not."""
    key = own_key(text)
    return {"key": key} if key else {}
