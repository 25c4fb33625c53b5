"""The client of both sides on its own, in a browser without a desk: whatever the line does, each word is said once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

HERE = Path(__file__).parent
STATIC = HERE.parents[1] / "static"
SEEDS = 100


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """An empty page that can import our modules."""
    page = await chromium.new_page()

    async def serve(route: Route) -> None:
        path = route.request.url.removeprefix("http://client.test/")
        if not path:
            await route.fulfill(content_type="text/html", body="<!doctype html><title>Client</title>")
            return
        folder = HERE if path == "runs.js" else STATIC
        await route.fulfill(content_type="text/javascript", body=(folder / path).read_text(encoding="utf-8"))

    await page.route("http://client.test/**", serve)
    await page.goto("http://client.test/")
    yield page
    await page.context.close()


async def scene(page: Page, play: str) -> Any:
    """Run `play` with what runs.js offers."""
    return await page.evaluate(
        "async () => { const { begin, run, memory, Desk } = await import('/runs.js');"
        "const outbox = await import('/js/outbox.js'); const wire = await import('/js/wire.js');" + play + "}"
    )


async def test_whatever_the_line_does_every_word_is_said_once_and_shown_in_order(page: Page) -> None:
    """Lost, doubled and shuffled frames, lost lines, reloads, old backups and more than a page, by seeded dice."""
    results = await scene(page, f"return Array.from({{length: {SEEDS}}}, (_, seed) => run(seed));")
    for seed, result in enumerate(results):
        texts = result["desk"]
        assert len(set(texts)) == len(texts), f"seed {seed}: said twice"
        assert result["waiting"] == 0, f"seed {seed}: words wait for ever"
        numbers = [number for number, _ in result["shown"]]
        assert numbers == list(range(len(texts) - len(numbers) + 1, len(texts) + 1)), f"seed {seed}: a hole"
        assert [text for _, text in result["shown"]] == texts[len(texts) - len(numbers) :], (
            f"seed {seed}: not the truth"
        )
        assert result["pending"] == [], f"seed {seed}: sent and still pending on the screen"


async def test_a_lost_acknowledgement_costs_a_resend_and_no_double(page: Page) -> None:
    found = await scene(
        page,
        """const { desk, line, screen, talk, pass } = begin();
        line.open(); line.carry();
        talk.post({ text: 'Hello' });
        line.carry((frame) => (frame.type === 'post' || frame.type === 'welcome' ? 1 : 0)); // neither ack nor message
        const waiting = talk.outbox.pending().length;
        pass(11_000);
        line.carry();
        return [waiting, desk.log.length, screen.pending.size, talk.outbox.entries().length,
                screen.shown.map((message) => message.text)];""",
    )
    assert found == [1, 1, 1, 0, []] or found == [1, 1, 0, 0, ["Hello"]]


async def test_words_survive_a_reload_and_a_crash_under_their_own_id(page: Page) -> None:
    found = await scene(
        page,
        """const before = begin();
        const { client_id: id } = before.talk.post({ text: 'Offline words' });
        const after = begin(before.desk, before.store); // the page has gone without a word
        const pending = [...after.screen.pending.values()];
        after.line.open(); after.line.carry(); after.line.carry();
        const third = begin(after.desk, after.store);
        return [pending, after.desk.log.map((message) => message.client_id === id), third.screen.pending.size];""",
    )
    assert found == [["Offline words"], [True], 0]


async def test_nobody_else_on_the_device_sees_or_sends_them(page: Page) -> None:
    """They wait for the person who said them, for a day."""
    found = await scene(
        page,
        """const { Outbox } = outbox; const store = memory();
        const at = (owner, scope = 'shop') => {
          const box = new Outbox(scope, store); box.become(owner, { here: true }); return box; };
        at('me').add({ client_id: 'client-id-1', text: 'Mine', type: 'post' });
        const seen = [at('somebody else'), at('me', 'other shop'), at('me')].map((box) => box.entries().length);
        const then = Date.now; Date.now = () => then() + 86_400_001;
        at('somebody else');
        Date.now = then;
        return [seen, store.keys().length];""",
    )
    assert found == [[0, 0, 1], 0]


async def test_unsent_words_follow_the_person_who_said_them(page: Page) -> None:
    found = await scene(
        page,
        """const { Outbox } = outbox;
        const texts = (box) => box.pending().map((post) => post.text);
        const said = (box, text) => box.add({ client_id: `client-id-${text}`, text, type: 'post' });
        const begun = (store = memory()) => {
          const box = new Outbox('shop', store); said(box, 'early'); box.become('guest', { here: true }); return box; };
        const unlike = begun(); said(unlike, 'guest');
        unlike.become('ines');                                  // the page says so: another person
        const hidden = texts(unlike); said(unlike, 'ines'); const hers = texts(unlike);
        const gone = [unlike.get('client-id-guest'), unlike.isPending('client-id-guest')];
        unlike.become('guest'); const back = texts(unlike);
        const same = begun(); said(same, 'guest'); same.become('ines'); said(same, 'ines');
        same.become('ines', { from: 'guest' });                 // the desk says so: one person
        const denied = begun(); denied.become('ines'); said(denied, 'after');
        denied.become('guest', { here: true });                 // the desk does not believe the page
        const nowhere = { keys: () => [], getItem: () => null, setItem() {}, removeItem() {} };
        const bare = begun(nowhere); bare.become('ines'); const none = texts(bare); bare.become('guest');
        return [hidden, hers, gone, back, texts(same), texts(denied), none, texts(bare)];""",
    )
    assert found == [
        [],
        ["ines"],
        [None, False],
        ["early", "guest"],
        ["early", "guest", "ines"],
        ["early", "after"],
        [],
        ["early"],
    ]


async def test_words_and_their_files_are_shown_again_and_those_of_others_never_sent(page: Page) -> None:
    found = await scene(
        page,
        """const desk = new Desk(); const store = memory();
        let owner = 'guest'; let from = null;
        const whose = () => ({ owner, from });
        const first = begin(desk, store, { whose }); first.talk.become('guest');
        const lamp = [{ id: 'att_1', name: 'lamp.jpg' }];
        first.talk.post({ text: 'With a photo', attachments: ['att_1'] }, lamp);
        const files = [];
        const again = begin(desk, store, { whose });
        const pend = again.screen.pend.bind(again.screen);
        again.screen.pend = (post, known) => { files.push(known[0]?.name); pend(post); };
        again.talk.become('guest');
        owner = 'ines'; again.line.open(); again.line.carry(); again.line.carry();
        const other = [desk.log.length, again.screen.pending.size];
        from = 'guest'; again.line.lose(); again.line.open(); again.line.carry(); again.line.carry();
        return [files, other, desk.log.map((message) => message.text)];""",
    )
    assert found[0][0] == "lamp.jpg"
    assert found[1:] == [[0, 0], ["With a photo"]]


async def test_what_is_kept_is_bounded_readable_and_not_too_old(page: Page) -> None:
    found = await scene(
        page,
        """const { Outbox } = outbox; const store = memory();
        store.setItem('wismo-said:shop:broken', '{'); store.setItem('wismo-said:shop:odd', '[1]');
        const kept = new Outbox('shop', store); kept.become('');
        const added = Array.from({ length: 60 }, (_, n) => kept.add({ client_id: `client-id-${n}`, text: 'x' }));
        const then = Date.now; Date.now = () => then() + 86_400_001;
        const later = new Outbox('shop', store); later.become('');
        Date.now = then;
        return [added.filter(Boolean).length, later.pending().length, later.entries()[0].code];""",
    )
    assert found == [50, 0, "too_old"]


async def test_a_refused_message_waits_for_the_person(page: Page) -> None:
    found = await scene(
        page,
        """const { desk, line, screen, talk, store } = begin();
        desk.refuse.add('Too long'); line.open(); line.carry();
        const { client_id: id } = talk.post({ text: 'Too long' });
        line.carry(); line.carry();
        const again = begin(desk, store); // it is still offered after a reload, and not sent by itself
        again.line.open(); again.line.carry(); again.line.carry();
        const kept = again.screen.refusals;
        desk.refuse.clear();
        again.talk.retry(id); again.line.carry();
        const sent = desk.log.length;
        return [screen.refusals, kept, sent, again.talk.outbox.entries().length];""",
    )
    assert found == [[["Too long", "text_too_long"]], [["Too long", "text_too_long"]], 1, 0]


async def test_states_of_own_words(page: Page) -> None:
    found = await scene(
        page,
        """const { line, talk } = begin(); line.open(); line.carry();
        for (const text of ['One', 'Two', 'Three']) talk.post({ text });
        line.carry();
        line.hear({ type: 'received', receiver: 'desk', number: 2 });
        line.hear({ type: 'read', reader: 'desk', number: 1 });
        line.hear({ type: 'read', reader: 'customer', number: 3 }); // our own mark from another tab
        return [1, 2, 3].map((number) => talk.stateOf(number));""",
    )
    assert found == ["read", "delivered", "sent"]


async def test_the_other_side_hears_that_words_have_arrived_unless_they_are_read_at_once(page: Page) -> None:
    found = await scene(
        page,
        """const { desk, line, talk, pass } = begin(); line.open(); line.carry();
        const sent = []; const send = line.send.bind(line);
        line.send = (frame) => (sent.push([frame.type, frame.number]), send(frame));
        line.hear(desk.say('Hello', 'agent-1', 'agent')); pass(400);
        line.hear(desk.say('You there?', 'agent-2', 'agent')); talk.seen(); pass(400);
        line.hear(desk.say('I am the bot', 'bot-1', 'bot')); pass(400);
        return sent;""",
    )
    assert found == [["received", 1], ["read", 2]]


async def test_an_answer_of_another_history_makes_the_client_begin_anew(page: Page) -> None:
    found = await scene(
        page,
        """const { desk, line, screen } = begin();
        for (const text of ['One', 'Two', 'Three']) desk.say(text, `bot:${text}`, 'bot');
        line.open(); line.carry();
        desk.restore(1); desk.say('Zwei', 'bot:zwei', 'bot'); desk.say('Drei', 'bot:drei', 'bot');
        line.hear({ type: 'hint', number: 3, changed: true });
        line.carry(); line.carry();
        return screen.shown.map((message) => message.text);""",
    )
    assert found == ["One", "Zwei", "Drei"]


WIRE = """
const dialled = []; const statuses = [];
class Fake {
  constructor(path, on) { Object.assign(this, on, { kind: this.constructor.name, sent: [] }); dialled.push(this); }
  send(frame) { this.sent.push(frame); } close() { this.closed = true; } }
class SocketLine extends Fake {} class PollLine extends Fake {}
let remembered = false; const memory_ = { get: () => remembered, set: (polls) => (remembered = polls) };
const options = { lines: { SocketLine, PollLine }, memory: memory_ };
const line = new wire.Wire('/chat/ws', () => ({ type: 'hello' }), options);
const { pass } = begin();
line.addEventListener('status', ({ detail }) => statuses.push(detail.status));
const kinds = () => dialled.map((one) => one.kind); const newest = () => dialled.at(-1);
"""


async def test_where_sockets_fail_requests_carry_the_frames_until_a_socket_works(page: Page) -> None:
    found = await scene(
        page,
        WIRE
        + """line.connect(); newest().lost(1006); pass(1_000); newest().lost(1006); pass(1_000);
        newest().take({ type: 'welcome' });
        const first = kinds(); line.send({ type: 'ping' });
        pass(15_000); newest().lost(1006);                        // a look: sockets still fail
        pass(30_000); newest().take({ type: 'welcome' });          // and now they work
        line.send({ type: 'typing' });
        const [polled, last] = [dialled[2], newest()];
        return [first, kinds(), polled.sent.length, polled.closed, last.sent.length, line.status, remembered];""",
    )
    sockets = ["SocketLine", "SocketLine", "PollLine"]
    assert found == [sockets, [*sockets, "SocketLine", "SocketLine"], 1, True, 1, "open", False]


async def test_the_next_page_of_the_tab_does_not_wait_for_a_socket(page: Page) -> None:
    found = await scene(
        page, WIRE + "remembered = true; line.connect(); newest().lost(0); pass(1_000); return kinds();"
    )
    assert found == ["PollLine", "SocketLine"]


@pytest.mark.parametrize(
    ("code", "status"), [(4401, "ended"), (4403, "ended"), (4409, "ended"), (4413, "ended"), (1012, "waiting")]
)
async def test_why_the_desk_hung_up_decides_whether_to_come_back(page: Page, code: int, status: str) -> None:
    found = await scene(
        page, WIRE + f"line.connect(); newest().lost({code}); pass(20_000); return [statuses, kinds()];"
    )
    assert found[0][1] == status
    assert len(found[1]) == (1 if status == "ended" else 2)


async def test_pauses_are_spread_and_bounded(page: Page) -> None:
    found = await scene(
        page,
        """const of = (code, tries) => [0, 0.5, 0.999].map((die) => wire.pauseAfter(code, tries, () => die));
        return [of(1012, 0), of(4429, 0), of(1006, 0), of(1006, 30)];""",
    )
    for pauses, (least, most) in zip(found, [(200, 3_000), (10_000, 20_000), (250, 500), (7_500, 15_000)], strict=True):
        assert least <= min(pauses) < max(pauses) <= most
