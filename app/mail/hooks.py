"""The secrets for mails by signed HTTP: made, renewed with the one before good for a while, and taken away. Audited."""

import json
from datetime import timedelta
from typing import Any

from app.mail.hook_models import MailHook
from app.mail.models import BY_HOOK, IncomingMail
from core.bundles import Bundle, Later
from core.clock import now
from core.people import Actor
from core.shops import Shop, add_secret, keep_secrets
from core.sql import as_time
from core.transactions import transaction

SECRETS = "mail"
FORMER_LIVES = timedelta(days=7)
SIGNATURE, TIME = "signature", "time"  # why a delivery is refused
_SHOWN = "public_id sender headers state error received_at"
_DELIVERIES = (
    "SELECT t.public_id, t.sender, t.headers, t.state, t.error, t.received_at FROM incoming_mail AS t"
    " WHERE t.way = {way} AND t.shop_id = {shop} ORDER BY t.id DESC LIMIT {limit}"
)
NOTED_EVERY = timedelta(minutes=1)  # strangers knock as often as they like


async def renew_secret(shop: Shop, actor: Actor | None) -> str:
    """A new secret for `shop`, told once; the one before is good for a week, and any older one no more."""
    async with transaction():
        locked = await Shop.filter(id=shop.id).select_for_update().get()
        secret = await add_secret(locked, SECRETS, actor=actor)
        await _note(shop, renewed_at=now(), former_until=now() + FORMER_LIVES)
    return secret


async def end_former(shop: Shop, actor: Actor) -> None:
    """Only the newest secret is good from now on."""
    async with transaction():
        locked = await Shop.filter(id=shop.id).select_for_update().get()
        await keep_secrets(locked, SECRETS, 1, actor=actor)
        await _note(shop, former_until=None)


async def close_hook(shop: Shop, actor: Actor) -> None:
    """No secret is good: nothing is taken until there is a new one."""
    async with transaction():
        locked = await Shop.filter(id=shop.id).select_for_update().get()
        await keep_secrets(locked, SECRETS, 0, actor=actor)
        await _note(shop, former_until=None)


async def good_secrets(shop: Shop) -> list[str]:
    """Those that a delivery may be signed with now, newest first."""
    known = list(shop.secrets.get(SECRETS, []))
    return known if len(known) < 2 or is_former_good(await hook_of(shop)) else known[:1]


def is_former_good(hook: MailHook | None) -> bool:
    """A secret that was made before there were such rows has no end."""
    return hook is None or (hook.former_until is not None and hook.former_until > now())


async def hook_of(shop: Shop) -> MailHook | None:
    """What is known beside the secrets."""
    return await MailHook.get_or_none(shop_id=shop.id)


async def note_refusal(shop_id: int, why: str) -> None:
    """Somebody knocked with a wrong signature or at a wrong time; once a minute at most."""
    moment = now()
    hook, _created = await MailHook.get_or_create(shop_id=shop_id)
    if hook.refused_at is None or moment - hook.refused_at >= NOTED_EVERY:
        await MailHook.filter(id=hook.id).update(refused_at=moment, refused_why=why)


def deliveries_in(bundle: Bundle, shop_id: int, limit: int) -> Later[list[IncomingMail]]:
    """The newest mails of a shop that came this way, as part of a bundle; what a list shows of them alone."""
    rows = bundle.table(_SHOWN, _DELIVERIES, way=BY_HOOK, shop=shop_id, limit=limit)

    def found() -> list[IncomingMail]:
        return [
            IncomingMail(**row | {"headers": _json(row["headers"]), "received_at": as_time(row["received_at"])})
            for row in rows
        ]

    return found


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


async def _note(shop: Shop, **changes: object) -> None:
    hook, _created = await MailHook.get_or_create(shop_id=shop.id)
    await MailHook.filter(id=hook.id).update(**changes)
