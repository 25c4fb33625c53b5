"""Simulators by themselves: deterministic, signed as the real ones sign, and honest about what they plan."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.gateways.simulators.charges import Charge
from app.gateways.simulators.faults import RETRIES, USUAL, Faults, parse_faults, plan
from app.gateways.simulators.keys import demo_secrets
from app.gateways.simulators.payments import METHODS, PaymentService
from app.gateways.simulators.plots import FAULTY, PLOTS, possible
from app.gateways.simulators.signing import sealed
from app.gateways.simulators.world import Scene, play
from core.errors import Unauthenticated
from core.shops import Shop
from orders.receiving import lower
from orders.sources import SOURCES, alipay
from orders.sources.reading import Delivery
from tests.orders.deliveries import NOON, a_delivery, a_shop

CASTS = [
    ("shopify", "aftership", "stripe"),
    ("shopify", "easypost", "stripe"),
    ("generic", "kuaidi100", "alipay"),
    ("generic", "17track", "wechatpay"),
    ("woocommerce", "aftership", "stripe"),
]
RATE = st.floats(0, 0.6)


def a_simulated_shop(platform: str) -> Shop:
    shop = a_shop("shopify" if platform == "woocommerce" else platform)
    shop.platform, shop.secrets = platform, demo_secrets(shop.key)
    return shop


def a_scene(platform: str = "shopify", tracker: str = "", service: str = "stripe", seed: int = 7) -> Scene:
    shop = a_simulated_shop(platform)
    return Scene(shop=shop, seed=seed, clock=NOON, orders=12, plots={}, tracker=tracker, service=service)


def bytes_of(scene: Scene, faults: Faults = USUAL) -> list[object]:
    drawn = plan(play(scene), faults, scene.seed)
    return [(s.due, sealed(s.letter, scene.shop.secrets, NOON, forged=s.forged)) for s in drawn.sendings]


@pytest.mark.parametrize(("platform", "tracker", "service"), CASTS)
def test_the_same_seed_gives_the_same_bytes(platform: str, tracker: str, service: str) -> None:
    scene = a_scene(platform, tracker, service)
    first = bytes_of(scene)
    assert first == bytes_of(a_scene(platform, tracker, service))
    assert first != bytes_of(replace(scene, seed=8))
    later = replace(scene, clock=NOON + timedelta(minutes=1))
    assert not set(play(scene).truths) & set(play(later).truths), "the same day again is another day's orders"


@pytest.mark.parametrize(("platform", "tracker", "service"), CASTS)
def test_what_is_signed_is_believed_and_what_is_forged_is_not(platform: str, tracker: str, service: str) -> None:
    scene = a_scene(platform, tracker, service)
    secrets = scene.shop.secrets
    told = {said.letter.source: said.letter for said in play(scene).said}
    assert set(told) == {platform, tracker, service}
    for name, letter in told.items():
        source = SOURCES[name]
        good, bad = (sealed(letter, secrets, NOON, forged=forged) for forged in (False, True))
        assert (good.source, good.shop) == (name, scene.shop.key)
        source.verify(secrets[source.SECRETS], lower(good.headers), good.body, NOON)
        with pytest.raises(Unauthenticated):
            source.verify(secrets[source.SECRETS], lower(bad.headers), bad.body, NOON)


def test_bad_days_can_be_told_where_there_are_words_for_them() -> None:
    assert set(possible("shopify", service="stripe")) == set(possible("generic", service="alipay")) == set(PLOTS)
    assert set(FAULTY) < set(PLOTS)
    assert "delivered" not in possible("woocommerce"), "WooCommerce itself hears nothing of carriers"
    assert "double_charge" not in possible("shopify"), "only a payment service knows"
    with pytest.raises(ValueError, match="customs_hold"):
        play(replace(a_scene("woocommerce", "aftership"), plots={"customs_hold": 1.0}))


def test_each_plot_that_is_named_happens_and_a_twin_is_a_twin() -> None:
    story = play(replace(a_scene(), plots=dict.fromkeys(FAULTY, 1.0)))
    headlines = [truth.fields["headline"] for truth in story.truths.values()]
    assert {PLOTS[name].headline.value for name in FAULTY} <= set(headlines)
    emails = [truth.fields["email"] for truth in story.truths.values()]
    assert len(emails) > len(set(emails))


@settings(max_examples=25, deadline=None)
@given(st.builds(Faults, RATE, RATE, RATE, RATE, RATE, RATE), st.integers(0, 99))
def test_a_plan_sends_everything_that_it_has_not_lost(faults: Faults, seed: int) -> None:
    story = play(a_scene())
    drawn = plan(story, faults, seed)
    genuine = [sending for sending in drawn.sendings if not sending.forged]
    sent = {id(sending.said) for sending in genuine}
    assert sent | {id(said) for said in drawn.lost} == {id(said) for said in story.said}
    assert len(drawn.lost) + len(sent) == len(story.said)
    assert [sending.due for sending in drawn.sendings] == sorted(sending.due for sending in drawn.sendings)
    for said in story.said:
        tries = [sending for sending in genuine if sending.said is said and sending.fault != "doubled"]
        assert len(tries) <= 1 + len(RETRIES[said.letter.source])
        assert all(not sending.heard for sending in tries[:-1]), "who has heard the answer does not repeat"


def test_without_faults_a_plan_is_the_story() -> None:
    story = play(a_scene())
    drawn = plan(story, Faults(), 1)
    assert [sending.said for sending in drawn.sendings] == list(story.said)
    assert {(sending.fault, sending.heard, sending.forged) for sending in drawn.sendings} == {("", True, False)}
    assert drawn.lost == ()


def test_faults_are_read_as_they_are_typed() -> None:
    assert parse_faults([]) == Faults()
    assert parse_faults(["late=0.25", "timeouts"]) == Faults(late=0.25, timeouts=USUAL.timeouts)
    assert parse_faults(["all", "lost=0"]) == replace(USUAL, lost=0.0)
    for rubbish in ("late=2", "late=-1", "slow", "late=much", "=1", "late=nan"):
        with pytest.raises(ValueError, match=rubbish):
            parse_faults([rubbish])


def a_charge(amount: int = 5000) -> Charge:
    return Charge("2088000000000000000000000001", "1001", amount, "CNY", "paid", NOON)


@pytest.mark.parametrize("service", METHODS)
def test_a_payment_service_acts_once_for_each_name(service: str) -> None:
    account = PaymentService(service, "lumen")
    charge = a_charge()
    assert len(account.charge(charge)) == 1
    assert account.charge(a_charge()) == []
    begun = account.refund(charge.reference, "re_1", 2000, NOON)
    done = account.refund(charge.reference, "re_1", 2000, NOON, state="succeeded")
    assert (len(begun), len(done)) == (1 if service == "stripe" else 0, 1)
    assert account.refund(charge.reference, "re_1", 2000, NOON, state="succeeded") == []
    assert (charge.given_back, charge.leaving) == (2000, 2000)
    with pytest.raises(ValueError, match="more than"):
        account.refund(charge.reference, "re_2", 3001, NOON)
    account.refund(charge.reference, "re_3", 3000, NOON)
    account.refund(charge.reference, "re_3", 3000, NOON, state="failed")
    assert charge.leaving == 2000
    with pytest.raises(LookupError):
        account.refund("nobody's", "re_4", 1, NOON)


def test_alipay_tells_how_much_has_gone_back_by_now() -> None:
    account, charge = PaymentService("alipay", "chaye"), a_charge()
    account.charge(charge)
    shop = a_simulated_shop("generic")
    sums, states = [], []
    for name, amount in (("re_1", 2000), ("re_2", 3000)):
        (letter,) = account.refund(charge.reference, name, amount, NOON, state="succeeded")
        facts = alipay.read(delivered(shop, sealed(letter, shop.secrets, NOON).body)).orders[0]
        sums += [s.facts.model_dump(exclude_unset=True).get("cumulative") for s in facts.statements][1:2]
        states.append(b"TRADE_CLOSED" in letter.body)
    assert (sums, states) == ([2000, 5000], [False, True])


def delivered(shop: Shop, body: bytes) -> Delivery:
    return a_delivery(shop, "notify", body)
