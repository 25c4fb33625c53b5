"""After-sales cases at the desk: opened from a form with a preview, moved beside the thread, told in both languages."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from core.audit import AuditEntry
from core.clock import FrozenClock
from orders.models import Order
from tests.console.conftest import Browser, Talk
from tests.heard import counted
from tests.people import World
from tests.tickets.sold import sold
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.models import Ticket

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


class Desk:
    """Omar with a ticket about a delivered order."""

    def __init__(self, browser: Browser, ticket: Ticket, order: Order) -> None:
        self.browser, self.ticket, self.order = browser, ticket, order
        self.here = f"/console/tickets/{ticket.number}"

    async def asks(self, do: str = "open", **fields: str) -> str:
        """The form of a new case; returns the page that answers."""
        form = {"order": self.order.public_id, "kind": "return_refund", "units-lamp": "1", "do": do} | fields
        answer = await self.browser.post(f"{self.here}/cases", **form)
        if answer.status_code == 303:
            return (await self.browser.get(self.here)).text
        return answer.text

    async def step(self, name: str, **fields: str) -> int:
        case = await AfterSale.all().order_by("-id").first()
        assert case is not None
        fields = {"version": str(case.version)} | fields
        answer = await self.browser.post(f"{self.here}/cases/{case.public_id}/{name}", **fields)
        await self.browser.get(self.here)
        return answer.status_code


@pytest.fixture
async def desk(world: World, talk: Talk, open_browser: OpenBrowser, clock: FrozenClock) -> Desk:
    order = await sold(world.lumen)
    ticket, _ = await talk.ticket(world.lumen, world.ines, "My lamp", kind="aftersales", order_ids=[order.id])
    return Desk(await open_browser(world.omar), ticket, order)


async def test_the_decision_is_shown_before_anything_is_written(desk: Desk) -> None:
    page = (await desk.browser.get(f"{desk.here}/cases/new?order={desk.order.public_id}")).text
    assert "1 ordered, 1 shipped, 1 delivered" in page
    page = await desk.asks("preview", reason="withdrawal", note="It <b>hums</b>")
    assert "The policy allows it" in page
    assert "European Union: right of withdrawal" in page
    assert "It &lt;b&gt;hums&lt;/b&gt;" in page
    assert not await AfterSale.exists()
    page = await desk.asks(reason="withdrawal", note="It <b>hums</b>")
    assert "Case opened." in (await desk.browser.get(f"{desk.here}?said=case_opened")).text
    for words in (
        "Return and refund",
        "Waiting for the return",
        "European Union: right of withdrawal, version",
        "It &lt;b&gt;",
    ):
        assert words in page
    assert "opened after-sales case 1" in page
    cited = re.search(r'<a href="(/console/policies/lumen/[^"#]+)#([^"]+)">European Union', page)
    assert cited, "the cited row is a link"
    assert f"/console/orders/{desk.order.public_id}/signals" in page
    assert f'<tr id="{cited[2]}">' in (await desk.browser.get(cited[1])).text


async def test_a_return_is_worked_to_its_end_beside_the_thread(desk: Desk) -> None:
    page = await desk.asks(reason="defective")
    assert "Under review" in page
    assert await desk.step("approve", amount="x") == 422
    assert await desk.step("approve", amount="40.00") == 303
    assert await desk.step("track", carrier="DHL", tracking="RET-7") == 303
    assert "RET-7" in desk.browser.page
    assert await desk.step("receive") == 303
    line = await AfterSaleLine.all().first()
    assert line is not None
    assert await desk.step("inspect", **{f"received-{line.id}": "1", f"accepted-{line.id}": "2"}) == 422
    found = {f"received-{line.id}": "1", f"accepted-{line.id}": "1", f"condition-{line.id}": "damaged"}
    assert "What the customer paid for return shipping" in desk.browser.page
    assert await desk.step("inspect", **found, text="A dent", label="4.90") == 303
    assert "The customer paid €4.90 for the way back" in desk.browser.page
    for words in (
        "1 came, 1 accepted · Damaged",
        "The refund needs a second person’s approval.",
        "After-sales case 1",
        "€44.90",
        "A dent",
    ):
        assert words in desk.browser.page
    assert await desk.step("receive") == 409


async def test_mistakes_stay_in_the_form_and_say_what_is_wrong(desk: Desk, world: World) -> None:
    assert "Choose at least one unit." in await desk.asks(reason="withdrawal", **{"units-lamp": "0"})
    page = await desk.asks(reason="withdrawal", kind="cancel", note="Keep these words")
    assert "This type of case doesn’t fit where the goods are." in page
    assert "Keep these words" in page
    await desk.asks(reason="withdrawal")
    assert "Another open case covers these units." in await desk.asks(reason="withdrawal")
    assert await AfterSale.all().count() == 1


async def test_what_a_policy_refuses_an_agent_is_not_offered(
    desk: Desk, world: World, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    clock.advance(timedelta(days=40))
    desk.browser = await open_browser(world.omar)
    page = await desk.asks(reason="withdrawal")
    assert "Rejected" in page
    assert ">Grant<" not in page
    assert await desk.step("approve") == 403
    assert await AuditEntry.exists(action="case.refused")
    sue = await open_browser(world.sue)
    await sue.get(desk.here)
    assert "Grant" in sue.page


async def test_a_rejected_case_is_amended_with_what_it_asked_for(desk: Desk) -> None:
    await desk.asks(reason="defective", amount="59.00", note="It hums")
    assert await desk.step("reject", text="That is normal") == 303
    case = await AfterSale.get()
    here = f"{desk.here}/cases/{case.public_id}/amend"
    assert f'href="{here}"' in desk.browser.page
    page = (await desk.browser.get(here)).text
    for words in (
        "Amend case 1",
        'value="59.00"',
        "It hums",
        '<option value="defective" selected>',
        'name="units-lamp"',
    ):
        assert words in page
    form = {"kind": "return_refund", "units-lamp": "1", "reason": "wrong_item", "version": str(case.version)}
    more = await desk.browser.post(here, **form, amount="60.00", do="open")
    assert more.status_code == 422
    shown = await desk.browser.post(here, **form, amount="40.00", do="preview")
    assert "A person decides" in shown.text
    assert (await AfterSale.get()).state == "rejected"
    assert (await desk.browser.post(here, **form, amount="40.00", do="open")).status_code == 303
    case = await AfterSale.get()
    assert (case.state, case.reason, case.amount, case.amended) == ("under_review", "wrong_item", 40_00, 1)
    assert (await desk.browser.post(here, **form, amount="40.00", do="open")).status_code == 409


async def test_who_was_slower_is_told_what_happened(desk: Desk) -> None:
    await desk.asks(reason="defective")
    case = await AfterSale.get()
    assert await desk.step("ask", text="A photo, please") == 303
    late = await desk.browser.post(f"{desk.here}/cases/{case.public_id}/approve", version=str(case.version))
    assert late.status_code == 409
    assert "Somebody was faster" in late.text


async def test_another_desks_case_is_not_there(desk: Desk, world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    await desk.asks(reason="defective")
    case = await AfterSale.get()
    wei = await open_browser(world.wei)
    assert (await wei.post(f"{desk.here}/cases/{case.public_id}/cancel")).status_code == 404
    other, _ = await talk.ticket(world.chaye, world.lin, "Tea")
    here = f"/console/tickets/{other.number}/cases"
    await wei.get(f"/console/tickets/{other.number}")
    assert (await wei.post(f"{here}/{case.public_id}/cancel", version=str(case.version))).status_code == 404
    assert (await wei.get(f"{here}/new?order={desk.order.public_id}")).status_code == 404
    assert (await AfterSale.get()).state == "under_review"


async def test_the_panel_speaks_chinese_and_costs_no_statement(desk: Desk, world: World) -> None:
    async def statements() -> int:
        with counted() as found:
            await desk.browser.get(desk.here)
        return len(found)

    await world.omar.filter(id=world.omar.id).update(language="zh")
    await desk.browser.get(desk.here)
    before = await statements()
    page = await desk.asks(reason="wrong_item")
    await desk.browser.get(desk.here)
    assert await statements() == before
    for words in ("退货退款", "待审核", "发错货", "等待商家处理", "新建了售后单 1"):
        assert words in page
    new = (await desk.browser.get(f"{desk.here}/cases/new?order={desk.order.public_id}")).text
    for words in ("新建售后单", "仅退款", "换货", "补发", "价保", "查看政策结论"):
        assert words in new
