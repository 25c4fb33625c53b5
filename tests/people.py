"""The small named world of the tests: two shops, who works there and who buys there."""

from dataclasses import dataclass

from conversations.models import Conversation
from conversations.opening import open_conversation
from core.clock import now
from core.ids import new_id
from core.people import ADMIN, SUPERVISOR, Agent, Customer, ShopMember
from core.shops import Shop
from core.text import reference
from orders.models import Order


@dataclass
class World:
    """Lumen sells lamps to Ines, Chaye tea to Lin. Omar, Mei and Sue work for Lumen, Wei for Chaye, Ada for all."""

    lumen: Shop
    chaye: Shop
    ines: Customer
    lin: Customer
    omar: Agent
    mei: Agent
    wei: Agent
    sue: Agent
    ada: Agent


async def make_world() -> World:
    lumen, chaye = await make_shop("lumen", "Lumen"), await make_shop("chaye", "茶野", language="zh")
    world = World(
        lumen=lumen,
        chaye=chaye,
        ines=await make_customer(lumen, "Ines", "ines@example.com"),
        lin=await make_customer(chaye, "林", "lin@example.com", language="zh"),
        omar=await make_agent("Omar"),
        mei=await make_agent("Mei"),
        wei=await make_agent("Wei"),
        sue=await make_agent("Sue", role=SUPERVISOR),
        ada=await make_agent("Ada", role=ADMIN),
    )
    for agent, shop in [(world.omar, lumen), (world.mei, lumen), (world.sue, lumen), (world.wei, chaye)]:
        await ShopMember.create(agent=agent, shop=shop)
    return world


async def make_shop(key: str, name: str, *, language: str = "en", timezone: str = "UTC") -> Shop:
    return await Shop.create(
        public_id=new_id("shp"),
        key=key,
        name=name,
        language=language,
        timezone=timezone,
        mail_address=f"help@{key}.example",
        page_url=f"https://{key}.example",
        created_at=now(),
    )


async def make_customer(shop: Shop, name: str, email: str, *, language: str = "en") -> Customer:
    return await Customer.create(
        public_id=new_id("cus"), shop=shop, name=name, email=email, language=language, created_at=now()
    )


async def make_agent(name: str, *, role: str = "agent") -> Agent:
    """Somebody whose replies are said at once; tests of undoing give them time."""
    email = f"{name.lower()}@wismo.example"
    return await Agent.create(
        public_id=new_id("agt"),
        email=email,
        name=name,
        role=role,
        password_hash="-",
        undo_seconds=0,
        created_at=now(),
    )


async def make_order(shop: Shop, number: str, *, email: str | None = None, phone: str | None = None) -> Order:
    return await Order.create(
        public_id=new_id("ord"),
        shop=shop,
        source="generic",
        source_id=new_id("src"),
        number=number,
        number_key=reference(number),
        placed_at=now(),
        currency="USD",
        email=email,
        phone=phone,
        source_updated_at=now(),
        folded_at=now(),
    )


async def chat(shop: Shop, customer: Customer) -> Conversation:
    return await open_conversation(shop, customer, channel="chat", language=customer.language)
