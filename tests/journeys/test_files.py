"""A customer shows what is broken, an agent sees it and answers with a document, which the customer opens."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, FilePayload, Locator, Page, expect

from tests.browsing import axe
from tests.journeys.running import Desk, Shopper, frame_of, sign_in, window

pytestmark = pytest.mark.browser

LABEL: FilePayload = {"name": "退货 label.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n" + bytes(90_000)}
PROGRAM: FilePayload = {"name": "setup.exe", "mimeType": "application/octet-stream", "buffer": b"MZ\x90\0"}
DROP = """async ([box, name]) => {
  const canvas = new OffscreenCanvas(640, 480);
  canvas.getContext('2d').fillRect(0, 0, 320, 480);
  const file = new File([await canvas.convertToBlob({type: 'image/png'})], name, {type: 'image/png'});
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(file);
  for (const type of ['dragenter', 'dragover', 'drop'])
    document.querySelector(box).dispatchEvent(new DragEvent(type, {dataTransfer, bubbles: true, cancelable: true}));
}"""
PASTE = """async () => {
  const canvas = new OffscreenCanvas(200, 100);
  canvas.getContext('2d').fillRect(0, 0, 100, 100);
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([await canvas.convertToBlob()], 'image.png', {type: 'image/png'}));
  document.querySelector('textarea').dispatchEvent(new ClipboardEvent('paste', {clipboardData, bubbles: true}));
}"""


def photograph(name: str = "broken lamp.jpg") -> FilePayload:
    box = BytesIO()
    Image.radial_gradient("L").resize((900, 700)).convert("RGB").save(box, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": box.getvalue()}


async def test_a_photo_goes_to_the_desk_and_a_document_comes_back(desk: Desk, browser: Browser) -> None:
    async with window(browser, "en") as page, window(browser, "en", width=1440, height=900) as console:
        await sign_in(desk, console, "maya@wismo.example")
        customer = Shopper(desk, page, "lumen")
        await customer.visit()
        await customer.open_chat()
        chat = customer.chat
        await chat.locator(".attach input").set_input_files([photograph(), PROGRAM])
        await expect(chat.locator(".upload.is-ready")).to_have_count(1)
        await expect(chat.locator(".upload.is-refused")).to_contain_text("Programs and scripts can’t be sent.")
        await expect(chat.locator(".tray-voice")).to_contain_text("setup.exe: Programs")
        await chat.get_by_role("button", name="Remove setup.exe").click()
        await check_access(page)
        await customer.ask("My lamp arrived broken, look")
        await expect(chat.locator(".upload")).to_have_count(0)
        picture = chat.get_by_role("button", name="Photo broken lamp.jpg")
        await expect_drawn(picture.locator("img"))
        await customer.reads(re.compile("Which order is it"))
        await customer.ask("I don't have the order number")
        await customer.reads(re.compile("takes over here|at the desk right now"))

        await console.locator("li.row", has_text="After-sales").first.locator("a.row-link").click()
        seen = console.locator(".message.from-customer").get_by_role("link", name="Photo broken lamp.jpg")
        await expect_drawn(seen.locator("img"))
        await console.locator("#files").set_input_files([LABEL])
        await expect(console.locator(".upload.is-ready")).to_have_count(1)
        await check_access(console)
        await console.locator("button.for-reply").click()
        await console.locator(".message.held [data-now]").click()
        await expect(console.locator(".message.from-agent a.file")).to_contain_text("退货 label.pdf")
        await expect(console.locator(".message.pending")).to_have_count(0)

        answer = chat.get_by_role("button", name="Download 退货 label.pdf, 90 kB")
        async with page.expect_download() as coming:
            await answer.click()
        download = await coming.value
        assert download.suggested_filename == "退货 label.pdf"
        assert Path(await download.path()).read_bytes() == LABEL["buffer"]

        await picture.click()
        await expect_drawn(chat.locator("dialog img"))
        await page.keyboard.press("Escape")
        await expect(chat.locator("dialog")).to_have_count(0)
        await expect(chat.locator(".composer textarea")).to_be_visible()
        await page.reload()
        await customer.page.wait_for_function("window.Wismo && window.Wismo.ready")
        await page.evaluate("Wismo('open')")
        again = (await frame_of(page)).get_by_role("button", name="Photo broken lamp.jpg")
        await again.scroll_into_view_if_needed()  # pictures far above are fetched when one comes near
        await expect_drawn(again.locator("img"))


async def test_dropped_and_pasted_pictures_survive_a_lost_line(desk: Desk, browser: Browser) -> None:
    async with window(browser, "zh") as page:
        customer = Shopper(desk, page, "chaye")
        await customer.visit()
        await customer.open_chat()
        chat = customer.chat
        await customer.ask("你好")
        await customer.reads(re.compile("很高兴为您服务"))
        await page.context.set_offline(True)
        await chat.evaluate(DROP, [".log", "碎了.png"])
        await chat.evaluate(PASTE)
        await expect(chat.locator(".upload.is-waiting")).to_have_count(2)
        await expect(chat.locator(".upload").first).to_contain_text("等待网络恢复…")
        await expect(chat.locator(".send")).to_be_disabled()
        await page.context.set_offline(False)
        await expect(chat.locator(".upload.is-ready")).to_have_count(2)
        await chat.locator(".send").click()
        await expect_drawn(chat.get_by_role("button", name="图片 碎了.png").locator("img"))
        await customer.reads(re.compile("看不了图片和文件"))


async def expect_drawn(image: Locator) -> None:
    """The picture has arrived and has pixels."""
    await expect(image).to_have_js_property("complete", True)
    await expect(image).not_to_have_js_property("naturalWidth", 0)


async def check_access(page: Page) -> None:
    """Axe finds nothing serious."""
    found = await axe(page)
    serious = [rule for rule in found.response["violations"] if rule["impact"] in ("serious", "critical")]
    assert not serious, [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in serious]
