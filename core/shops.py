"""A shop: whose orders, whose customers, which languages and hours, and the secrets it signs with."""

import base64
import re
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary
from zoneinfo import available_timezones

from tortoise import connections, fields
from tortoise.models import Model

from core import audit
from core.clock import now
from core.errors import Conflict, Invalid
from core.fields import UtcDatetimeField, code_field, public_id_field
from core.ids import new_id
from core.sql import connection_name, fetch
from core.text import clean
from core.transactions import transaction

if TYPE_CHECKING:
    from core.people import Actor

MANUAL, AUTOMATIC = "manual", "automatic"
ASSIGNMENTS = (MANUAL, AUTOMATIC)


class Shop(Model):
    """One online shop that this desk serves."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # shp_…
    key = fields.CharField(
        max_length=64, unique=True
    )  # public: names the shop in the script tag and in webhook addresses
    name = fields.CharField(max_length=200)
    platform = code_field(default="generic")
    language = fields.CharField(max_length=8, default="en")
    timezone = fields.CharField(max_length=64, default="UTC")
    country = fields.CharField(max_length=2, default="US")
    currency = fields.CharField(max_length=3, default="USD")
    mail_address = fields.CharField(max_length=254)
    page_url = fields.CharField(max_length=500)
    origins: Any = fields.JSONField(default=list)  # web origins that may embed the widget
    secrets: Any = fields.JSONField(default=dict)  # {"shopify": […], "api": […]}: newest first, old ones while rotating
    hours: Any = fields.JSONField(default=dict)  # shop's zone: {"mon": [["09:00", "18:00"]]}; no day: closed
    assignment = code_field(default=MANUAL, db_default=MANUAL)  # who gives out what waits: agents pick, or routing does
    targets: Any = fields.JSONField(null=True)  # minutes of open time: {"urgent": {"first_reply": 15}}; none: the usual
    valuable_from = fields.BigIntField(null=True)  # orders from this total (minor units, shop's currency) come sooner
    refund_limits: Any = fields.JSONField(null=True)  # orders/refunds/limits.py; none: the usual
    refund_terms: Any = fields.JSONField(null=True)  # orders/refunds/terms.py; none: nothing of the kind is known
    privacy: Any = fields.JSONField(null=True)  # what the chat says: {"url": "…", "words": {"en": "…"}}
    demo = fields.BooleanField(default=False)  # simulated: its orders move by themselves
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "shop"


SECRET_KINDS = (
    "api",
    "identity",
    "mail",
    "shopify",
    "woocommerce",
    "saleor",
    "stripe",
    "alipay",
    "wechatpay",
    "aftership",
    "17track",
    "kuaidi100",
    "easypost",
)
_NAMED = "SELECT * FROM shop WHERE key = {key}"
PRIVACY_LIMIT = 300
KEPT_SECRETS = 2  # the newest and the one before, while senders change over
KEPT_SECONDS = 1.0  # how long a shop may be used without reading it again
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
# By database, because a process may have several; a transaction has its own, so what is undone is never kept.
_kept: WeakKeyDictionary[Any, dict[str, tuple[float, Shop]]] = WeakKeyDictionary()


async def create_shop(key: str, name: str, mail_address: str, page_url: str, **settings: Any) -> Shop:
    """Add a shop with a fresh API secret. `settings` are fields of Shop: platform, language, timezone, country,
    currency, origins, hours. Raises Invalid (bad_key, bad_timezone) or Conflict (key_taken).
    """
    if not _KEY.fullmatch(key):
        raise Invalid("a shop's key has 2 to 63 small letters, digits and hyphens", code="bad_key")
    if settings.get("timezone", "UTC") not in available_timezones():
        raise Invalid("no such time zone; use a name like Europe/Berlin", code="bad_timezone")
    if await Shop.exists(key=key):
        raise Conflict("another shop has this key", code="key_taken")
    async with transaction():
        shop = await Shop.create(
            public_id=new_id("shp"),
            key=key,
            name=name,
            mail_address=mail_address.lower(),
            page_url=page_url,
            secrets={"api": [new_signing_secret()]},
            created_at=now(),
            **settings,
        )
        await audit.note(None, "shop.created", shop.public_id, platform=shop.platform)
    return shop


async def shop_named(key: str) -> Shop | None:
    """The shop whose key a stranger gave. Asked for each delivery, so the statement is not built anew each time."""
    rows = await fetch(_NAMED, key=key if _KEY.fullmatch(key) else "")
    kept = _kept.setdefault(connections.get(connection_name()), {})
    if not rows:
        kept.pop(key, None)
        return None
    shop = Shop._init_from_db(**rows[0])
    kept[key] = time.monotonic(), shop
    return shop


def shop_lately(key: str) -> Shop | None:
    """The shop as `shop_named` read it within the last second, without asking the database. Others have it as well:
    change nothing on it. None says nothing: ask."""
    moment, shop = _kept.get(connections.get(connection_name()), {}).get(key, (0.0, None))
    return shop if shop is not None and time.monotonic() - moment < KEPT_SECONDS else None


async def add_secret(shop: Shop, kind: str, secret: str | None = None, *, actor: "Actor | None" = None) -> str:
    """Give `shop` a new secret of one of SECRET_KINDS and return it; the one before stays good meanwhile. Audited."""
    if kind not in SECRET_KINDS:
        raise Invalid(f"a secret is one of {', '.join(SECRET_KINDS)}", code="bad_secret_kind")
    fresh = new_signing_secret() if secret is None else secret
    shop.secrets = shop.secrets | {kind: [fresh, *shop.secrets.get(kind, [])][:KEPT_SECRETS]}
    await _save(shop, "secrets", actor, "shop.secret_added", kind=kind)
    return fresh


async def keep_secrets(shop: Shop, kind: str, newest: int, *, actor: "Actor | None" = None) -> None:
    """Forget all secrets of this kind but the `newest`. Audited."""
    shop.secrets = shop.secrets | {kind: shop.secrets.get(kind, [])[:newest]}
    await _save(shop, "secrets", actor, "shop.secret_dropped", kind=kind, kept=newest)


async def set_hours(shop: Shop, hours: dict[str, Any], *, actor: "Actor | None" = None) -> None:
    """Give the shop business hours as `core.business_hours.read_hours` returns them; none: always open. Audited."""
    shop.hours = hours
    await _save(shop, "hours", actor, "shop.hours_set", hours=hours)


async def set_privacy(
    shop: Shop, url: str = "", words: Mapping[str, str] | None = None, *, actor: "Actor | None" = None
) -> None:
    """What the chat says on privacy before the first message: the shop's page (https) and its own words, at most 300
    characters a language; nothing at all brings the desk's own sentence back. Raises Invalid (bad_url, text_too_long).
    Audited.
    """
    if url and (not url.startswith("https://") or len(url) > 500 or any(sign.isspace() for sign in url)):
        raise Invalid("the page is an address that begins with https://", code="bad_url")
    own = {language: clean(text, limit=PRIVACY_LIMIT + 1) for language, text in (words or {}).items() if text}
    if any(len(text) > PRIVACY_LIMIT for text in own.values()):
        raise Invalid(f"{PRIVACY_LIMIT} characters at most", code="text_too_long", limit=PRIVACY_LIMIT)
    shop.privacy = {"url": url, "words": own} if url or own else None
    await _save(shop, "privacy", actor, "shop.privacy_set", url=url, languages=sorted(own))


def new_signing_secret() -> str:
    """A secret in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


async def _save(shop: Shop, column: str, actor: "Actor | None", action: str, **detail: Any) -> None:
    async with transaction():
        await shop.save(update_fields=[column])
        await audit.note(actor, action, shop.public_id, **detail)
    for kept in _kept.values():
        kept.pop(shop.key, None)
