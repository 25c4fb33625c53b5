"""Deliveries that nobody could apply: who sees them, what they show, and folding them again."""

import html
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app.gateways.simulators.shop import incoming
from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.errors import Invalid
from core.people import Agent, ShopMember
from core.shops import Shop
from orders import applying
from orders.folding import fold
from orders.models import Dispute, Order, OrderLine, Payment, Refund, Shipment, SourceEvent, TrackingEvent
from orders.receiving import accept, receive
from orders.sources import generic
from orders.statuses import Closure
from tests.console.conftest import Browser
from tests.heard import counted
from tests.orders.deliveries import webhook
from tests.people import World, make_order

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
EVIL = '</pre><script>window.hurt=1</script>" onload=hurt() {{1234*5678}} %(name)s'
DOCUMENT = (
    '{"id":"A-7","updated_at":"2026-03-02T09:00:00Z","number":"7","currency":"USD","placed_at":"2026-03-02T08:00:00Z",'
    '"totals":{"total":"10.00"}}'
)


async def failed(shop: Shop, body: str = '{"id": ""}', **headers: str) -> SourceEvent:
    """A stored delivery that cannot be read."""
    number = await SourceEvent.all().count()
    sent = {"webhook-id": f"msg-{number}", "webhook-signature": "v1,c2VjcmV0"} | headers
    event = await receive(shop, generic.NAME, generic.TOPIC, f"msg-{number}", sent, body.encode())
    with pytest.raises(Invalid):
        await fold(event.id)
    return await SourceEvent.get(id=event.id)


async def test_supervisors_see_what_their_shops_have_sent_in_vain(world: World, open_browser: OpenBrowser) -> None:
    mine, theirs = await failed(world.lumen), await failed(world.chaye)
    browser = await open_browser(world.sue)
    page = (await browser.get("/console/deliveries")).text
    assert mine.public_id in page
    assert "the order cannot be read" in page
    assert "Not understood" in page
    assert theirs.public_id not in page
    everything = (await (await open_browser(world.ada)).get("/console/deliveries")).text
    assert mine.public_id in everything
    assert theirs.public_id in everything


async def test_others_see_nothing(world: World, open_browser: OpenBrowser) -> None:
    mine, theirs = await failed(world.lumen), await failed(world.chaye)
    agent = await open_browser(world.omar)
    for path in ("/console/deliveries", f"/console/deliveries/{mine.public_id}", "/console/deliveries/evt_0"):
        assert (await agent.get(path)).status_code == 403
    await agent.get("/console/account")
    assert (await agent.post(f"/console/deliveries/{mine.public_id}/replay")).status_code == 403
    supervisor = await open_browser(world.sue)
    for name in (theirs.public_id, "evt_0", "%00", "x" * 300):
        assert (await supervisor.get(f"/console/deliveries/{name}")).status_code == 404
        await supervisor.get("/console/account")
        assert (await supervisor.post(f"/console/deliveries/{name}/replay")).status_code == 404
    stranger = await open_browser()
    assert (await stranger.get("/console/deliveries")).status_code == 303
    assert await AuditEntry.filter(action__startswith="delivery.").count() == 0


async def test_only_administrators_read_the_bytes_and_leave_a_trace(world: World, open_browser: OpenBrowser) -> None:
    event = await failed(world.lumen, '{"id": "", "email": "ines@example.com"}')
    path = f"/console/deliveries/{event.public_id}"
    page = (await (await open_browser(world.sue)).get(path)).text
    assert "ines@example.com" not in page
    assert "Only administrators see its bytes." in page
    page = (await (await open_browser(world.ada)).get(path)).text
    assert "ines@example.com" in page
    assert "webhook-id: msg-0" in page
    assert "c2VjcmV0" not in page
    (trace,) = await AuditEntry.filter(action="delivery.read")
    assert (trace.actor_id, trace.subject) == (world.ada.id, event.public_id)


async def test_bodies_are_laid_out_and_can_be_had_as_they_came(world: World, open_browser: OpenBrowser) -> None:
    body = '{"id":"","note":"茶","lines":[1,2]}'
    event = await failed(world.lumen, body)
    browser, path = await open_browser(world.ada), f"/console/deliveries/{event.public_id}"
    page = html.unescape((await browser.get(path)).text)
    assert '{\n  "id": "",\n  "note": "茶",\n  "lines": [\n    1,\n    2\n  ]\n}' in page
    assert body in page
    answer = await browser.get(f"{path}/raw")
    assert answer.content == body.encode()
    assert answer.headers["content-disposition"] == f'attachment; filename="{event.public_id}.bin"'
    assert answer.headers["content-type"] == "application/octet-stream"
    assert (await (await open_browser(world.sue)).get(f"{path}/raw")).status_code == 403
    assert (await (await open_browser(world.omar)).get(f"{path}/raw")).status_code == 403
    assert await AuditEntry.filter(action="delivery.downloaded", subject=event.public_id).count() == 1
    await SourceEvent.filter(id=event.id).update(body=b"a=1&sign=abc&param={%22x%22:[1]}")
    page = html.unescape((await browser.get(path)).text)
    assert 'a = 1\nsign = …\nparam = {\n  "x": [\n    1\n  ]\n}' in page


async def test_bytes_stay_text(world: World, open_browser: OpenBrowser) -> None:
    event = await failed(world.lumen, EVIL, **{"webhook-timestamp": EVIL})
    await SourceEvent.filter(id=event.id).update(error=EVIL, topic=EVIL[:100])
    browser = await open_browser(world.ada)
    for path in ("/console/deliveries", f"/console/deliveries/{event.public_id}"):
        page = (await browser.get(path)).text
        assert "<script>window" not in page
        assert "&lt;/pre&gt;&lt;script&gt;" in page
        assert "{{1234*5678}}" in page
        assert "7006652" not in page
    await SourceEvent.filter(id=event.id).update(body=b"\xff\xfe\x00 \xe8")
    assert (await browser.get(f"/console/deliveries/{event.public_id}")).status_code == 200


async def test_a_delivery_is_folded_again(
    world: World, open_browser: OpenBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await receive(world.lumen, generic.NAME, generic.TOPIC, "msg", {}, DOCUMENT.encode())

    def full(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(applying, "keep", full)
        with pytest.raises(OSError, match="disk full"):
            await fold(event.id)
    browser = await open_browser(world.sue)
    path = f"/console/deliveries/{event.public_id}"
    await browser.get(path)
    answer = await browser.post(f"{path}/replay")
    assert answer.headers["location"] == f"{path}?said=replayed"
    assert "Rebuilt." in (await browser.get(answer.headers["location"])).text
    assert (await Order.get()).number == "7"
    assert "Nothing left over" in (await browser.get("/console/deliveries")).text
    (trace,) = await AuditEntry.filter(action="delivery.replayed")
    assert (trace.actor_id, trace.subject) == (world.sue.id, event.public_id)


async def test_what_cannot_be_read_stays_on_the_list(world: World, open_browser: OpenBrowser) -> None:
    event = await failed(world.lumen)
    browser = await open_browser(world.sue)
    answer = await browser.post(f"/console/deliveries/{event.public_id}/replay")
    assert answer.headers["location"].endswith("?said=still_failed")
    assert event.public_id in (await browser.get("/console/deliveries")).text


async def test_replaying_needs_the_forms_token(world: World, open_browser: OpenBrowser) -> None:
    event = await failed(world.lumen)
    browser = await open_browser(world.sue)
    answer = await browser.client.post(f"/console/deliveries/{event.public_id}/replay", data={})
    assert answer.status_code == 403
    assert await AuditEntry.filter(action="delivery.replayed").count() == 0


async def test_the_rail_counts_what_failed(world: World, open_browser: OpenBrowser) -> None:
    for _ in range(3):
        await failed(world.lumen)
    await failed(world.chaye)
    for agent, count in ((world.sue, "3"), (world.ada, "4")):
        page = (await (await open_browser(agent)).get("/console/account")).text
        assert f'<span class="count">{count}</span>' in page
    assert "/console/deliveries" not in (await (await open_browser(world.omar)).get("/console/account")).text


async def test_long_lists_have_pages_and_a_constant_number_of_statements(
    world: World, open_browser: OpenBrowser
) -> None:
    await failed(world.lumen)
    browser = await open_browser(world.sue)
    with counted() as few:
        await browser.get("/console/deliveries")
    rows = [
        SourceEvent(
            public_id=f"evt_{number:026d}",
            shop_id=world.lumen.id,
            source="generic",
            topic="orders:upsert",
            delivery_key=f"k{number}",
            body=b"{}",
            received_at=now(),
            state="parked",
        )
        for number in range(60)
    ]
    await SourceEvent.bulk_create(rows)
    with counted() as many:
        page = (await browser.get("/console/deliveries")).text
    assert len(many) == len(few)
    assert page.count("/replay") == 50
    assert "Waiting for its order" in page
    last = (await SourceEvent.all().order_by("-id").offset(49).limit(1))[0]
    older = (await browser.get(f"/console/deliveries?after={last.id}")).text
    assert older.count("/replay") == 11


async def test_in_chinese(world: World, open_browser: OpenBrowser) -> None:
    event = await failed(world.chaye)
    await Agent.filter(id=world.wei.id).update(language="zh", role="supervisor")
    browser = await open_browser(await Agent.get(id=world.wei.id))
    page = (await browser.get("/console/deliveries")).text
    for words in ("推送", "重新处理", "未能识别"):
        assert words in page
    assert "原始内容仅管理员可见" in (await browser.get(f"/console/deliveries/{event.public_id}")).text


async def test_the_order_page_tells_where_its_state_comes_from(
    world: World, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    await Order.filter(id=order.id).update(total=1000, payment="overpaid")
    for number in (1, 2):
        await Payment.create(
            order=order, source_id=f"pay-{number}", tender="card", gateway="stripe", gateway_ref=f"ch_{number}",
            state="paid", captured=1000, currency="USD", at=now() + timedelta(minutes=number),
        )  # fmt: skip
    await Refund.create(
        public_id="rfd_1", order=order, source_id="r", amount=250, currency="USD", state="pending", at=now()
    )
    parcel = await Shipment.create(public_id="par_1", order=order, source_id="p", carrier="UPS", tracking_number="1Z")
    await TrackingEvent.bulk_create(
        [
            TrackingEvent(
                shipment=parcel,
                at=now() + timedelta(hours=n),
                received_at=now(),
                state="in_transit",
                text=f"Scan number {n:03d}",
                digest=str(n),
            )
            for n in range(40)
        ]
    )
    event = await failed(world.lumen)
    await SourceEvent.filter(id=event.id).update(order_id=order.id)
    path = f"/console/orders/{order.public_id}"
    page = (await (await open_browser(world.sue)).get(path)).text
    twice = ("Paid twice?", "ch_2: refund that one")
    for words in ("$10.00", "−$2.50", "ch_1", "stripe", *twice, "Scan number 000", "Scan number 039"):
        assert words in page, words
    assert f"/console/deliveries/{event.public_id}" in page
    assert f"/console/deliveries/{event.public_id}" not in (await (await open_browser(world.omar)).get(path)).text


async def test_the_order_page_tells_of_disputes_and_of_money_that_a_bank_took(
    world: World, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    words: dict[str, Any] = {"reason": "fraudulent", "currency": "USD", "opened_at": now()}
    due = now() + timedelta(days=5)
    await Dispute.create(
        order=order, source_id="dp_1", state="needs_response", amount=1000, evidence_due_by=due, **words
    )
    await Dispute.create(order=order, source_id="dp_2", state="lost", amount=300, **words)
    await Refund.create(
        public_id="rfd_1", order=order, source_id="dp_2", amount=300, currency="USD", state="succeeded", at=now(),
        reversal=True,
    )  # fmt: skip
    browser = await open_browser(world.omar)
    page = (await browser.get(f"/console/orders/{order.public_id}")).text
    for text in ("The bank wants evidence about $10.00 by", "$3.00 went back to the customer", "Evidence requested"):
        assert text in page
    for text in ("fraudulent", "dp_1", "Taken back by the bank"):
        assert text in page


async def test_the_order_page_hints_at_an_order_that_was_placed_twice(
    world: World, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    first = await make_order(world.lumen, "#1001", email="ines@example.com")
    clock.advance(timedelta(minutes=9))
    second = await make_order(world.lumen, "#1002", email="ines@example.com")
    for order in (first, second):
        await OrderLine.create(order=order, source_id="1", sku="LO-ALD", title="Lamp", quantity=1)
    browser = await open_browser(world.omar)
    page = (await browser.get(f"/console/orders/{first.public_id}")).text
    assert "Ordered twice?" in page
    assert f"/console/orders/{second.public_id}" in page
    await Order.filter(id=second.id).update(closure=Closure.CANCELLED)
    assert "Ordered twice?" not in (await browser.get(f"/console/orders/{first.public_id}")).text


async def test_a_signed_delivery_that_failed_is_listed(world: World, open_browser: OpenBrowser) -> None:
    """All of the way: through the verb behind the door, and through the job."""
    await Shop.filter(id=world.lumen.id).update(secrets={"shopify": ["shop-secret"]})
    await ShopMember.get_or_create(agent=world.mei, shop=world.lumen)
    event = await accept(incoming(webhook("orders/create", {"id": ""})))
    with pytest.raises(Invalid):
        await fold(event.id)
    page = (await (await open_browser(world.sue)).get("/console/deliveries")).text
    assert "orders/create" in page
    assert event.public_id in page
