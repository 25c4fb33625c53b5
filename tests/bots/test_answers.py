"""Where is my order: each state, in both languages, fresh, stale, unverified, with two parcels."""

import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bots.answers import order_answer
from bots.decisions import OpenTicket, RequestCode
from bots.dialogue import Dialogue
from bots.engine import decide
from bots.question import Question
from bots.rulebook import Rulebook
from bots.sample_orders import NOW, SHANGHAI, ago, ahead, order, parcel, states
from orders.snapshots import OrderSnapshot
from orders.statuses import Headline, Hold, ParcelState

STATES = states()
ASK = {"en": "Where is order 1001?", "zh": "订单1001到哪了"}
PARAPHRASES = {
    "en": [
        "Where is order 1001?",
        "where is my stuff, order 1001",
        "has 1001 shipped?",
        "track order 1001",
        "status of order 1001 please",
        "When will order 1001 arrive?",
        "I still haven't received order 1001",
        "order 1001 is late",
        "any update on order 1001?",
        "whats up with my delivery, order number 1001",
    ],
    "zh": [
        "订单1001到哪了",
        "1001什么时候发货",
        "催发货 1001",
        "1001怎么还没到",
        "帮我查一下订单1001的物流",
        "订单号1001，什么时候能到",
        "亲，1001发货了吗",
        "1001物流怎么不更新了",
        "我的订单1001还没收到货",
        "订单1001大概几号能送到",
    ],
}
INTERNAL = re.compile(r"fraud|risk|suspect|lane|欺诈|风控|风险|可疑|None|\{|\}", re.IGNORECASE)
FACTS = {  # words that must be said, per state and language
    "awaiting_payment": {"en": ["not the payment", "12:42"], "zh": ["尚未收到付款", "12:42前付款"]},
    "awaiting_confirmation_payment": {"en": ["payment is being confirmed"], "zh": ["确认支付"]},
    "awaiting_confirmation_stock": {"en": ["in stock", "Wed 25 Nov, 06:42"], "zh": ["库存", "11月25日（周三）06:42"]},
    "awaiting_confirmation_risk": {"en": ["being checked"], "zh": ["核对"]},
    "awaiting_confirmation_acceptance": {"en": ["accepted by the shop"], "zh": ["接单"]},
    "awaiting_confirmation_late": {"en": ["longer than usual"], "zh": ["慢了一些"]},
    "on_hold_fraud": {"en": ["being checked"], "zh": ["核对"]},
    "on_hold_address": {"en": ["full address here"], "zh": ["收货地址"]},
    "on_hold_customs": {"en": ["customs"], "zh": ["海关"]},
    "processing": {"en": ["leaves us by Wed 25 Nov", "still cancel"], "zh": ["最晚11月25日（周三）发出", "可以取消"]},
    "processing_late": {"en": ["should have left us by Sun 22 Nov", "sorry"], "zh": ["非常抱歉"]},
    "backordered": {
        "en": ["Desk lamp is expected on Thu 3 Dec", "You can wait for it"],
        "zh": ["预计12月3日（周四）到货", "取消并退款"],
    },
    "backordered_two": {"en": ["Desk lamp and Bulb are expected on Thu 3 Dec"], "zh": ["Desk lamp和Bulb预计12月3日"]},
    "backordered_in_part": {"en": ["send the rest now"], "zh": ["先发其余商品"]},
    "partially_shipped": {"en": ["Leipzig", "The rest (Bulb) leaves us by"], "zh": ["其余商品（Bulb）最晚"]},
    "info_received": {"en": ["not scanned it yet", "Thu 26 Nov, 00:42"], "zh": ["尚未揽收", "11月26日（周四）00:42"]},
    "in_transit": {
        "en": ["Leipzig, Tue 24 Nov, 05:42", "Wed 25 Nov – Thu 26 Nov"],
        "zh": ["11月25日（周三）至11月26日（周四）"],
    },
    "in_transit_late": {"en": ["is late", "no new date"], "zh": ["晚了", "暂时没有新的时间"]},
    "in_transit_slower": {"en": ["slower than promised", "Mon 30 Nov"], "zh": ["原定11月26日", "11月30日"]},
    "out_for_delivery": {"en": ["today"], "zh": ["今天派送中"]},
    "out_for_delivery_old": {"en": ["Sun 22 Nov"], "zh": ["11月22日"]},
    "available_for_pickup": {"en": ["Packstation 12", "5-1-22", "Sun 29 Nov"], "zh": ["取件码：5-1-22", "11月29日"]},
    "failed_attempt": {
        "en": ["nobody was there", "Expected Wed 25 Nov"],
        "zh": ["无人签收", "预计11月25日"],
    },
    "delivered": {"en": ["Mon 23 Nov, 14:42", "Meier"], "zh": ["11月23日（周一）14:42", "Meier"]},
    "exception_lost": {"en": ["cannot find it", "person"], "zh": ["丢失", "人工"]},
    "exception_damaged": {"en": ["damaged"], "zh": ["受损"]},
    "returning_to_sender": {"en": ["back to us"], "zh": ["退回途中"]},
    "two_parcels": {"en": ["Parcel 1 of 2", "Parcel 2 of 2"], "zh": ["包裹1/2", "包裹2/2"]},
    "cancelled": {
        "en": ["cancelled on Mon 23 Nov", "€199.00", "your card", "RF-77"],
        "zh": ["€199.00", "银行卡", "RF-77"],
    },
    "cancelled_pending": {"en": ["No payment for it is on record"], "zh": ["没有本单的付款记录"]},
    "cancelled_unpaid": {"en": ["not been charged"], "zh": ["未扣款"]},
    "refunded": {"en": ["refunded in full"], "zh": ["全额退款"]},
    "delivered_refund_pending": {"en": ["delivered", "on its way back"], "zh": ["签收", "发起退款"]},
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("state", STATES)
class TestEachState:
    def test_fresh(self, state: str, language: str, rulebook: Rulebook) -> None:
        decision = decide(Question(ASK[language], language, 1), Dialogue(), [STATES[state]], NOW, rulebook)
        reply = decision.replies[-1]
        assert "1001" in reply.text
        assert "10:42" in reply.text, "the age of the facts is told"
        assert not INTERNAL.search(reply.text)
        assert reply.order_id == "ord_1001"
        for words in FACTS.get(state, {}).get(language, ()):
            assert words in reply.text
        assert reply.quick_replies or any(isinstance(action, OpenTicket) for action in decision.actions)
        assert len(reply.text) < 480, "a chat bubble, not a letter"
        assert decision.receipt.order_version == 3
        assert decision.receipt.as_of == NOW

    def test_stale(self, state: str, language: str) -> None:
        old = replace(STATES[state], as_of=NOW - timedelta(hours=7))
        text = order_answer(old, language, NOW).text
        assert ("may have moved on" if language == "en" else "可能有变化") in text

    def test_unverified(self, state: str, language: str, rulebook: Rulebook) -> None:
        decision = decide(Question(ASK[language], language, 1), Dialogue(), [], NOW, rulebook)
        assert decision.actions == (RequestCode("1001"),)
        assert decision.replies[0].phrase == "prove"
        assert decision.replies[0].order_id is None
        assert decision.receipt.facts == {}

    def test_in_its_own_time_zone(self, state: str, language: str) -> None:
        text = order_answer(replace(STATES[state], timezone=SHANGHAI), language, NOW).text
        assert ("Beijing time" if language == "en" else "北京时间") in text
        assert "17:42" in text

    def test_no_date_that_nobody_gave(self, state: str, language: str) -> None:
        """Every day that is named is a day of the snapshot, or two days after the label (when a scan is due)."""
        told = order_answer(STATES[state], "en", NOW).text
        days = set(re.findall(r"\b(\d{1,2} (?:Nov|Dec))\b", told))
        assert days <= known_days(STATES[state])


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language in PARAPHRASES for text in PARAPHRASES[language]]
)
def test_paraphrases(language: str, text: str, rulebook: Rulebook) -> None:
    expected = decide(Question(ASK[language], language, 1), Dialogue(), [STATES["in_transit"]], NOW, rulebook)
    decision = decide(Question(text, "en", 1), Dialogue(), [STATES["in_transit"]], NOW, rulebook)
    assert decision.replies == expected.replies


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("second", list(ParcelState))
def test_two_parcels_are_two_paragraphs(language: str, second: ParcelState) -> None:
    parcels = (parcel(ParcelState.IN_TRANSIT), parcel(second, 2, carrier="UPS"))
    text = order_answer(order(headline=Headline.SHIPPED, parcels=parcels), language, NOW).text
    about_first = [line for line in text.split("\n") if "DHL" in line]
    about_second = [line for line in text.split("\n") if "UPS" in line]
    assert len(about_first) == len(about_second) == 1
    assert about_first != about_second


def test_every_headline_hold_and_parcel_state_has_an_answer() -> None:
    for language in ("en", "zh"):
        for headline in Headline:
            assert order_answer(order(headline=headline), language, NOW).text
        for hold in Hold:
            assert order_answer(order(headline=Headline.ON_HOLD, holds=frozenset({hold})), language, NOW).text
        for direction in ("outbound", "return"):
            for state in ParcelState:
                bare = parcel(
                    state, scans=(), label_at=None, eta_from=None, eta_to=None, last_event_at=None, direction=direction
                )
                assert order_answer(order(headline=Headline.RETURNING, parcels=(bare,)), language, NOW).text


def test_a_carrier_later_than_the_promise_is_believed() -> None:
    late = order(
        headline=Headline.SHIPPED,
        promised_to=ahead(days=1),
        parcels=(parcel(ParcelState.IN_TRANSIT, eta_to=ahead(days=5)),),
    )
    assert "slower than promised" in order_answer(late, "en", NOW).text


def test_customer_words_are_never_a_template() -> None:
    hostile = order(
        headline=Headline.SHIPPED,
        parcels=(parcel(ParcelState.DELIVERED, delivered_at=ago(days=1), signed_by="{number.__class__}"),),
    )
    assert "{number.__class__}" in order_answer(hostile, "en", NOW).text


def known_days(snapshot: OrderSnapshot) -> set[str]:
    moments = [
        getattr(snapshot, name) for name in ("as_of", "paid_at", "confirmed_at", "confirm_by", "pay_by", "cancelled_at")
    ]
    moments += [snapshot.promised_ship_by, snapshot.promised_from, snapshot.promised_to]
    moments += [line.backorder_eta for line in snapshot.lines] + [refund.at for refund in snapshot.refunds]
    for each in snapshot.parcels:
        moments += [
            each.label_at,
            each.out_for_delivery_at,
            each.delivered_at,
            each.eta_from,
            each.eta_to,
            each.pickup_until,
        ]
        moments += [scan.at for scan in each.scans]
        moments += [each.label_at + timedelta(hours=48)] if each.label_at else []
    local = [moment.astimezone(ZoneInfo(snapshot.timezone)) for moment in moments if moment]
    return {f"{moment.day} {moment:%b}" for moment in local}


@pytest.mark.parametrize(("language", "date"), [("en", "Wed 25 Nov"), ("zh", "11月25日")])
def test_no_day_is_promised_while_customs_hold_it(language: str, date: str) -> None:
    assert date not in order_answer(STATES["on_hold_customs_under_way"], language, NOW).text


@pytest.mark.parametrize(("language", "words"), [("en", "back to us"), ("zh", "退回途中")])
def test_what_goes_back_is_told_once(language: str, words: str) -> None:
    answer = order_answer(STATES["returning_refused"], language, NOW)
    assert answer.text.count(words) == 1
    assert not [reply for reply in answer.quick_replies if "?" in reply.label or "退款进度" in reply.label]
