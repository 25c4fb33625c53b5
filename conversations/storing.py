"""Many drafts become messages at once, as one program: numbered without gaps, each key once.

One guarded UPDATE draws the numbers and holds the rows until the commit, so that posts to a conversation happen one
after the other. It changes nothing for a draft that must not be posted, or not yet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from conversations import search
from conversations.access import AGENT_SEES_SHOP
from conversations.events import MessagePosted
from conversations.models import Message
from core.batching import ALONE, Outcome
from core.clock import now
from core.fields import stored
from core.people import Actor
from core.sql import Columns, Program, dialect, query
from core.transactions import record

PREVIEW_LIMIT = 200

_KEYS = Columns("place bigint, conversation_id bigint, author_kind text, client_id text")
_HOLD = "SELECT id FROM conversation WHERE id IN (SELECT conversation_id FROM {keys} AS k) ORDER BY id FOR UPDATE"
_POSTED = (
    "SELECT k.place FROM {keys} AS k CROSS JOIN message AS m WHERE m.conversation_id = k.conversation_id"
    " AND m.author_kind = k.author_kind AND m.client_id = k.client_id"
)
_DRAWS = Columns("conversation_id bigint, posts bigint, kind text, actor bigint, seen bigint, preview text")
_DRAW = (
    "UPDATE conversation SET last_number = last_number + d.posts, version = version + d.posts,"  # noqa: S608
    " last_message_at = {at}, last_text = d.preview,"
    " last_customer_number = CASE WHEN d.kind = 'customer' THEN last_number + d.posts ELSE last_customer_number END,"
    " last_customer_at = CASE WHEN d.kind = 'customer' THEN {at} ELSE last_customer_at END"
    " FROM {draws} AS d WHERE conversation.id = d.conversation_id AND (d.kind = 'system'"
    " OR (d.kind = 'customer' AND conversation.customer_id = d.actor)"
    " OR (d.kind = 'bot' AND conversation.handler = 'bot')"
    " OR (d.kind = 'agent' AND conversation.handler = 'agent' AND conversation.agent_id = d.actor"
    " AND conversation.last_customer_number <= d.seen AND " + AGENT_SEES_SHOP.format(agent="d.actor") + "))"
    " RETURNING conversation.id, public_id, shop_id, language, handler, last_number"
)
_MESSAGES = Columns(
    "conversation_id bigint, number bigint, client_id text, author_kind text, author_id bigint, author_name text,"
    " channel text, language text, text text, order_id bigint, quick_replies jsonb, form text, state text,"
    " attachments jsonb, addressing jsonb, created_at timestamptz"
)
_NAMES = ", ".join(_MESSAGES.names)
_INSERT = (
    f"INSERT INTO message ({_NAMES}) SELECT {_NAMES} FROM {{messages}} AS m"  # noqa: S608
    " RETURNING id, conversation_id, number"
)


@dataclass(slots=True, kw_only=True)  # not frozen: that would cost more than all else that is done with it
class Draft:
    """What somebody wants to say, checked for its form. Nobody changes it."""

    conversation_id: int
    actor: Actor
    text: str
    client_id: str
    channel: str
    language: str | None
    order_id: int | None
    quick_replies: list[dict[str, str]]
    form: str | None
    attachments: list[dict[str, Any]] | None
    seen: int
    take_over: bool
    addressing: dict[str, Any] | None = None

    @property
    def key(self) -> tuple[int, str, str]:
        """Under which it is said once."""
        return self.conversation_id, self.actor.kind, self.client_id


def post_all(drafts: Sequence[Draft]) -> Program[list[Outcome[Message]]]:
    """Post what may be posted without further ado; the others are ALONE and have changed nothing."""
    outcomes: list[Outcome[Message]] = [ALONE] * len(drafts)
    firsts = yield from _not_yet_posted(drafts)
    turns = _turns(drafts, firsts.values())
    if not turns:
        return outcomes
    at = now()
    drawn = yield query(_DRAW, at=at, draws=_DRAWS.of(_draws(drafts, turns)))
    posted = []
    for row in drawn:
        places = turns[row["id"]]
        for number, place in enumerate(places, row["last_number"] - len(places) + 1):
            posted.append((place, _values(drafts[place], number, row["language"], at), row))
    messages = yield from _store([values for _, values, _ in posted])
    for message, (place, _, row) in zip(messages, posted, strict=True):
        outcomes[place] = message
        _tell(message, row)
    for place, draft in enumerate(drafts):  # a resend within the same transaction
        if draft.key in firsts:
            outcomes[place] = outcomes[firsts[draft.key]]
    return outcomes


def _not_yet_posted(drafts: Sequence[Draft]) -> Program[dict[tuple[int, str, str], int]]:
    """The place of the first draft of each key under which nothing was posted before."""
    firsts: dict[tuple[int, str, str], int] = {}
    for place, draft in enumerate(drafts):
        firsts.setdefault(draft.key, place)
    keys = _KEYS.of([(place, *key) for key, place in firsts.items()])
    if dialect() == "postgres":  # a statement does not see what was committed while it waited for a row, the next does
        yield query(_HOLD, keys=keys)
    for row in (yield query(_POSTED, keys=keys)):
        del firsts[drafts[row["place"]].key]
    return firsts


def _turns(drafts: Sequence[Draft], places: Iterable[int]) -> dict[int, list[int]]:
    """The places by conversation: of whoever speaks first in each, since an UPDATE meets a row once."""
    turns: dict[int, list[int]] = {}
    for place in places:
        draft = drafts[place]
        turn = turns.setdefault(draft.conversation_id, [])
        if not turn or drafts[turn[0]].actor == draft.actor:
            turn.append(place)
    return turns


def _draws(drafts: Sequence[Draft], turns: Mapping[int, list[int]]) -> Iterator[tuple[Any, ...]]:
    for conversation_id, places in turns.items():
        last = drafts[places[-1]]
        seen = min(drafts[place].seen for place in places)
        line = summary_line(last.text, last.attachments)
        yield conversation_id, len(places), last.actor.kind, last.actor.id, seen, line


def _values(draft: Draft, number: int, language: str, at: datetime) -> dict[str, Any]:
    """The new row, its columns in the order of `_MESSAGES`."""
    actor = draft.actor
    return {
        "conversation_id": draft.conversation_id,
        "number": number,
        "client_id": draft.client_id,
        "author_kind": actor.kind,
        "author_id": actor.id,
        "author_name": actor.name,
        "channel": draft.channel,
        "language": draft.language or language,
        "text": draft.text,
        "order_id": draft.order_id,
        "quick_replies": draft.quick_replies,
        "form": draft.form,
        "state": "sent",
        "attachments": draft.attachments,
        "addressing": draft.addressing,
        "created_at": at,
    }


def _store(rows: Sequence[dict[str, Any]]) -> Program[list[Message]]:
    if not rows:
        return []
    kept = yield query(_INSERT, messages=_MESSAGES.of(row.values() for row in rows))
    ids = {(row["conversation_id"], row["number"]): row["id"] for row in kept}
    messages = [stored(Message, {"id": ids[row["conversation_id"], row["number"]], **row}) for row in rows]
    yield from search.indexed([(message.id, message.text) for message in messages])
    return messages


def _tell(message: Message, conversation: Mapping[str, Any]) -> None:
    record(
        MessagePosted(
            conversation_id=message.conversation_id,
            shop_id=conversation["shop_id"],
            message_id=message.id,
            number=message.number,
            author_kind=message.author_kind,
            channel=message.channel,
            handler=conversation["handler"],
            conversation=conversation["public_id"],
            message=message,
        )
    )


def summary_line(text: str, attachments: Sequence[Mapping[str, Any]] | None) -> str:
    """The one line that lists show of a message; files without words are named."""
    return preview(text or " ".join(f"[{file['name']}]" for file in attachments or ()))


def preview(text: str) -> str:
    """The one line that lists show."""
    return " ".join(text.split())[:PREVIEW_LIMIT]
