"""A simulated carrier: labels, tracking numbers, and scans with the words that real carriers use."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from app.gateways.simulators.order import SimOrder, SimParcel, SimScan
from orders.statuses import ParcelState


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier, the pattern of its tracking numbers (# is a digit) and its tracking page."""

    name: str
    pattern: str
    page: str


CARRIERS = {
    "en": (
        Carrier("UPS", "1Z########03######", "https://www.ups.com/track?tracknum={}"),
        Carrier("FedEx", "############", "https://www.fedex.com/fedextrack/?trknbr={}"),
        Carrier("USPS", "94001#################", "https://tools.usps.com/go/TrackConfirmAction?tLabels={}"),
        Carrier("DHL", "JD0146###########", "https://www.dhl.com/en/express/tracking.html?AWB={}"),
    ),
    "zh": (
        Carrier("顺丰速运", "SF1###########", "https://www.sf-express.com/chn/sc/waybill/waybill-detail/{}"),
        Carrier("中通快递", "7############5", "https://www.zto.com/express/expressCheck.html?txtBill={}"),
        Carrier("圆通速递", "YT1############", "https://www.yto.net.cn/query/{}"),
        Carrier("京东物流", "JD0##########", "https://www.jdl.com/orderSearch/?waybillCodes={}"),
    ),
}
_ROUTES = {
    "en": ("Portland, OR", "Salt Lake City, UT", "Kansas City, MO"),
    "zh": ("杭州市", "杭州转运中心", "上海转运中心"),
}
# name of a step: the code on the wire, its meaning, the words in English and Chinese, the place on the route
SCANS: dict[str, tuple[str, ParcelState, str, str, int]] = {
    "label": ("label_printed", ParcelState.INFO_RECEIVED, "Shipping label created", "商家已下单，等待揽收", 0),
    "collect": ("carrier_picked_up", ParcelState.IN_TRANSIT, "Picked up by {carrier}", "【{place}】{carrier}已揽收", 0),
    "depart": ("in_transit", ParcelState.IN_TRANSIT, "Departed sorting facility", "快件离开【{place}】，发往下一站", 1),
    "arrive": ("in_transit", ParcelState.IN_TRANSIT, "Arrived at regional hub", "快件已到达【{place}】", 2),
    "local": ("in_transit", ParcelState.IN_TRANSIT, "At local delivery station", "快件已到达【{place}营业点】", 3),
    "out": ("out_for_delivery", ParcelState.OUT_FOR_DELIVERY, "Out for delivery", "快件派送中，请保持电话畅通", 3),
    "attempt": (
        "attempted_delivery",
        ParcelState.FAILED_ATTEMPT,
        "Delivery attempted: nobody was home",
        "派送未成功：收件人不在，将再次派送",
        3,
    ),
    "ready": (
        "ready_for_pickup",
        ParcelState.AVAILABLE_FOR_PICKUP,
        "Ready for pickup at {point}, code {code}",
        "快件已存放至{point}，请凭取件码{code}领取",
        3,
    ),
    "delivered": ("delivered", ParcelState.DELIVERED, "Delivered, front door", "快件已签收，签收人：{signer}", 3),
    "delay": ("delayed", ParcelState.EXCEPTION, "Delayed by severe weather", "受天气影响，快件运输延误", 2),
    "lost": ("failure", ParcelState.EXCEPTION, "Lost in transit, a trace is open", "快件疑似遗失，正在查找", 2),
    "damage": ("failure", ParcelState.EXCEPTION, "Package damaged, under investigation", "快件破损，正在核实处理", 2),
    "back": ("returning_to_sender", ParcelState.RETURNING, "Returning to sender: refused", "收件人拒收，快件退回中", 3),
}
_POINTS = {"en": "Parcel locker, 214 Main St", "zh": "菜鸟驿站（阳光花园2号门店）"}


def print_label(order: SimOrder, lines: list[tuple[str, int]], at: datetime, random: Random) -> SimParcel:
    """A new parcel for `lines`, announced to a carrier."""
    language = "zh" if order.chinese else "en"
    carrier = random.choice(CARRIERS[language])
    number = "".join(str(random.randrange(10)) if sign == "#" else sign for sign in carrier.pattern)
    days = timedelta(days=random.choice((3, 4, 5)))
    parcel = SimParcel(order.next_id(1), carrier.name, number, carrier.page.format(number), lines, at, at + days)
    order.parcels.append(parcel)
    return parcel


def scan(order: SimOrder, parcel: SimParcel, name: str, at: datetime, random: Random) -> SimScan:
    """The next scan of a parcel; `name` is a key of SCANS."""
    code, state, english, chinese, station = SCANS[name]
    language = "zh" if order.chinese else "en"
    place = [*_ROUTES[language], order.address.city][station]
    if name == "ready":
        parcel.pickup_point, parcel.pickup_until = _POINTS[language], at + timedelta(days=3)
        parcel.pickup_code = f"{random.randrange(1, 10)}-{random.randrange(1, 6)}-{random.randrange(1000, 9999)}"
    if name == "delivered" and order.chinese:
        parcel.signed_by = random.choice(("本人", "前台代收", "家人代收"))
    words = (chinese if order.chinese else english).format(
        carrier=parcel.carrier,
        place=place,
        point=parcel.pickup_point,
        code=parcel.pickup_code,
        signer=parcel.signed_by,
    )
    event = SimScan(at, code, state, words, place)
    parcel.scans.append(event)
    return event


def next_scan(parcel: SimParcel, random: Random) -> str | None:
    """What the carrier does next with a parcel; None when it is done or a person has to act."""
    if not parcel.scans:
        return "collect"
    last, seen = parcel.scans[-1], {event.text for event in parcel.scans}
    if last.state is ParcelState.OUT_FOR_DELIVERY and len(seen) == len(parcel.scans) and random.random() < 0.15:
        return "attempt"
    if last.state is ParcelState.IN_TRANSIT:
        moves = sum(event.state is ParcelState.IN_TRANSIT for event in parcel.scans)
        return ("depart", "arrive", "local", "out")[min(moves, 4) - 1]
    return {
        ParcelState.INFO_RECEIVED: "collect",
        ParcelState.EXCEPTION: "local",
        ParcelState.FAILED_ATTEMPT: "out",
        ParcelState.OUT_FOR_DELIVERY: "delivered",
        ParcelState.AVAILABLE_FOR_PICKUP: "delivered",
    }.get(last.state)
