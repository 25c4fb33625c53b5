"""The tables of the talk. Notes live apart from messages, so that no customer query can ever reach one."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field, public_id_field
from core.people import Agent, Customer
from core.shops import Shop
from core.teams import Team
from orders.models import Order

BOT, QUEUE, AGENT = "bot", "queue", "agent"  # who handles a conversation
CHAT, EMAIL, PHONE, API = "chat", "email", "phone", "api"  # channels


class Conversation(Model):
    """The thread with one customer. `handler` says who speaks for the shop; the server keeps it to one."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # cnv_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="conversations")
    shop_id: int
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "wismo.Customer", related_name="conversations"
    )
    customer_id: int
    channel = code_field(default=CHAT)  # where it began
    language = fields.CharField(max_length=8, default="en")
    subject = fields.CharField(max_length=300, default="")
    handler = code_field(default=BOT)
    agent: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="conversations"
    )
    agent_id: int | None
    team: fields.ForeignKeyNullableRelation[Team] = fields.ForeignKeyField(
        "wismo.Team", null=True, related_name="conversations", on_delete=fields.SET_NULL
    )
    team_id: int | None  # whose queue it waits in; null: everybody's
    last_number = fields.BigIntField(default=0)
    last_customer_number = fields.BigIntField(default=0)  # of the customer's newest message
    customer_read = fields.BigIntField(default=0)
    desk_read = fields.BigIntField(default=0)
    customer_received = fields.BigIntField(default=0, db_default=0)  # on their device; further than read, or behind it
    desk_received = fields.BigIntField(default=0, db_default=0)
    last_customer_at = UtcDatetimeField(null=True)
    customer_seen_at = UtcDatetimeField(null=True)  # their last line ended; nothing is written while they are there
    last_message_at = UtcDatetimeField(null=True)
    last_text = fields.CharField(max_length=200, default="")
    dialogue: Any = fields.JSONField(default=dict)  # what the bot remembers
    order: fields.ForeignKeyNullableRelation[Order] = fields.ForeignKeyField(
        "wismo.Order", null=True, related_name="conversations"
    )
    order_id: int | None  # the order last talked about, shown live
    version = fields.BigIntField(default=1)
    epoch = fields.BigIntField(default=0, db_default=0)  # of the numbers; see `conversations.epochs`
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "conversation"
        indexes = (
            Index(fields=("shop_id", "handler", "last_message_at")),
            Index(fields=("customer_id",)),
            Index(fields=("agent_id", "handler")),
            Index(fields=("team_id",)),
            Index(fields=("order_id",)),
        )


class Message(Model):
    """Public words. The number orders a conversation without gaps; the client id makes sending repeatable."""

    id = fields.BigIntField(primary_key=True)
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="messages"
    )
    conversation_id: int
    number = fields.BigIntField()
    client_id = fields.CharField(max_length=80)
    author_kind = code_field()  # customer · agent · bot · system
    author_id = fields.BigIntField(null=True)
    author_name = fields.CharField(max_length=200, default="")
    channel = code_field(default=CHAT)
    language = fields.CharField(max_length=8, default="en")
    text = fields.TextField()
    order: fields.ForeignKeyNullableRelation[Order] = fields.ForeignKeyField(
        "wismo.Order", null=True, related_name="messages"
    )
    order_id: int | None  # a live card of this order is shown under the text
    quick_replies: Any = fields.JSONField(default=list)  # [{"label", "text"}]
    form = code_field(null=True)  # what the client may ask for: code
    state = code_field(default="sent")  # sent · delivered · failed (mail)
    attachments: Any = fields.JSONField(null=True)  # what the rows of Attachment say, so that showing needs no join
    addressing: Any = fields.JSONField(null=True)  # to whom it goes by mail; the mail's room reads it
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "message"
        # The author's kind is part of the key: nobody can use up the client id of somebody else's answer.
        unique_together = (("conversation_id", "number"), ("conversation_id", "author_kind", "client_id"))
        indexes = (Index(fields=("order_id",)),)


class Attachment(Model):
    """A file that somebody sent. Until it is posted with a message it belongs to its uploader alone, and expires."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # att_…, unguessable; also the name of its content in the storage
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="attachments")
    shop_id: int
    conversation: fields.ForeignKeyNullableRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", null=True, related_name="attachments"
    )
    conversation_id: int | None  # null: sent before the first word
    message: fields.ForeignKeyNullableRelation[Message] = fields.ForeignKeyField(
        "wismo.Message", null=True, related_name="files"
    )
    message_id: int | None  # null: not posted yet, or with a note
    note: fields.ForeignKeyNullableRelation["Note"] = fields.ForeignKeyField(
        "wismo.Note", null=True, related_name="files"
    )
    note_id: int | None  # what a third party sent to the desk: never for the customer
    uploader_kind = code_field()  # customer · agent
    uploader_id = fields.BigIntField()
    name = fields.CharField(max_length=200)
    media_type = fields.CharField(max_length=100)  # found in the content, never what the sender says
    size = fields.BigIntField()  # bytes as they are kept
    width = fields.IntField(null=True)  # pixels; only pictures that we have drawn anew have a size, and a thumbnail
    height = fields.IntField(null=True)
    sha256 = fields.CharField(max_length=64)  # of the content as it is kept
    state = code_field(default="ready")  # ready · refused (known by name, without content)
    refusal = code_field(null=True)  # why it was refused: file_executable · file_unknown · picture_too_large …
    content_id = fields.CharField(max_length=255, null=True)  # a picture that stands within the HTML of its mail
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "attachment"
        indexes = (
            Index(fields=("shop_id",)),
            Index(fields=("conversation_id",)),
            Index(fields=("message_id", "created_at")),
            Index(fields=("note_id",)),
            Index(fields=("uploader_kind", "uploader_id")),
        )


class Note(Model):
    """Internal words about a conversation. Never leaves the console."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # nte_…
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="notes"
    )
    conversation_id: int
    client_id = fields.CharField(max_length=80)
    agent: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="notes"
    )
    agent_id: int | None  # null: the bot's handover summary
    text = fields.TextField()
    attachments: Any = fields.JSONField(null=True)  # what the rows of Attachment say, as of messages
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "note"
        unique_together = (("conversation_id", "client_id"),)
        indexes = (Index(fields=("conversation_id", "id")), Index(fields=("agent_id",)))


class Proof(Model):
    """In this conversation the customer has shown that `contact` is theirs, until it expires."""

    id = fields.BigIntField(primary_key=True)
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="proofs"
    )
    conversation_id: int
    kind = code_field()  # code · token
    contact = fields.CharField(max_length=254)  # e-mail in lower case or phone in E.164
    proved_at = UtcDatetimeField()
    expires_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "proof"
        indexes = (Index(fields=("conversation_id", "expires_at")), Index(fields=("contact",)))


class CodeRequest(Model):
    """A one-time code somebody asked for. The row looks the same whether the order exists or not."""

    id = fields.BigIntField(primary_key=True)
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="code_requests"
    )
    conversation_id: int
    number_key = fields.CharField(max_length=120)  # of the order that was named; empty when an address was
    address = fields.CharField(max_length=254, null=True)  # the e-mail address that was typed instead of a number
    twin_of = fields.BigIntField(null=True)  # the request itself, when several orders have the number
    contact = fields.CharField(max_length=254, default="")  # empty: nothing was sent, no code can fit
    code_hash = fields.CharField(max_length=128)
    attempts = fields.IntField(default=0)
    created_at = UtcDatetimeField()
    expires_at = UtcDatetimeField()
    used_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "code_request"
        indexes = (Index(fields=("conversation_id", "id")), Index(fields=("contact", "created_at")))


class Rating(Model):
    """What the customer thinks of the help up to one end of the conversation."""

    id = fields.BigIntField(primary_key=True)
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="ratings"
    )
    conversation_id: int
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="ratings")
    shop_id: int
    number = fields.BigIntField()  # of the customer's last message then: the next one begins a new round
    score = fields.SmallIntField()  # 1 (worst) to 5
    text = fields.TextField(default="")
    agent: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="ratings"
    )
    agent_id: int | None  # who wrote last; null: only the bot did
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "rating"
        unique_together = (("conversation_id", "number"),)
        indexes = (Index(fields=("shop_id", "created_at")), Index(fields=("agent_id",)))


class AnswerReceipt(Model):
    """Why the bot said what it said: replayable."""

    id = fields.BigIntField(primary_key=True)
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="receipts"
    )
    conversation_id: int
    question_number = fields.BigIntField()
    rule = fields.CharField(max_length=120)
    rulebook = fields.CharField(max_length=64)
    intent = code_field()
    confidence = fields.FloatField(default=0)
    facts: Any = fields.JSONField(default=dict)
    order: fields.ForeignKeyNullableRelation[Order] = fields.ForeignKeyField(
        "wismo.Order", null=True, related_name="receipts"
    )
    order_id: int | None
    order_version = fields.BigIntField(null=True)
    reviewed_version = fields.BigIntField(null=True)  # of the order, when this was last compared with it
    review_at = UtcDatetimeField(null=True)  # when a time that it named has passed
    as_of = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "answer_receipt"
        unique_together = (("conversation_id", "question_number"),)
        indexes = (Index(fields=("order_id",)), Index(fields=("as_of",)), Index(fields=("review_at",)))


class Correction(Model):
    """An answer that its order has contradicted, and the words that would put it right. A person decides."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # cor_…
    receipt: fields.OneToOneRelation[AnswerReceipt] = fields.OneToOneField(
        "wismo.AnswerReceipt", related_name="correction"
    )
    receipt_id: int
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="corrections"
    )
    conversation_id: int
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="corrections")
    shop_id: int
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="corrections")
    order_id: int
    kinds: Any = fields.JSONField(default=list)  # what is contradicted: moved · passed · not_delivered · …
    text = fields.TextField()  # proposed, then what was sent
    state = code_field(default="open")  # open · sent · dismissed · outdated
    created_at = UtcDatetimeField()
    settled_at = UtcDatetimeField(null=True)
    settled_by: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="corrections"
    )
    settled_by_id: int | None

    class Meta:
        app = "wismo"
        table = "correction"
        indexes = (
            Index(fields=("shop_id", "state", "id")),
            Index(fields=("conversation_id",)),
            Index(fields=("order_id",)),
            Index(fields=("settled_by_id",)),
        )
