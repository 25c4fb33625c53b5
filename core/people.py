"""The people on both sides of the desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise import fields
from tortoise.expressions import Q
from tortoise.indexes import Index
from tortoise.models import Model

from core.clock import now
from core.fields import UtcDatetimeField, code_field, public_id_field
from core.shops import Shop
from core.sql import fetch

AGENT, SUPERVISOR, ADMIN = "agent", "supervisor", "admin"
ROLES = (AGENT, SUPERVISOR, ADMIN)
ONLINE, AWAY, OFFLINE = "online", "away", "offline"  # what an agent chooses; new work comes to nobody but the first
AVAILABILITIES = (ONLINE, AWAY, OFFLINE)
UNDO_SECONDS = 10  # for which a reply can be taken back, unless an agent has chosen another time
CAPACITY = 8  # points of work at a time, unless an agent has another number


class Customer(Model):
    """A buyer or guest as this desk knows them. Contacts here are what they told us, not what they have proved."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # cus_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="customers")
    shop_id: int
    name = fields.CharField(max_length=200, default="")
    email = fields.CharField(max_length=254, null=True)  # lower case
    phone = fields.CharField(max_length=32, null=True)  # E.164
    language = fields.CharField(max_length=8, default="en")
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "customer"
        indexes = (Index(fields=("shop_id", "email")), Index(fields=("shop_id", "phone")))


class Agent(Model):
    """Somebody who works at the desk."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # agt_…
    email = fields.CharField(max_length=254, unique=True)  # lower case
    name = fields.CharField(max_length=200)
    password_hash = fields.CharField(max_length=200)
    role = code_field(default=AGENT)
    language = fields.CharField(max_length=8, default="en")
    theme = code_field(default="auto")
    active = fields.BooleanField(default=True)
    seen_at = UtcDatetimeField(null=True)  # last sign of life of an open console
    availability = code_field(default=ONLINE, db_default=ONLINE)
    capacity = fields.IntField(default=CAPACITY, db_default=CAPACITY)
    languages: Any = fields.JSONField(null=True)  # codes of those they answer in; none: every one
    skills: Any = fields.JSONField(null=True)  # kinds of tickets they are given; none: every one
    undo_seconds = fields.IntField(default=UNDO_SECONDS, db_default=UNDO_SECONDS)  # 0: what is sent is said at once
    single_keys = fields.BooleanField(default=True, db_default=True)  # shortcuts without Ctrl
    created_at = UtcDatetimeField()
    shops_at_hand: Sequence[int] | None = None  # no column: on a page that only shows, the shops that came with them

    class Meta:
        app = "wismo"
        table = "agent"


class ShopMember(Model):
    """Which agents work for which shop. Nobody sees a shop they are not a member of."""

    id = fields.BigIntField(primary_key=True)
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("wismo.Agent", related_name="memberships")
    agent_id: int
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="members")
    shop_id: int

    class Meta:
        app = "wismo"
        table = "shop_member"
        unique_together = (("agent_id", "shop_id"),)
        indexes = (Index(fields=("shop_id",)),)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a customer, an agent, the bot or the system itself."""

    kind: str  # customer · agent · bot · system
    id: int | None = None
    name: str = ""

    @classmethod
    def of(cls, person: "Agent | Customer") -> "Actor":
        return cls("agent" if isinstance(person, Agent) else "customer", person.id, person.name)


BOT = Actor("bot", None, "Wismo")
SYSTEM = Actor("system")


PRESENT = timedelta(minutes=2)  # an open console gives a sign of life at least this often


def is_present(agent: Agent) -> bool:
    """Whether the agent has the console open now."""
    return agent.active and is_recent(agent.seen_at)


def is_recent(sign_of_life: datetime | None) -> bool:
    """Whether a console that gave this sign of life counts as open."""
    return sign_of_life is not None and now() - sign_of_life <= PRESENT


async def anyone_online(shop_id: int) -> bool:
    """Whether somebody who may answer for the shop has the console open now."""
    present = Agent.filter(active=True, seen_at__gte=now() - PRESENT)
    return await present.filter(Q(role=ADMIN) | Q(memberships__shop_id=shop_id)).exists()


# The shops that an agent, whose id or a statement for it stands in the place, may see: all of them for an admin.
SHOPS_OF = (
    "SELECT h.id FROM agent AS a JOIN shop AS h ON a.role = 'admin' OR EXISTS"
    " (SELECT 1 FROM shop_member AS m WHERE m.agent_id = a.id AND m.shop_id = h.id) WHERE a.id = {agent} ORDER BY h.id"
)


async def shop_ids_of(agent: Agent) -> list[int]:
    """The shops that `agent` may see: all of them for an admin."""
    if agent.shops_at_hand is not None:
        return list(agent.shops_at_hand)
    return [row["id"] for row in await fetch(SHOPS_OF, agent=agent.id)]
