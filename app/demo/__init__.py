"""The demo: two living shops, their people, and work that is already waiting."""

from datetime import datetime

from app.auth.passwords import hash_password
from app.demo.orders import seed_orders
from app.demo.stock import seed_stock
from app.demo.talk import seed_talk
from app.gateways.simulators.keys import demo_secrets
from app.settings import Settings
from core.ids import new_id
from core.people import ADMIN, AGENT, SUPERVISOR, Agent, ShopMember
from core.shops import Shop
from core.transactions import transaction
from orders.refunds.payment_accounts import open_account

PASSWORD = "wismo-demo"  # announced on every start, and only demo shops are behind it
LOGINS = (
    ("admin@wismo.example", ADMIN),
    ("supervisor@wismo.example", SUPERVISOR),
    ("maya@wismo.example", AGENT),
    ("chen@wismo.example", AGENT),
)
_NAMES = {
    "admin@wismo.example": ("Ada Brandt", "en", ("lumen", "chaye")),
    "supervisor@wismo.example": ("周敏", "zh", ("lumen", "chaye")),
    "maya@wismo.example": ("Maya Okafor", "en", ("lumen",)),
    "chen@wismo.example": ("陈晓雨", "zh", ("chaye",)),
}
_REFUND_LIMITS = {  # so that most orders of visitors can be cancelled without anybody at the desk
    "single": {"USD": {"supervisor": 100_000}, "CNY": {"supervisor": 500_000}},
}
_DAYTIME = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")} | {"sat": [["10:00", "16:00"]]}
_LONG_DAYS = {day: [["09:00", "23:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


async def is_empty() -> bool:
    """Whether nothing has ever been put into this database."""
    return not await Shop.exists() and not await Agent.exists()


async def is_demo() -> bool:
    """Whether this database holds the demo shops."""
    return await Shop.exists(demo=True)


async def fill_demo(settings: Settings, moment: datetime) -> None:
    """Fill an empty database: two shops, the people at the desk, some seventy orders and a few conversations."""
    password_hash = await hash_password(PASSWORD)
    async with transaction():
        lumen, chaye = await _shops(settings, moment)
        await _agents({"lumen": lumen, "chaye": chaye}, password_hash, moment)
        for shop in (lumen, chaye):
            await open_account(shop, "simulator", None)
    await seed_orders(lumen, chaye, moment)
    await seed_stock(lumen, chaye, moment)
    await seed_talk(lumen, chaye, moment)


async def _shops(settings: Settings, moment: datetime) -> tuple[Shop, Shop]:
    lumen = await Shop.create(
        public_id=new_id("shp"),
        key="lumen",
        name="Lumen & Oak",
        platform="shopify",
        language="en",
        timezone="America/New_York",
        country="US",
        currency="USD",
        mail_address="help@lumen.example",
        page_url=f"{settings.public_url}/demo/lumen",
        origins=[],
        secrets=demo_secrets("lumen"),
        hours=_DAYTIME,
        demo=True,
        refund_limits=_REFUND_LIMITS,
        created_at=moment,
    )
    chaye = await Shop.create(
        public_id=new_id("shp"),
        key="chaye",
        name="茶野",
        platform="generic",
        language="zh",
        timezone="Asia/Shanghai",
        country="CN",
        currency="CNY",
        mail_address="help@chaye.example",
        page_url=f"{settings.public_url}/demo/chaye",
        origins=[],
        secrets=demo_secrets("chaye"),
        hours=_LONG_DAYS,
        demo=True,
        refund_limits=_REFUND_LIMITS,
        created_at=moment,
    )
    return lumen, chaye


async def _agents(shops: dict[str, Shop], password_hash: str, moment: datetime) -> None:
    for email, role in LOGINS:
        name, language, keys = _NAMES[email]
        agent = await Agent.create(
            public_id=new_id("agt"),
            email=email,
            name=name,
            password_hash=password_hash,
            role=role,
            language=language,
            created_at=moment,
        )
        await ShopMember.bulk_create([ShopMember(agent=agent, shop=shops[key]) for key in keys])
