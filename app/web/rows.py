"""Lines of the inbox as people read them."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from app.i18n import gettext, when
from app.web.labels import CHANNELS, HANDLERS, KINDS, PRIORITIES, STATUSES, headline, initials, word
from app.web.nearness import Standing
from app.web.times import ago, due, iso, span
from tickets.queries import InboxRow, LiveRow
from tickets.tagging import tone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line in a person's words. Two that are equal look alike, so that pages need not be rendered again."""

    key: str
    number: int | None = None
    labels: tuple[tuple[str, int], ...] = ()  # tags: name and colour
    name: str
    channel_label: str
    channel_icon: str
    at_iso: str
    at_full: str
    ago: str
    near: Standing
    url: str
    version: str
    subject: str
    words: str
    unread: bool
    speaker_icon: str = ""
    kind_label: str = ""
    status_label: str = ""
    status_tone: str = ""
    status_icon: str = ""
    priority_label: str = ""
    priority_tone: str = ""
    order_number: str | None = None
    order_title: str = ""
    order_tone: str = ""
    order_icon: str = ""
    due: str = ""
    due_tone: str = ""
    assignee: str | None = None
    assignee_initials: str = ""
    draft: str = ""  # not empty: whoever looks has words here that are not sent


def ticket_row(row: InboxRow, view: str, at: datetime, near: Standing, language: str) -> Row:
    """One ticket. `view` is kept in its address, so that the list beside the ticket stays the same."""
    order_title, order_tone, order_icon = headline(row.order_headline, language) if row.order_headline else ("", "", "")
    status = STATUSES.get(row.status) if row.status != "open" else None
    priority = PRIORITIES.get(row.priority) if row.priority in ("high", "urgent") else None
    deadline, tone = _deadline(row, at, language)
    return Row(
        **_common(row.conversation, row.customer, row.channel, row.last_message_at or row.updated_at, at, language),
        near=near,
        number=row.number,
        labels=tuple((name, tone_of(name)) for name in (row.tags or "").split(",") if name),
        url=f"/console/tickets/{row.number}" + (f"?view={view}" if view != "open" else ""),
        version=f"{row.updated_at.timestamp()}-{row.last_number}-{row.unread}",
        subject=row.subject or gettext("(no subject)", language),
        words=row.last_text,
        speaker_icon="" if row.last_customer_number == row.last_number else "return",
        unread=row.unread,
        kind_label=word(KINDS, row.kind, language),
        status_label=gettext(status[0], language) if status else "",
        status_tone=status[1] if status else "",
        status_icon=status[2] if status else "",
        priority_label=gettext(priority[0], language) if priority else "",
        priority_tone=priority[1] if priority else "",
        order_number=row.order_number,
        order_title=order_title,
        order_tone=order_tone,
        order_icon=order_icon,
        due=deadline,
        due_tone=tone,
        assignee=row.assignee,
        assignee_initials=initials(row.assignee or ""),
    )


def live_row(row: LiveRow, at: datetime, near: Standing, language: str) -> Row:
    """One chat that goes on without a ticket."""
    handler, tone, icon = HANDLERS.get(row.handler, (row.handler, "", "chat"))
    return Row(
        **_common(row.public_id, row.customer, "chat", row.last_message_at or at, at, language),
        near=near,
        number=None,
        labels=(),
        url=f"/console/conversations/{row.public_id}",
        version=f"{row.last_message_at.timestamp() if row.last_message_at else 0}-{row.unread}-{row.handler}",
        subject=row.last_text or gettext("(no messages yet)", language),
        words=row.shop,
        unread=row.unread,
        status_label=gettext(handler, language),
        status_tone=tone,
        status_icon=icon,
    )


def marked(row: Row, drafted: Collection[str]) -> Row:
    """The row with the mark of a draft, if its conversation (public id) is among these."""
    return replace(row, draft="kept", version=f"{row.version}-d") if row.key in drafted else row


def _common(key: str, customer: str, channel: str, last: datetime, at: datetime, language: str) -> dict[str, str]:
    label, icon = CHANNELS.get(channel, (channel, "chat"))
    return {
        "key": key,
        "name": customer or gettext("Guest", language),
        "channel_label": gettext(label, language),
        "channel_icon": icon,
        "at_iso": iso(last),
        "at_full": when(last, "UTC", language) + " UTC",
        "ago": ago(last, at, language),
    }


def _deadline(row: InboxRow, at: datetime, language: str) -> tuple[str, str]:
    """What presses: the promised first reply, else how long the customer has waited for the next one."""
    if row.status not in ("open", "pending"):
        return "", ""
    if row.first_reply_due_at is not None and row.first_replied_at is None:
        return due(row.first_reply_due_at, at, language)
    if row.clock_due_at is not None and row.clock_stage:
        return due(row.clock_due_at, at, language)
    if row.last_customer_at is not None and row.last_customer_number == row.last_number:
        return gettext("waiting %(time)s", language) % {"time": span(at - row.last_customer_at, language)}, ""
    return "", ""
