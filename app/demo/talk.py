"""Conversations and tickets of the demo: work that is waiting, in hand and done, in both languages."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from conversations.handover import hand_to_queue
from conversations.models import CHAT, EMAIL, Proof
from conversations.noting import add_note
from conversations.opening import open_conversation
from conversations.posting import post
from core.clock import frozen
from core.ids import new_id
from core.people import BOT, Actor, Agent, Customer
from core.shops import Shop
from core.transactions import transaction
from orders.models import Order, OrderLine
from orders.refunds.case import Reason
from tickets.aftersales.kinds import Kind
from tickets.aftersales.opening import Wanted, open_case
from tickets.aftersales.scope import Asked
from tickets.assignment import assign
from tickets.complaints.intake import receive
from tickets.opening import open_ticket
from tickets.prioritising import set_priority
from tickets.promises import first_reply_given
from tickets.resolution import await_customer, resolve


@dataclass(frozen=True)
class Story:
    """One conversation: which order it is about, who said what, and how far the work has come."""

    shop: str
    headline: str  # of the order it is about
    kind: str
    subject: str
    words: tuple[tuple[str, str], ...]  # ("customer" | "bot" | "agent" | "note", text)
    minutes_ago: int
    channel: str = CHAT
    priority: str = "normal"
    agent: str = ""
    ends: str = "open"  # open · pending · resolved
    suggested: bool = False
    gap: timedelta = timedelta(minutes=1)
    case: tuple[Kind, Reason] | None = None  # an after-sales case about one unit of the first line


STORIES = (
    Story(
        "lumen",
        "delivered",
        "complaint",
        "Shade arrived cracked",
        (
            ("customer", "The lamp came today but the glass shade is cracked right down one side."),
            (
                "bot",
                "I'm sorry about that. I've passed this to a colleague, who can arrange a replacement or a refund.",
            ),
            ("customer", "I need it for a dinner on Saturday, can you hurry please?"),
        ),
        minutes_ago=14,
        priority="high",
        case=(Kind.EXCHANGE, Reason.DAMAGED),
    ),
    Story(
        "lumen",
        "shipped",
        "question",
        "Can the parcel wait at the depot?",
        (
            ("customer", "We are away until Friday. Can UPS hold the parcel?"),
            ("bot", "A colleague can ask the carrier. They will answer you here."),
            (
                "agent",
                "Hi! I've asked UPS to hold it at the access point until Saturday. I'll write as soon as they confirm.",
            ),
            ("note", "UPS request placed by phone; they confirm within two hours."),
        ),
        minutes_ago=95,
        agent="maya@wismo.example",
        ends="pending",
    ),
    Story(
        "lumen",
        "backordered",
        "refund",
        "Refund instead of waiting for the pendant",
        (
            ("customer", "I don't want to wait another three weeks. Please refund the pendant light."),
            ("bot", "I've passed your refund request to a colleague. You will get an answer here."),
        ),
        minutes_ago=41,
    ),
    Story(
        "lumen",
        "processing",
        "question",
        "Invoice with our company name",
        (
            (
                "customer",
                "Hello,\n\ncould you send the invoice for our order in the name of Hartley Studio?\n\nThanks,\nRosa",
            ),
        ),
        minutes_ago=180,
        channel=EMAIL,
        suggested=True,
    ),
    Story(
        "lumen",
        "completed",
        "aftersales",
        "Wrong bulb in the box",
        (
            ("customer", "I ordered E26 bulbs and got E12."),
            ("agent", "That was our mistake. The right ones left us today, and you can keep the others."),
            ("customer", "Wonderful, thank you!"),
        ),
        minutes_ago=1500,
        agent="maya@wismo.example",
        ends="resolved",
    ),
    Story(
        "chaye",
        "delivered",
        "complaint",
        "茶饼受潮",
        (
            ("customer", "收到了，但是茶饼外包装破了，里面有点受潮，怎么办？"),
            ("bot", "非常抱歉给您带来不好的体验，已为您转接人工客服处理。"),
            ("customer", "要送人的，麻烦快一点"),
        ),
        minutes_ago=9,
        case=(Kind.RETURN_REFUND, Reason.DAMAGED),
        priority="high",
    ),
    Story(
        "chaye",
        "shipped",
        "question",
        "能改送公司地址吗",
        (
            ("customer", "快递能改送到公司吗？白天家里没人"),
            ("bot", "已为您转接人工客服，客服会联系快递确认。"),
            ("agent", "您好，已经联系网点了，明天上午派送前会先给您打电话，可以送到公司前台。"),
            ("note", "网点电话已确认，派件员姓王。"),
        ),
        minutes_ago=66,
        agent="chen@wismo.example",
        ends="pending",
    ),
    Story(
        "chaye",
        "processing",
        "cancellation",
        "想取消订单重新拍",
        (
            ("customer", "拍错规格了，想取消重新拍"),
            ("bot", "已登记您的取消申请，客服正在和仓库核实。"),
        ),
        minutes_ago=23,
    ),
    Story(
        "chaye",
        "completed",
        "question",
        "开发票",
        (
            ("customer", "麻烦开一张电子发票，抬头：青禾文化"),
            ("agent", "您好，电子发票已经开好发到您的邮箱，请查收。"),
        ),
        minutes_ago=2900,
        agent="chen@wismo.example",
        ends="resolved",
    ),
)


async def seed_talk(lumen: Shop, chaye: Shop, moment: datetime) -> None:
    """Tell every story, each at its own time before `moment`."""
    shops = {"lumen": lumen, "chaye": chaye}
    used: set[int] = set()
    async with transaction():
        for story in sorted(STORIES, key=lambda story: -story.minutes_ago):
            shop = shops[story.shop]
            order = (
                await Order.filter(shop=shop, headline=story.headline)
                .exclude(id__in=list(used) or [0])
                .order_by("-id")
                .first()
            )
            if order is not None:
                used.add(order.id)
                await _tell(story, shop, order, moment - timedelta(minutes=story.minutes_ago))


async def _tell(story: Story, shop: Shop, order: Order, start: datetime) -> None:
    with frozen(start) as clock:
        customer = await Customer.create(
            public_id=new_id("cus"),
            shop=shop,
            name=order.customer_name,
            email=order.email,
            language=shop.language,
            created_at=start,
        )
        talk = await open_conversation(
            shop, customer, channel=story.channel, language=shop.language, subject=story.subject
        )
        agent = await Agent.get_or_none(email=story.agent) if story.agent else None
        if story.channel == CHAT and order.email:
            week = start + timedelta(days=7)
            await Proof.create(
                conversation_id=talk.id, kind="code", contact=order.email, proved_at=start, expires_at=week
            )
        ticket_id = 0
        for position, (who, text) in enumerate(story.words):
            clock.advance(story.gap)
            client_id = f"demo:{position}"
            if who == "note":
                await add_note(talk.id, agent, text, client_id)
                continue
            actor = {"customer": Actor.of(customer), "bot": BOT}.get(who) or Actor.of(agent or customer)
            shown = order.id if who == "bot" else None
            await post(talk.id, actor, text, client_id=client_id, channel=story.channel, order_id=shown)
            if not ticket_id:
                ticket_id = await _open(story, talk.id, order, customer)
            if who == "bot":
                await hand_to_queue(talk.id, BOT, story.kind)
            if who == "agent":
                await first_reply_given(talk.id, clock.now())
        if story.channel == EMAIL:
            await hand_to_queue(talk.id, Actor.of(customer), "mail")
        if story.case is not None:
            await _ask_for(story.case, ticket_id, order, customer)
        await _finish(story, ticket_id, agent)


async def _ask_for(case: tuple[Kind, Reason], ticket_id: int, order: Order, customer: Customer) -> None:
    line = await OrderLine.filter(order_id=order.id).order_by("position", "id").first()
    if line is not None:
        kind, reason = case
        wanted = Wanted(kind=kind, reason=reason, lines=(Asked(line=line.source_id, units=1),))
        await open_case(ticket_id, order.id, wanted, Actor.of(customer))


async def _open(story: Story, conversation_id: int, order: Order, customer: Customer) -> int:
    by_mail = story.channel == EMAIL
    ticket = await open_ticket(
        conversation_id,
        story.kind,
        Actor.of(customer) if by_mail else BOT,
        subject=story.subject,
        order_ids=[order.id],
        link_source="mail" if by_mail else "bot",
        link_confirmed=not story.suggested,
    )
    await receive(ticket.id)  # nothing, unless it is a complaint
    return int(ticket.id)


async def _finish(story: Story, ticket_id: int, agent: Agent | None) -> None:
    if story.priority != "normal":
        await set_priority(ticket_id, story.priority, BOT)
    if agent is None:
        return
    await assign(ticket_id, agent, Actor.of(agent))
    if story.ends == "pending":
        await await_customer(ticket_id, Actor.of(agent))
    if story.ends == "resolved":
        await resolve(ticket_id, Actor.of(agent))
