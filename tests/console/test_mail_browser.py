"""Mail in a real browser: nothing of a letter runs, nothing leaves, and a keyboard gets at everything."""

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import expect

from app.mail.forward_models import HeldForward
from app.mail.leaving.holding import release_forward
from app.mail.models import IncomingMail
from app.mail.reading.cleaning import clean_html, with_sheet
from conversations.models import Conversation
from core.people import Agent
from tests.browsing import axe
from tests.console.conftest import OpenPage
from tests.console.test_mail import arrive
from tests.mail.reading.hostile_html import HOSTILE
from tests.people import World

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
HURT = "document.title = 'hurt'; fetch('https://evil.example/')"
PUT = """(html) => {
  document.body.innerHTML = html;
  const again = document.createElement("div");
  again.innerHTML = document.body.innerHTML;
  document.body.append(again);
  for (const one of document.querySelectorAll("*")) one.dispatchEvent(new Event("toggle"));
}"""


SHEETS = [
    "<style>*{position:fixed;inset:0} @import '//evil.example/a'; a{background:url(//evil.example/b)}</style><a>x</a>",
    "<style>p{color:red}</style><style>p{content:url(//evil.example/c)} </style><img src=x onerror=alert(1)></style>",
    "<style>@font-face{font-family:x;src:url(//evil.example/d)} p{font-family:x} html{display:none}</style><p>x</p>",
]


def shown(html: str) -> str:
    clean = clean_html(html)
    return with_sheet(clean.html, clean.sheet)


async def path_of(mail: IncomingMail) -> str:
    return f"/console/conversations/{(await Conversation.get(id=mail.conversation_id)).public_id}"


async def test_nothing_of_a_letter_acts_even_without_the_frame(chromium: Chromium) -> None:
    """The cleaning alone, twice through the browser's own parser, where no policy helps."""
    context = await chromium.new_context()
    page = await context.new_page()
    heard: list[str] = []
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    page.on("request", lambda request: heard.append(request.url))
    await page.set_content("<title>calm</title>")
    for html in (*HOSTILE, *SHEETS):
        await page.evaluate(PUT, shown(html.replace("alert(1)", f"alert(1);{HURT}")))
    await page.set_content("<title>calm</title>" + "".join(shown(html) for html in (*HOSTILE, *SHEETS)))
    await page.wait_for_load_state()
    outside = [one for one in heard if not one.startswith(("data:", "about:", "remote:"))]
    assert (outside, await page.title()) == ([], "calm")
    await context.close()


async def test_a_letter_is_read_by_keyboard_and_nothing_leaves(world: World, open_page: OpenPage) -> None:
    hostile = "".join(clean_html(html).html for html in HOSTILE)
    mail = await arrive(world, html=f'<p>The original</p>{hostile}<div style="height:700px">end</div>', subject="Other")
    page = await open_page(world.omar, await path_of(mail), viewport={"width": 390, "height": 844})
    left: list[str] = []
    page.on("request", lambda request: left.append(request.url))
    page.on("dialog", lambda dialog: left.append(dialog.message))
    original = page.locator(".mail-part", has=page.get_by_title("The original email"))
    await original.locator("summary").focus()
    await page.keyboard.press("Enter")
    frame = page.frame_locator('iframe[title="The original email"]')
    await expect(frame.get_by_text("The original")).to_be_visible()
    height = await page.get_by_title("The original email").evaluate("frame => frame.offsetHeight")
    inside = await frame.locator("body").evaluate("body => body.scrollHeight")
    assert 700 < inside <= height
    own = page.url.partition("/console")[0]
    assert [url for url in left if not url.startswith((own, "data:"))] == []
    assert await page.locator("body").evaluate("body => body.scrollWidth <= innerWidth")
    await page.get_by_text("to us and 2 more").click()
    await expect(page.get_by_text("mum@example.com")).to_be_visible()
    results = await axe(page, options={"iframes": False})
    assert [found["id"] for found in results.response["violations"]] == []


async def test_everything_is_there_without_scripts(world: World, open_page: OpenPage) -> None:
    await Agent.filter(id=world.omar.id).update(language="zh")
    mail = await arrive(world)
    page = await open_page(world.omar, await path_of(mail), java_script_enabled=False)
    await page.get_by_text("原邮件", exact=True).click()
    await expect(page.frame_locator('iframe[title="原邮件"]').get_by_text("Where is my lamp?")).to_be_visible()
    await page.get_by_text("全文", exact=True).click()
    whole = page.frame_locator('iframe[title="邮件全文"]')
    await expect(whole.get_by_text("We pack it with care")).to_be_visible()


async def test_a_letter_is_shown_with_its_sheet_and_keeps_to_its_box(world: World, open_page: OpenPage) -> None:
    written = """<style>html,body{height:100%;background:#fee} .box{color:#0000ff;width:200px;height:600px}
        @media (max-width:3000px){.wide{display:none !important}}</style>
        <div class="box">Blue</div><p class="wide">For wide screens</p>"""
    clean = clean_html(written)
    mail = await arrive(world, html=clean.html, sheet=clean.sheet)
    page = await open_page(world.omar, await path_of(mail))
    await page.get_by_text("Original", exact=True).click()
    frame = page.frame_locator('iframe[title="The original email"]')
    box = frame.get_by_text("Blue")
    await expect(box).to_have_css("color", "rgb(0, 0, 255)")
    await expect(frame.get_by_text("For wide screens")).to_be_hidden()
    await expect(frame.locator("html")).to_have_css("background-color", "rgb(255, 255, 255)")
    height = await page.get_by_title("The original email").evaluate("frame => frame.offsetHeight")
    assert 600 < height < 800


async def test_a_forward_is_undone_by_a_key_and_leaves_by_itself(world: World, open_page: OpenPage) -> None:
    await Agent.filter(id=world.omar.id).update(undo_seconds=20)
    page = await open_page(world.omar, f"{await path_of(await arrive(world))}/forward")
    await page.get_by_label("Recipients").fill("Depot <depot@example.net>")
    await page.get_by_label("Your message").fill("Is it on your shelf?")
    await page.get_by_role("button", name="Send").click()
    held = page.locator("[data-forward]")
    await expect(held).to_contain_text("Sending in")
    results = await axe(page, options={"iframes": False})
    assert [found["id"] for found in results.response["violations"]] == []
    await page.locator("#thread-scroll").focus()
    await page.keyboard.press("u")
    await expect(page.get_by_label("Recipients")).to_have_value("Depot <depot@example.net>")
    await expect(page.get_by_label("Your message")).to_have_value("Is it on your shelf?")
    await page.get_by_role("button", name="Send").click()
    await expect(held).to_have_count(1)
    await release_forward((await HeldForward.get(state="held")).id)
    await expect(page.locator(".note .mail-state")).to_contain_text("to Depot · Waiting to be sent")
    await expect(held).to_have_count(0)
