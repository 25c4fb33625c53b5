"""Whom answers by mail are from: the addresses of a shop beside its first one."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from app.mail.mailbox_models import Mailbox
from core.fields import UtcDatetimeField, public_id_field
from core.shops import Shop
from core.teams import Team


class MailIdentity(Model):
    """One address that answers leave from. What came to it is answered from it."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # idt_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="mail_identities")
    shop_id: int
    team: fields.ForeignKeyNullableRelation[Team] = fields.ForeignKeyField(
        "wismo.Team", null=True, related_name="mail_identities", on_delete=fields.SET_NULL
    )
    team_id: int | None  # its answers leave from here, unless the mail came to another address
    address = fields.CharField(max_length=254, unique=True)  # lower case
    name_en = fields.CharField(max_length=200, default="")  # empty: the shop's name
    name_zh = fields.CharField(max_length=200, default="")
    signature_en = fields.CharField(max_length=1000, default="")
    signature_zh = fields.CharField(max_length=1000, default="")
    main = fields.BooleanField(default=False)  # for conversations that came to no address of ours
    mailbox: fields.ForeignKeyNullableRelation[Mailbox] = fields.ForeignKeyField(
        "wismo.Mailbox", null=True, related_name="identities", on_delete=fields.SET_NULL
    )
    mailbox_id: int | None  # its mail leaves through the server of this account, with the same credentials
    server: str | None = fields.TextField(null=True)  # sealed URL of its own SMTP server; neither: the desk's
    server_name = fields.CharField(max_length=300, default="")  # the same without user and password, to be shown
    selector = fields.CharField(max_length=63, default="")  # of its DKIM key; empty: mail is not signed here
    signing_key: str | None = fields.TextField(null=True)  # sealed, PEM
    revision = fields.IntField(default=1)  # of server and key
    created_at = UtcDatetimeField()
    retired_at = UtcDatetimeField(null=True)  # mail to it is still taken; nothing leaves from it any more

    class Meta:
        app = "wismo"
        table = "mail_identity"
        indexes = (Index(fields=("shop_id",)), Index(fields=("team_id",)), Index(fields=("mailbox_id",)))
