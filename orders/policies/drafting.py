"""Changing a shop's own policy: one draft at a time, published as a version that is never changed again.

Supervisors draft, administrators publish. Nobody as agent is the command line.
"""

from collections.abc import Sequence

from tortoise.exceptions import IntegrityError

from core import audit
from core.clock import now
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.ids import new_id
from core.people import ADMIN, SUPERVISOR, SYSTEM, Actor, Agent
from core.shops import Shop
from core.text import clean
from core.transactions import transaction
from orders.policies.deciding import Row
from orders.policies.documents import rows_data, timers_data
from orders.policies.forms import form_of, read_form
from orders.policies.presets import USUAL
from orders.policies.timers import Timer
from orders.policies.versions import DRAFT, PUBLISHED, RETIRED, PolicyVersion, policy_of

NOTE_LIMIT = 300
MOST_NUMBERS = 2**31 - 1  # as many as the column counts


async def draft_of(shop: Shop) -> PolicyVersion | None:
    """What is being worked on, if anything is."""
    return await PolicyVersion.get_or_none(place=_place(DRAFT, shop))


async def published_of(shop: Shop) -> PolicyVersion | None:
    """What is in force; none: the usual terms."""
    return await PolicyVersion.get_or_none(place=_place(PUBLISHED, shop))


async def begin_draft(shop: Shop, agent: Agent | None, number: int | None = None) -> PolicyVersion:
    """A draft with the rows of version `number`; without one those in force, else the usual terms.

    Raises Forbidden (not_your_role), Conflict (draft_exists), NotFound.
    """
    _require(agent, SUPERVISOR, ADMIN)
    base = await _version(shop, number) if number is not None else await published_of(shop)
    try:
        async with transaction():
            draft = await PolicyVersion.create(
                public_id=new_id("pol"),
                shop=shop,
                place=_place(DRAFT, shop),
                rows=base.rows if base else rows_data(USUAL.rows),
                timers=base.timers if base else [],
                based_on=base.version if base else None,
                created_at=now(),
                created_by=agent,
            )
            await audit.note(_actor(agent), "policy.drafted", draft.public_id, shop=shop.key, version=draft.based_on)
    except IntegrityError:
        raise Conflict("somebody has begun a draft already", code="draft_exists") from None
    return draft


async def save_draft(
    shop: Shop, agent: Agent | None, revision: int, rows: Sequence[Row], timers: Sequence[Timer]
) -> PolicyVersion:
    """Give the draft these rows and timers. `revision`: that of the draft as it was seen.

    Raises Forbidden (not_your_role), Conflict (draft_changed), Invalid (bad_policy; `reason` says what).
    """
    _require(agent, SUPERVISOR, ADMIN)
    rows, timers = read_form(form_of(rows, timers))
    async with transaction():
        draft = await _locked(shop, revision)
        draft.rows, draft.timers, draft.revision = rows_data(rows), timers_data(timers), revision + 1
        await draft.save()
        changed = {"shop": shop.key, "revision": draft.revision, "rows": len(rows)}
        await audit.note(_actor(agent), "policy.edited", draft.public_id, **changed)
    return draft


async def discard_draft(shop: Shop, agent: Agent | None) -> None:
    """Throw the draft away; without one nothing happens. Raises Forbidden (not_your_role)."""
    _require(agent, SUPERVISOR, ADMIN)
    async with transaction():
        draft = await PolicyVersion.filter(place=_place(DRAFT, shop)).select_for_update().first()
        if draft is not None:
            await audit.note(_actor(agent), "policy.discarded", draft.public_id, shop=shop.key)
            await draft.delete()


async def publish(shop: Shop, agent: Agent | None, revision: int, note: str = "") -> PolicyVersion:
    """Put the draft in force from now on; orders placed before keep what the version before has promised them.

    Raises Forbidden (not_your_role), Conflict (draft_changed), Invalid (no_rows, nothing_new).
    """
    _require(agent, ADMIN)
    async with transaction():
        draft = await _locked(shop, revision)
        if not draft.rows:
            raise Invalid("a policy without rows would decide nothing: withdraw it instead", code="no_rows")
        before = await _end(shop)
        if before is not None and (before.rows, before.timers) == (draft.rows, draft.timers):
            raise Invalid("the draft says what is in force already", code="nothing_new")
        await _put_in_force(shop, draft, before, agent, note)
    return draft


async def roll_back(shop: Shop, agent: Agent | None, number: int) -> PolicyVersion:
    """Put the rows of version `number` in force again, as a version of its own.

    Raises Forbidden (not_your_role), NotFound, Invalid (nothing_new).
    """
    _require(agent, ADMIN)
    async with transaction():
        earlier, before = await _version(shop, number), await _end(shop)
        if before is not None and before.version == number:
            raise Invalid("this version is in force", code="nothing_new")
        again = await PolicyVersion.create(
            public_id=new_id("pol"),
            shop=shop,
            rows=earlier.rows,
            timers=earlier.timers,
            based_on=number,
            created_at=now(),
            created_by=agent,
        )
        await _put_in_force(shop, again, before, agent, f"= {number}")
    return again


async def withdraw(shop: Shop, agent: Agent | None) -> None:
    """Take the shop's own policy out of force: the usual terms hold again. Without one nothing happens."""
    _require(agent, ADMIN)
    async with transaction():
        before = await _end(shop)
        if before is not None:
            await audit.note(_actor(agent), "policy.withdrawn", before.public_id, shop=shop.key, old=before.version)


async def _end(shop: Shop) -> PolicyVersion | None:
    before = await PolicyVersion.filter(place=_place(PUBLISHED, shop)).select_for_update().first()
    if before is not None:
        before.place, before.state, before.ended_at = None, RETIRED, now()
        await before.save(update_fields=["place", "state", "ended_at"])
    return before


async def _put_in_force(
    shop: Shop, version: PolicyVersion, before: PolicyVersion | None, agent: Agent | None, note: str
) -> None:
    policy_of(version)  # what cannot be read must not be in force
    newest = await PolicyVersion.filter(shop=shop).exclude(version=None).order_by("-version").first()
    version.version = (newest.version or 0) + 1 if newest else 1
    version.state, version.place = PUBLISHED, _place(PUBLISHED, shop)
    version.note = clean(note, limit=NOTE_LIMIT)
    version.published_at, version.published_by_id = now(), agent.id if agent else None
    try:
        await version.save()
    except IntegrityError:  # somebody else has just published, and there was nothing in force to wait for
        raise Conflict("somebody else has just published", code="draft_changed") from None
    numbers = {"old": before.version if before else None, "new": version.version}
    await audit.note(_actor(agent), "policy.published", version.public_id, shop=shop.key, **numbers)


async def _locked(shop: Shop, revision: int) -> PolicyVersion:
    """The draft as it was seen. Raises Conflict (draft_changed)."""
    draft = await PolicyVersion.filter(place=_place(DRAFT, shop)).select_for_update().first()
    if draft is None or draft.revision != revision:
        raise Conflict("somebody else has changed the draft", code="draft_changed")
    return draft


async def _version(shop: Shop, number: int) -> PolicyVersion:
    found = await PolicyVersion.get_or_none(shop=shop, version=number) if number <= MOST_NUMBERS else None
    if found is None:
        raise NotFound("no such version of the policy")
    return found


def _require(agent: Agent | None, *roles: str) -> None:
    if agent is not None and agent.role not in roles:
        raise Forbidden("not with this role", code="not_your_role")


def _actor(agent: Agent | None) -> Actor:
    return Actor.of(agent) if agent else SYSTEM


def _place(state: str, shop: Shop) -> str:
    return f"{state}:{shop.id}"
