"""Finding messages by their words, in any language: newest first, both databases over the same bigram text.

The table `message_search` is made by the migrations: FTS5 with the message's id as rowid on SQLite, a tsvector with a
GIN index on PostgreSQL. Neither splits Chinese into words, so the text is split before (`core.text`).
"""

from collections.abc import Sequence

from conversations.models import Message
from core.sql import Columns, Program, dialect, fetch, query
from core.text import index_text, query_words

QUERY_WORDS = 12
PAGE_LIMIT = 100

_TEXTS = Columns("id bigint, body text")
_ADD = {
    "sqlite": "INSERT INTO message_search (rowid, body) SELECT id, body FROM {texts} AS t",
    "postgres": (
        "INSERT INTO message_search (message_id, body) SELECT id, to_tsvector('simple', body) FROM {texts} AS t"
    ),
}
_FIND = {
    "sqlite": (
        "SELECT m.id FROM message_search AS s JOIN message AS m ON m.id = s.rowid"
        " JOIN conversation AS c ON c.id = m.conversation_id"
        " WHERE s.body MATCH {query} AND c.shop_id IN ({shops}) ORDER BY s.rowid DESC LIMIT {limit}"
    ),
    "postgres": (
        "SELECT m.id FROM message_search AS s JOIN message AS m ON m.id = s.message_id"
        " JOIN conversation AS c ON c.id = m.conversation_id"
        " WHERE s.body @@ plainto_tsquery('simple', {query}) AND c.shop_id IN ({shops})"
        " ORDER BY s.message_id DESC LIMIT {limit}"
    ),
}


def indexed(texts: Sequence[tuple[int, str]]) -> Program[None]:
    """Make messages findable by their ids; part of the change that posts them."""
    yield query(_ADD[dialect()], texts=_TEXTS.of([(key, index_text(text)) for key, text in texts]))


async def search_messages(shop_ids: Sequence[int], text: str, limit: int = 50) -> list[Message]:
    """Messages of these shops that hold all words of `text`, newest first, with conversation and customer.

    Chinese is matched by neighbouring characters, so any part of a sentence finds it. Of long texts the first twelve
    words count; without a word nothing is found.
    """
    words = query_words(text)[:QUERY_WORDS]
    if not words:
        return []
    sqlite = dialect() == "sqlite"
    query = " ".join(f'"{word}"' if sqlite else word for word in words)
    rows = await fetch(_FIND[dialect()], query=query, shops=list(shop_ids), limit=max(1, min(limit, PAGE_LIMIT)))
    found = Message.filter(id__in=[row["id"] for row in rows]) if rows else Message.filter(id=0)
    return await found.order_by("-id").select_related("conversation__customer")
