"""The demo's storefronts: two small shops that embed the widget by the very tag a real shop would use."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.demo import LOGINS, PASSWORD
from app.demo.orders import advance
from app.i18n import gettext, request_language
from app.order_cards import order_card
from app.rendering import render
from core.clock import now
from core.errors import NotFound
from core.people import ADMIN, AGENT, SUPERVISOR
from core.shops import Shop
from core.text import reference
from orders.access import Viewer, order_in_view, orders_in_view
from orders.models import Order
from orders.snapshots import snapshots

FIRST_NUMBER = "1001"
ORDERS_SHOWN = 5
PURPOSE = "demo"


@dataclass(frozen=True, slots=True)
class Product:
    """Something in the window."""

    name: str
    kind: str
    price: str
    picture: str


@dataclass(frozen=True, slots=True)
class Storefront:
    """What a demo shop's page says, in the shop's own language."""

    key: str
    name: str
    language: str
    claim: str
    story: str
    menu: tuple[str, ...]
    hero: str
    products: tuple[Product, ...]
    ask: str


async def index(request: Request) -> Response:
    """GET /demo: what there is to see."""
    _demo_only(request)
    roles = {role: gettext(name, request_language(request)) for role, name in ROLES.items()}
    context: dict[str, Any] = {"shops": STOREFRONTS.values(), "logins": LOGINS, "password": PASSWORD, "roles": roles}
    return render(request, "demo/index.html", context)


async def shop_page(request: Request) -> Response:
    """GET /demo/{shop}: the storefront, with the orders of the visitor it imagines. Raises NotFound."""
    _demo_only(request)
    front, shop = await _front(request)
    request.state.language = front.language
    return render(
        request, "demo/shop.html", {"front": front, "shop": shop, "orders": await _cards(shop, front.language)}
    )


async def step(request: Request) -> Response:
    """POST /demo/{shop}/orders/{number}/step: the simulated shop and carrier move an order on. Raises NotFound."""
    _demo_only(request)
    front, shop = await _front(request)
    viewer = Viewer.customer(shop.id, await _visitor(shop))
    order = await order_in_view(viewer, request.path_params["number"], PURPOSE)
    await advance(order.public_id)
    return RedirectResponse(f"/demo/{front.key}#orders", status_code=303)


def _demo_only(request: Request) -> None:
    if not request.app.state.demo:
        raise NotFound("this desk is no demo")


async def _front(request: Request) -> tuple[Storefront, Shop]:
    front = STOREFRONTS.get(request.path_params["shop"])
    shop = await Shop.get_or_none(key=front.key) if front else None
    if front is None or shop is None:
        raise NotFound("no such demo shop")
    return front, shop


async def _cards(shop: Shop, language: str) -> list[dict[str, Any]]:
    """The orders that the imagined visitor has in this shop, oldest number first."""
    orders = await orders_in_view(Viewer.customer(shop.id, await _visitor(shop)), PURPOSE)
    orders.sort(key=lambda order: order.number_key)
    pictures = await snapshots(orders[:ORDERS_SHOWN])
    return [order_card(picture, language, now()) for picture in pictures]


async def _visitor(shop: Shop) -> tuple[str, ...]:
    """The contact of the person whose browser this seems to be: whoever placed the first order."""
    order = await Order.filter(shop_id=shop.id, number_key=reference(FIRST_NUMBER)).first()
    return (order.email,) if order and order.email else ()


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


ROLES = {ADMIN: _("Admin"), SUPERVISOR: _("Supervisor"), AGENT: _("Agent")}
STOREFRONTS = {
    "lumen": Storefront(
        key="lumen",
        name="Lumen & Oak",
        language="en",
        claim="Light you want to stay in.",
        story="Lamps turned from oiled oak and hand-blown glass, made in small runs and repaired for life.",
        menu=("Lamps", "Shades", "Repairs", "Journal"),
        hero="demo/lumen-hero.svg",
        products=(
            Product("Arc floor lamp", "Oiled oak, linen shade", "$248", "demo/lumen-arc.svg"),
            Product("Pebble table lamp", "Opal glass, dimmable", "$119", "demo/lumen-pebble.svg"),
            Product("Halo pendant", "Spun brass, 48 cm", "$189", "demo/lumen-halo.svg"),
            Product("Wick lantern", "For the garden, rechargeable", "$79", "demo/lumen-wick.svg"),
        ),
        ask="Where is my order 1001?",
    ),
    "chaye": Storefront(
        key="chaye",
        name="茶野",
        language="zh",
        claim="山野的茶，慢慢喝。",
        story="从武夷到勐海，与小农户一起采制的当季茶。小批量焙火，下单后现装，七天内随时可退。",
        menu=("新茶", "茶器", "茶事", "门店"),
        hero="demo/chaye-hero.svg",
        products=(
            Product("野放白牡丹", "福鼎 · 2026 春 · 100 克", "¥168", "demo/chaye-white.svg"),
            Product("武夷肉桂", "三坑两涧 · 足火 · 50 克", "¥198", "demo/chaye-rock.svg"),
            Product("古树生普", "勐海 · 357 克饼", "¥420", "demo/chaye-cake.svg"),
            Product("柴烧盖碗", "景德镇 · 120 毫升", "¥260", "demo/chaye-bowl.svg"),
        ),
        ask="我的订单 1001 到哪了？",
    ),
}

routes = [
    Route("/demo", index, name="demo"),
    Route("/demo/{shop}", shop_page, name="demo_shop"),
    Route("/demo/{shop}/orders/{number}/step", step, methods=["POST"], name="demo_step"),
]
