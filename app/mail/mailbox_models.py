"""Accounts at other people's servers: the folder that the desk reads there, as whom, how far it has read and how it
went, and the server that takes its mail for the same account."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field, public_id_field
from core.shops import Shop

TLS, STARTTLS, PLAIN = "tls", "starttls", "plain"  # `plain`: on this machine only
USUAL_PORTS = {TLS: 993, STARTTLS: 143, PLAIN: 143}
PASSWORD, OAUTH = "password", "oauth"
LEAVE, MARK_SEEN = "leave", "seen"


class Mailbox(Model):
    """One folder of one account. The cursor names the last mail that is committed; flags decide nothing."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # mbx_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="mailboxes")
    shop_id: int
    address = fields.CharField(max_length=254)  # what customers write to, in lower case
    host = fields.CharField(max_length=253)
    port = fields.IntField()
    security = code_field(default=TLS)  # tls · starttls · plain
    user = fields.CharField(max_length=320)
    auth = code_field(default=PASSWORD)  # password · oauth
    credentials = fields.TextField()  # sealed (core/sealing.py); never shown, never logged
    folder = fields.CharField(max_length=500, default="INBOX")
    # Whose word about senders counts: names with commas between; empty: the provider's; null: from before it was asked.
    checkers = fields.CharField(max_length=500, null=True)
    smtp_host = fields.CharField(max_length=253, default="", db_default="")  # takes its mail; empty: it only reads
    smtp_port = fields.IntField(default=465, db_default=465)
    smtp_security = code_field(default=TLS, db_default=TLS)
    after = code_field(default=LEAVE)  # leave · seen: what is done on the server to a mail that was stored
    enabled = fields.BooleanField(default=True)
    revision = fields.IntField(default=1)  # of everything above: a reader with an older one begins anew
    begin_at = UtcDatetimeField()  # older mail is not fetched
    uidvalidity = fields.BigIntField(null=True)  # RFC 9051 2.3.1.1; null: the folder was not opened yet
    last_uid = fields.BigIntField(default=0)  # every mail up to it is stored, set aside or was not wanted
    scan_since = UtcDatetimeField(null=True)  # of the mails before `scan_below`, only those that came since are fetched
    scan_below = fields.BigIntField(null=True)
    aside: Any = fields.JSONField(default=list)  # [{"uid", "tries", "at"}]: could not be fetched, are tried again
    last_mail_at = UtcDatetimeField(null=True)
    last_success_at = UtcDatetimeField(null=True)  # the server answered, and nothing was left to fetch
    failures = fields.IntField(default=0)  # in a row
    failing_since = UtcDatetimeField(null=True)
    last_error = fields.CharField(max_length=64, null=True)  # a code of app/gateways/imap_troubles.py
    last_error_detail = fields.CharField(max_length=300, null=True)  # the server's words
    not_before = UtcDatetimeField(null=True)
    lease = fields.CharField(max_length=32, null=True)  # which process reads it now
    lease_until = UtcDatetimeField(null=True)
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "mailbox"
        indexes = (Index(fields=("shop_id",)), Index(fields=("address",)))
        unique_together = (("host", "user", "folder"),)
