"""Mail as it came and as it leaves."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from app.mail.identity_models import MailIdentity
from app.mail.mailbox_models import Mailbox
from conversations.models import Conversation, Message
from core.fields import UtcDatetimeField, code_field, public_id_field
from core.people import Agent
from core.shops import Shop

STORED, POSTED, MACHINE, DUPLICATE, QUARANTINED = "stored", "posted", "machine", "duplicate", "quarantined"
BY_HOOK, FETCHED = "hook", "fetched"
BELONGS, FORWARDED = "belongs", "forwarded"
OPEN, ACCEPTED, DISMISSED = "open", "accepted", "dismissed"


class IncomingMail(Model):
    """A mail byte for byte, stored before anybody tries to understand it."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # mli_…
    digest = fields.CharField(max_length=64, unique=True)  # SHA-256 over recipient and raw bytes
    sender = fields.CharField(max_length=320, default="")  # envelope
    recipient = fields.CharField(max_length=320)
    content = fields.BinaryField()  # the whole mail as bytes
    header_id = fields.CharField(max_length=500, default="")  # the Message-ID header
    state = code_field(default="stored")  # stored · posted · machine · duplicate · quarantined
    sender_check = code_field(default="", db_default="")  # of the From: pass · fail · nothing known
    error: str | None = fields.TextField(null=True)
    tries = fields.IntField(default=0, db_default=0)  # how often somebody began to read it
    letter = fields.CharField(max_length=64, null=True, unique=True)  # what it says, whichever way it came
    headers: Any = fields.JSONField(null=True)  # from, reply_to, to, cc, subject, date … as they were read
    text: str | None = fields.TextField(null=True)  # all that was written, quotes included
    html: str | None = fields.TextField(null=True)  # cleaned; pictures of the mail stay cid: addresses
    sheet: str | None = fields.TextField(null=True)  # its style sheet, kept
    received_at = UtcDatetimeField()
    way = code_field(default="", db_default="")  # it came: hook · fetched · otherwise
    mailbox: fields.ForeignKeyNullableRelation[Mailbox] = fields.ForeignKeyField(
        "wismo.Mailbox", null=True, related_name="incoming_mails", on_delete=fields.SET_NULL
    )
    mailbox_id: int | None  # it was fetched from
    shop: fields.ForeignKeyNullableRelation[Shop] = fields.ForeignKeyField(
        "wismo.Shop", null=True, related_name="incoming_mails"
    )
    shop_id: int | None
    conversation: fields.ForeignKeyNullableRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", null=True, related_name="incoming_mails"
    )
    conversation_id: int | None
    message: fields.ForeignKeyNullableRelation[Message] = fields.ForeignKeyField(
        "wismo.Message", null=True, related_name="incoming_mails"
    )
    message_id: int | None

    class Meta:
        app = "wismo"
        table = "incoming_mail"
        indexes = (
            Index(fields=("shop_id",)),
            Index(fields=("conversation_id",)),
            Index(fields=("message_id",)),
            Index(fields=("header_id",)),
            Index(fields=("state", "received_at")),
            Index(fields=("mailbox_id",)),
            Index(fields=("way", "shop_id", "id")),
        )


# Everything but the bytes, of which there may be 25 MiB.
BESIDES_CONTENT = (
    *("id", "public_id", "digest", "sender", "recipient", "header_id", "state", "sender_check", "error", "tries"),
    *("letter", "headers", "text", "html", "sheet", "received_at", "way", "mailbox_id"),
    *("shop_id", "conversation_id", "message_id"),
)


class MailSuggestion(Model):
    """What a mail seems to be and cannot prove: a part of another conversation, or a customer's mail passed on."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # mls_…
    kind = code_field()  # belongs · forwarded
    why = code_field(default="")  # belongs: token · reference · number · subject
    mail: fields.ForeignKeyRelation[IncomingMail] = fields.ForeignKeyField(
        "wismo.IncomingMail", related_name="suggestions"
    )
    mail_id: int
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="mail_suggestions"
    )
    conversation_id: int  # in which it is shown
    target: fields.ForeignKeyNullableRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", null=True, related_name="mail_suggestions_for"
    )
    target_id: int | None  # belongs: the other conversation
    address = fields.CharField(max_length=320, default="")  # of whoever wrote it, as far as is known
    name = fields.CharField(max_length=200, default="")
    forwarder: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="forwarded_mails"
    )
    forwarder_id: int | None  # forwarded: whose address it came from
    state = code_field(default="open")  # open · accepted · dismissed
    settled_by: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="mail_suggestions"
    )
    settled_by_id: int | None
    settled_at = UtcDatetimeField(null=True)
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "mail_suggestion"
        indexes = (
            Index(fields=("mail_id",)),
            Index(fields=("conversation_id", "state")),
            Index(fields=("target_id", "state")),
            Index(fields=("forwarder_id",)),
            Index(fields=("settled_by_id",)),
        )


class OutgoingMail(Model):
    """A mail in the outbox: one Message-ID for all tries, and a log of what happened."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # mlo_…
    header_id = fields.CharField(max_length=300, unique=True)  # the Message-ID header
    key = fields.CharField(max_length=190, unique=True)  # what it is for; a repeated job finds its mail again
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="outgoing_mails")
    shop_id: int
    conversation: fields.ForeignKeyNullableRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", null=True, related_name="outgoing_mails"
    )
    conversation_id: int | None
    message: fields.ForeignKeyNullableRelation[Message] = fields.ForeignKeyField(
        "wismo.Message", null=True, related_name="outgoing_mails"
    )
    message_id: int | None  # the message it carries
    identity: fields.ForeignKeyNullableRelation[MailIdentity] = fields.ForeignKeyField(
        "wismo.MailIdentity", null=True, related_name="outgoing_mails"
    )
    identity_id: int | None  # whom it is from; none: the shop's first address
    sender = fields.CharField(max_length=320)
    recipient = fields.CharField(max_length=320)  # the first of `to`
    to: Any = fields.JSONField(null=True)  # [[name, address]]; none: the recipient alone
    cc: Any = fields.JSONField(null=True)  # [[name, address]]
    kind = code_field(default="", db_default="")  # the letter's template: reply · forward · acknowledgement · code …
    pending: Any = fields.JSONField(null=True)  # addresses that have not taken it yet; none: all of them
    job_key = fields.CharField(max_length=80, null=True)  # of the job that sends it
    domain = fields.CharField(max_length=255, null=True)  # of the recipient
    paced_at = UtcDatetimeField(null=True)  # its place in the row of automatic letters to that domain
    subject = fields.CharField(max_length=500)
    content = fields.BinaryField()  # the whole mail as bytes
    state = code_field(default="queued")  # queued · sent · failed
    attempts = fields.IntField(default=0)
    error: str | None = fields.TextField(null=True)
    created_at = UtcDatetimeField()
    sent_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "outgoing_mail"
        indexes = (
            Index(fields=("shop_id",)),
            Index(fields=("conversation_id",)),
            Index(fields=("message_id",)),
            Index(fields=("state", "created_at")),
            Index(fields=("domain", "paced_at")),
            Index(fields=("identity_id",)),
            Index(fields=("recipient", "created_at")),
        )


class OutgoingTry(Model):
    """One try to hand a mail over, for one recipient or for all of them."""

    id = fields.BigIntField(primary_key=True)
    mail: fields.ForeignKeyRelation[OutgoingMail] = fields.ForeignKeyField("wismo.OutgoingMail", related_name="tries")
    mail_id: int
    recipient = fields.CharField(max_length=320, default="")  # empty: all that were still pending
    outcome = code_field()  # sent · deferred · refused · expired · bounced · retried
    detail = fields.TextField(default="")  # the server's words
    at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "outgoing_try"
        indexes = (Index(fields=("mail_id", "id")),)


class MailHold(Model):
    """Why letters to an address wait: it does not exist, or two machines were answering each other."""

    id = fields.BigIntField(primary_key=True)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="mail_holds")
    shop_id: int
    address = fields.CharField(max_length=320)  # lower case
    kind = code_field()  # unreachable: nothing is sent · paused, stopped (by the reader): nothing automatic
    detail = fields.TextField(default="")  # the mail server's words
    since = UtcDatetimeField()
    until = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "mail_hold"
        unique_together = (("shop_id", "address", "kind"),)


class MailParticipant(Model):
    """Somebody beside the customer whom an agent has brought into a conversation by mail."""

    id = fields.BigIntField(primary_key=True)
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="mail_participants"
    )
    conversation_id: int
    address = fields.CharField(max_length=320)  # lower case
    name = fields.CharField(max_length=200, default="")
    role = code_field()  # copied: reads what the customer reads · third_party: was forwarded something; answers to us
    added_by: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="mail_participants"
    )
    added_by_id: int | None
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "mail_participant"
        unique_together = (("conversation_id", "address"),)
        indexes = (Index(fields=("added_by_id",)),)
