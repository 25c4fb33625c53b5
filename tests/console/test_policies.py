"""Return policies on the desk: read, drafted row by row, tried, replayed over real cases, published."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from core.clock import now
from core.people import Actor
from orders.policies.deciding import Outcome
from orders.policies.drafting import begin_draft, draft_of, published_of
from orders.policies.versions import policy_of
from orders.refunds.case import Reason
from tests.console.conftest import Browser
from tests.heard import counted
from tests.people import World
from tests.tickets.sold import asks, sold
from tickets.aftersales.kinds import Kind
from tickets.aftersales.opening import Wanted, open_case
from tickets.aftersales.scope import Asked
from tickets.policy_cases import past_cases

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("clock")]
OpenBrowser = Callable[..., Awaitable[Browser]]
HOME = "/console/policies/lumen"
DRAFT = HOME + "/draft"
ROW = {
    "id": "shoes",
    "outcome": "grant",
    "reasons": "changed_mind",
    "within": "60",
    "way_back_by": "seller",
    "refund_from": "goods_back",
    "refund_within": "5",
    "source": "Returns page, second paragraph",
    "place": "1",
}


@pytest.fixture
async def sue(world: World, open_browser: OpenBrowser) -> Browser:
    return await open_browser(world.sue)


@pytest.fixture
async def ada(world: World, open_browser: OpenBrowser) -> Browser:
    return await open_browser(world.ada)


async def revision(world: World) -> str:
    draft = await draft_of(world.lumen)
    assert draft is not None
    return str(draft.revision)


async def publish(world: World, browser: Browser, **form: str) -> int:
    answer = await browser.post(HOME + "/publish", do="publish", revision=await revision(world), **form)
    return answer.status_code


async def test_a_row_from_the_form_to_what_holds(world: World, sue: Browser, ada: Browser) -> None:
    page = (await sue.get("/console/policies")).text
    assert "The shop has no policy of its own yet" in page
    assert "within 30 days of delivery" in page
    assert (await sue.post(DRAFT, do="begin")).headers["location"] == DRAFT
    assert "changed_mind_excluded does not take away what the law grants" in (await sue.get(DRAFT)).text
    await sue.get(DRAFT + "/rows/new")
    answer = await sue.post(DRAFT + "/rows/new", revision=sue.hidden("revision"), **ROW)
    assert answer.headers["location"] == DRAFT + "?said=saved"
    draft = await draft_of(world.lumen)
    assert draft is not None
    row = policy_of(draft).rows[0]
    assert (row.id, row.within, row.goods_back, row.way_back_by, row.refund_within) == ("shoes", 60, True, "seller", 5)
    page = (await sue.get(DRAFT)).text
    assert "changed_mind_late never decides anything" not in page
    assert "goods back, the shop pays the way" in page
    assert "Only an administrator can publish it." in (await sue.get(DRAFT + "/publish")).text
    assert await publish(world, sue) == 403
    assert "There are no after-sales cases to replay yet" in (await ada.get(DRAFT + "/publish")).text
    assert await publish(world, ada, note="Shoes are tried on at home") == 303
    page = (await sue.get(HOME)).text
    assert "The shop’s own policy, version 1" in page
    assert "Shoes are tried on at home" in page


async def test_rows_are_moved_changed_and_taken_out(world: World, sue: Browser) -> None:
    draft = await begin_draft(world.lumen, world.sue)
    ids = [row.id for row in policy_of(draft).rows]

    async def after(do: str, row: str) -> list[str]:
        answer = await sue.post(DRAFT, do=do, row=row, revision=await revision(world))
        assert answer.status_code == 303
        changed = await draft_of(world.lumen)
        assert changed is not None
        return [row.id for row in policy_of(changed).rows]

    await sue.get(DRAFT)
    assert await after("down", ids[0]) == [ids[1], ids[0], *ids[2:]]
    assert await after("up", ids[0]) == ids
    assert await after("up", ids[0]) == ids
    assert await after("remove", ids[0]) == ids[1:]
    await sue.get(f"{DRAFT}/rows/changed_mind")
    assert sue.page.count("checked") >= 3
    form = ROW | {"id": "mind", "place": "2", "way_back_by": "nobody"}
    assert (await sue.post(f"{DRAFT}/rows/changed_mind", revision=await revision(world), **form)).status_code == 303
    changed = await draft_of(world.lumen)
    assert changed is not None
    assert [row.id for row in policy_of(changed).rows] == [
        ids[1],
        "mind",
        *(each for each in ids[2:] if each != "changed_mind"),
    ]
    assert not policy_of(changed).rows[1].goods_back
    assert (await sue.get(f"{DRAFT}/rows/changed_mind")).status_code == 404


async def test_what_cannot_be_kept_is_said_and_not_lost(world: World, sue: Browser) -> None:
    await begin_draft(world.lumen, world.sue)
    await sue.get(DRAFT + "/rows/new")
    for wrong, reason in (
        ({"within": "soon"}, "within: not a whole number"),
        ({"id": "seller_fault"}, "seller_fault: more than one row"),
        ({"source": ""}, "source: "),
        ({"within": "9999"}, "within: "),
    ):
        answer = await sue.post(DRAFT + "/rows/new", revision="1", **(ROW | wrong))
        assert answer.status_code == 422
        assert reason in answer.text
        assert 'value="60"' in answer.text or "within" in wrong
    answer = await sue.post(DRAFT, do="text", revision="1", text="[[rows]]\nid = 3")
    assert (answer.status_code, "[[rows]]\nid = 3" in answer.text) == (422, True)
    assert (await sue.post(DRAFT + "/rows/new", revision="7", **ROW)).status_code == 409


async def test_times_and_the_whole_text(world: World, sue: Browser) -> None:
    await begin_draft(world.lumen, world.sue)
    await sue.get(DRAFT)
    times = {"decide_return": "2", "decide_return_unit": "days", "decide_return_end": "grant"}
    late = {"pay_refund": "20", "pay_refund_unit": "days", "pay_refund_end": "warn"}
    assert (await sue.post(DRAFT, do="timers", revision="1", **times, **late)).status_code == 303
    page = (await sue.get(DRAFT)).text
    assert "Pay the refund: the law gives less time (china, eu)" in page
    text = re.search(r'<textarea[^>]*name="text"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert text
    whole = text[1].replace("&#34;", '"').replace("&#39;", "'").replace("within = 30", "within = 45")
    assert (await sue.post(DRAFT, do="text", revision="2", text=whole.replace("\n", "\r\n"))).status_code == 303
    draft = await draft_of(world.lumen)
    assert draft is not None
    assert {row.within for row in policy_of(draft).rows} == {None, 45}
    assert [(timer.kind, timer.lasts) for timer in policy_of(draft).timers] == [
        ("decide_return", timedelta(days=2)),
        ("pay_refund", timedelta(days=20)),
    ]


async def test_a_case_is_tried_on_what_holds_and_on_the_draft(world: World, sue: Browser) -> None:
    draft = await begin_draft(world.lumen, world.sue)
    await sue.get(DRAFT)
    text = '[[rows]]\nid = "never"\noutcome = "refuse"\nsource = "Returns page"\nreasons = ["changed_mind"]\n'
    await sue.post(DRAFT, do="text", revision=str(draft.revision), text=text)
    asked = f"{HOME}/try?law=US&stage=delivered&reason=changed_mind&category=standard&days=30&informed=yes"
    page = (await sue.get(asked)).text
    assert page.index("As it is in force") < page.index("Usual terms, version 1") < page.index("By the draft")
    assert page.index("By the draft") < page.index(">never<")
    page = (await sue.get(asked.replace("law=US", "law=EU").replace("days=30", "days=5"))).text
    assert page.count("Directive 2011/83/EU, art. 9, 13, 14") == 2, "the draft cannot take it away"
    assert "No row is about such a case." in (await sue.get(f"{HOME}/try?law=US&reason=seven_day")).text
    for odd in ("?law=MARS&reason=x&stage=&days=-4&informed=perhaps", "?days=99999999999999999999", ""):
        assert (await sue.get(HOME + "/try" + odd)).status_code == 200


async def test_a_draft_is_replayed_over_real_cases(world: World, ada: Browser) -> None:
    for name, country, days in (("1", "US", 20), ("2", "US", 10), ("3", "DE", 5)):
        order = await sold(world.lumen, name=name, country=country, ago=timedelta(days=days))
        wanted = Wanted(kind=Kind.RETURN_REFUND, reason=Reason.CHANGED_MIND, lines=(Asked(line="lamp", units=1),))
        await open_case((await asks(world)).id, order.id, wanted, Actor.of(world.omar))
    past = await past_cases(world.lumen.id, now() - timedelta(days=90))
    assert {(case.outcome, case.asked, case.paid, case.currency) for case in past} == {
        (Outcome.GRANT, 5900, None, "EUR")
    }
    await ada.get(HOME)
    await ada.post(DRAFT, do="begin")
    row = '[[rows]]\nid = "%s"\noutcome = "%s"\nsource = "Returns page"\nreasons = ["changed_mind"]\n'
    terms = 'goods_back = true\nway_back_by = "customer"\nsend_back_within = 14\nrefund_within = 14\n'
    text = (
        row % ("fortnight", "grant")
        + "within = 14\n"
        + terms
        + 'refund_from = "goods_back"\n'
        + row % ("late", "refuse")
    )
    await ada.post(DRAFT, do="text", revision="1", text=text)
    page = (await ada.get(DRAFT + "/publish")).text
    assert "3 cases were replayed." in page
    assert "1 would be treated differently." in page
    assert "Grant → Reject" in page
    assert "−€59.00" in page
    assert ">late<" in page
    await open_case(
        (await asks(world)).id,
        (await sold(world.lumen, name="4", country="US")).id,
        Wanted(kind=Kind.EXCHANGE, reason=Reason.CHANGED_MIND, lines=(Asked(line="lamp", units=1),)),
        Actor.of(world.omar),
    )
    with counted() as statements:
        assert len(await past_cases(world.lumen.id, now() - timedelta(days=90))) == 4
    assert len(statements) == 3


async def test_versions_are_compared_fetched_and_gone_back_to(world: World, ada: Browser, sue: Browser) -> None:
    for days in ("60", "20"):
        await ada.get(HOME)
        await ada.post(DRAFT, do="begin")
        name = "new" if days == "60" else "shoes"
        await ada.post(f"{DRAFT}/rows/{name}", revision="1", **(ROW | {"within": days}))
        assert await publish(world, ada) == 303
    page = (await sue.get(HOME + "/shop/2?against=1")).text
    assert re.search(r"<del>.*within 60 days.*</del>", page)
    assert "within 20 days of delivery" in page
    file = await sue.get(HOME + "/shop/1?as=toml")
    assert file.headers["content-disposition"] == 'attachment; filename="lumen-shop-1.toml"'
    assert "within = 60" in file.text
    assert (await sue.post(HOME + "/publish", do="rollback", number="1")).status_code == 403
    assert (await ada.post(HOME + "/publish", do="rollback", number="1")).status_code == 303
    current = await published_of(world.lumen)
    assert current is not None
    assert (current.version, current.based_on) == (3, 1)
    assert "Version 1 again" in (await sue.get(HOME)).text
    assert (await ada.post(HOME + "/publish", do="rollback", number="3")).status_code == 422
    assert (await ada.post(HOME + "/publish", do="rollback", number="99999999999")).status_code == 404
    assert (await ada.post(HOME + "/publish", do="withdraw")).status_code == 303
    assert "The shop has no policy of its own yet" in (await sue.get(HOME)).text
    for path in ("/shop/4", "/shop/99999999999", "/nobody/1"):
        assert (await sue.get(HOME + path)).status_code == 404


async def test_agents_read_and_strangers_see_nothing(world: World, open_browser: OpenBrowser) -> None:
    omar, wei = await open_browser(world.omar), await open_browser(world.wei)
    page = (await omar.get(HOME)).text
    assert "Usual terms" in page
    assert "Start a draft" not in page
    assert (await omar.get(HOME + "/eu_withdrawal/1")).status_code == 200
    assert (await omar.get(HOME + "/try?reason=lost")).status_code == 200
    for path in (DRAFT, DRAFT + "/rows/new", DRAFT + "/publish"):
        assert (await omar.get(path)).status_code == 403
    for path in (DRAFT, DRAFT + "/rows/new", HOME + "/publish"):
        assert (await omar.post(path, do="begin")).status_code == 403
    for path in ("", "/try", "/eu_withdrawal/1"):
        assert (await wei.get(HOME + path)).status_code == 404


async def test_the_pages_speak_chinese(world: World, ada: Browser) -> None:
    world.ada.language = "zh"
    await world.ada.save(update_fields=["language"])
    await begin_draft(world.lumen, world.ada)
    for path, words in (
        (HOME, "自签收次日起 30 天内"),
        (HOME + "/china_seven_day/1", "消费者权益保护法"),
        (DRAFT, "请留意"),
        (DRAFT + "/rows/changed_mind", "退款按此原因计算"),
        (DRAFT + "/publish", "近 90 天"),
        (HOME + "/try?reason=changed_mind", "通常条款"),
    ):
        assert words in (await ada.get(path)).text, path
