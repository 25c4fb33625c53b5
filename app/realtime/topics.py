"""The names of what a connection can listen to. Customers only ever get the first two kinds."""

SHOP_TOPICS = "shop:"


def conversation_topic(public_id: str) -> str:
    """Frames that the customer of the conversation may see."""
    return f"conversation:{public_id}"


def visitor_topic(token_digest: str) -> str:
    """The tabs of one visitor, before there is a conversation."""
    return f"visitor:{token_digest}"


def desk_topic(public_id: str) -> str:
    """Frames about the conversation for the desk alone: notes, typing, presence."""
    return f"desk:{public_id}"


def shop_topic(shop_id: int) -> str:
    """Changes of the shop's inbox."""
    return f"{SHOP_TOPICS}{shop_id}"


def agent_topic(agent_id: int) -> str:
    """What concerns one agent: a `bye` ends the agent's sockets or one of their views."""
    return f"agent:{agent_id}"
