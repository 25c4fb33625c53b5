"""News of changing inbox rows: at once, and not for each message of a busy shop."""

import pytest

from app.realtime import inbox
from app.realtime.hub import Hub
from app.realtime.inbox import InboxNews
from app.realtime.rendering import inbox_frame
from app.realtime.topics import shop_topic
from tests.realtime.test_hub import Ear, eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def news(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> InboxNews:
    monkeypatch.setattr(inbox, "QUIET_SECONDS", 0.02)
    hub = Hub()
    hub.subscribe(shop_topic(1), ear)
    return InboxNews(hub)


async def test_the_first_is_told_at_once_and_the_rest_of_one_row_once_at_the_end(news: InboxNews, ear: Ear) -> None:
    for _ in range(50):
        news.tell(1, "cnv_a", ticket=7, what="handler")
    assert len(ear.frames) == 1
    await eventually(lambda: len(ear.frames) == 2)
    await eventually(lambda: not news._waiting)  # and nothing is kept when it is calm
    assert ear.frames == [inbox_frame("cnv_a", ticket=7, what="handler")] * 2


async def test_many_rows_are_one_piece_of_news(news: InboxNews, ear: Ear) -> None:
    for number in range(50):
        news.tell(1, f"cnv_{number}")
    await eventually(lambda: not news._waiting)
    assert ear.frames == [inbox_frame("cnv_0"), inbox_frame("", what="several")]


async def test_another_shop_does_not_wait(news: InboxNews, ear: Ear) -> None:
    news.tell(2, "cnv_b")
    assert ear.frames == []
    news.tell(1, "cnv_a")
    assert ear.frames == [inbox_frame("cnv_a")]
