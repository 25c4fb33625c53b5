"""Windows whose pages are used only when their scripts listen: an earlier click sends a form the other way."""

from playwright.async_api import Frame, Page

ALIVE = "html[data-alive]"
# Modules have run before this event, and every page of ours attaches what it listens to while its modules run.
_MARK = "addEventListener('DOMContentLoaded', () => document.documentElement.setAttribute('data-alive', ''))"

_REST = """Promise.all(document.getAnimations()
  .filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
  .map((animation) => animation.finished.catch(() => null)))"""


async def wait_for_scripts(page: Page) -> None:
    """Have every click, field and expectation wait until the page it meets is alive, after any navigation.

    `page.keyboard` and `page.evaluate` do not wait: before those, expect something of the new page.
    """
    await page.add_init_script(_MARK)
    await page.add_locator_handler(page.locator("html:not([data-alive])"), _nothing)


async def at_rest(page: Page | Frame) -> None:
    """Wait until nothing moves or fades any more but what always does: half faded words have no contrast."""
    await page.evaluate(_REST)


async def _nothing() -> None:
    """Playwright itself waits until what it found is gone."""
