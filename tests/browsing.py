"""Windows whose pages are used only when their scripts listen: an earlier click sends a form the other way."""

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Frame, Page

ALIVE = "html[data-alive]"
# Modules have run before this event, and every page of ours attaches what it listens to while its modules run.
_MARK = "addEventListener('DOMContentLoaded', () => document.documentElement.setAttribute('data-alive', ''))"

_REST = """Promise.race([new Promise((patience) => setTimeout(patience, 5000)), Promise.all(document.getAnimations()
  .filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
  .map((animation) => animation.finished.catch(() => null)))])"""


async def wait_for_scripts(page: Page) -> None:
    """Have every click, field and expectation wait until the page it meets is alive, after any navigation.

    `page.keyboard` and `page.evaluate` do not wait: before those, expect something of the new page.
    """
    await page.add_init_script(_MARK)
    await page.add_locator_handler(page.locator("html:not([data-alive])"), _nothing)


async def axe(page: Page | Frame, options: dict[str, Any] | None = None) -> Any:
    """What axe-core finds once nothing moves or fades any more: half faded words have no contrast."""
    await page.evaluate(_REST)
    return await Axe().run(page, options=options)


async def _nothing() -> None:
    """Playwright itself waits until what it found is gone."""
