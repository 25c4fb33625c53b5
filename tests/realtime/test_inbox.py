"""News of a changing inbox row: at once, and not for each message of a quick exchange."""

import pytest

from app.realtime import inbox
from app.realtime.hub import Hub
from app.realtime.inbox import InboxNews
from app.realtime.rendering import inbox_frame
from app.realtime.topics import shop_topic
from tests.realtime.test_hub import Ear, eventually

pytestmark = pytest.mark.anyio


async def test_the_first_is_told_at_once_and_all_others_once_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "QUIET_SECONDS", 0.02)
    hub, ear = Hub(), Ear()
    hub.subscribe(shop_topic(1), ear)
    news = InboxNews(hub)
    for _ in range(50):
        news.tell(1, inbox_frame("cnv_a"))
    assert len(ear.frames) == 1
    await eventually(lambda: len(ear.frames) == 2)
    await eventually(lambda: not news._again)  # and nothing is kept when it is calm
    assert ear.frames == [inbox_frame("cnv_a")] * 2


async def test_other_news_is_not_held_back() -> None:
    hub, ear = Hub(), Ear()
    hub.subscribe(shop_topic(1), ear)
    news = InboxNews(hub)
    told = [inbox_frame("cnv_a"), inbox_frame("cnv_b"), inbox_frame("cnv_a", what="handler")]
    told.append(inbox_frame("cnv_a", ticket=7, what="handler"))
    for frame in told:
        news.tell(1, frame)
    assert ear.frames == told
    news.tell(2, inbox_frame("cnv_a"))
    assert ear.frames == told, "another shop's"
