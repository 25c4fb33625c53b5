// A desk, a line and a clock made of nothing, for talks that are driven by dice: `run(seed)` returns what came of it.

import { Talk } from "/js/talk.js";

const PAGE = 5; // messages of one answer
let time = 1_000_000;
let timers = new Map();
let nextTimer = 1;
Date.now = () => time;
window.setTimeout = (act, pause = 0) => (timers.set(nextTimer, { act, at: time + pause }), nextTimer++);
window.clearTimeout = (id) => timers.delete(id);

function pass(milliseconds) {
  const end = time + milliseconds;
  for (;;) {
    const due = [...timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
    if (!due) break;
    timers.delete(due[0]);
    time = Math.max(time, due[1].at);
    due[1].act();
  }
  time = end;
}

/** Storage like the browser's, and nothing kept longer than the run. */
export function memory() {
  const kept = new Map();
  return {
    keys: () => [...kept.keys()],
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}

/** The truth: what was said, numbered, each client id once. */
export class Desk {
  log = [];
  epoch = 0;
  refuse = new Set();

  say(text, clientId, kind = "customer") {
    const known = this.log.find((message) => message.client_id === clientId);
    if (known) return known;
    const message = { type: "message", number: this.log.length + 1, client_id: clientId, text, author: { kind } };
    this.log.push(message);
    return message;
  }

  /** An old backup was put back: the last words are gone, and others come under their numbers. */
  restore(count) {
    this.log = this.log.slice(0, count);
    this.epoch += 1;
  }

  answer(frame) {
    if (frame.type === "post") {
      if (this.refuse.has(frame.text)) return [{ type: "error", code: "text_too_long", client_id: frame.client_id }];
      const fresh = !this.log.some((message) => message.client_id === frame.client_id);
      const said = this.say(frame.text, frame.client_id);
      return [...(fresh ? [said] : []), { type: "ack", client_id: frame.client_id, number: said.number }];
    }
    if (frame.type !== "fetch") return [];
    const missed = this.log.slice(frame.after);
    return [{ type: "history", messages: missed.slice(0, PAGE), more: missed.length > PAGE, epoch: this.epoch }];
  }

  welcome(last, epoch) {
    const void_ = epoch !== null && epoch !== this.epoch;
    const missed = void_ || last > this.log.length ? [] : this.log.slice(last);
    const all = missed.length && missed.length <= PAGE && last > 0;
    const messages = all ? missed : last === this.log.length && last && !void_ ? [] : this.log.slice(-PAGE);
    const truncated = void_ || (messages.length > 0 && messages[0].number > last + 1) || last > this.log.length;
    return { type: "welcome", conversation: "cnv_1", messages, truncated, epoch: this.epoch };
  }
}

/** A line that loses, doubles and shuffles as the dice say. */
export class Line extends EventTarget {
  status = "waiting";
  up = [];
  down = [];

  constructor(desk) {
    super();
    this.desk = desk;
  }

  send(frame) {
    if (this.status !== "open") return false;
    this.up.push(frame);
    return true;
  }

  again() {
    this.lose();
    this.open();
  }

  open() {
    this.status = "connecting";
    this.down.push(this.desk.welcome(this.talk.last, this.talk.epoch));
  }

  lose() {
    this.status = "waiting";
    this.up = [];
    this.down = [];
  }

  /** Whoever is connected hears what is said. */
  live(message) {
    if (this.status !== "waiting") this.down.push(message);
  }

  /** Carry what waits; `fate(frame)` says how often each arrives. */
  carry(fate = () => 1, shuffle = (frames) => frames) {
    for (const frame of this.up.splice(0)) {
      for (let times = fate(frame); times > 0; times--) this.down.push(...this.desk.answer(frame));
    }
    for (const frame of shuffle(this.down.splice(0))) {
      for (let times = fate(frame); times > 0; times--) this.hear(structuredClone(frame));
    }
  }

  hear(frame) {
    if (frame.type === "welcome") this.status = "open";
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }
}

/** What a person sees. */
export class Screen {
  shown = [];
  pending = new Map();
  refusals = [];
  states = [];

  get first() {
    return this.shown[0]?.number ?? 0;
  }

  show(message) {
    this.pending.delete(message.client_id);
    this.shown.push(message);
  }
  pend(post) {
    this.pending.set(post.client_id, post.text);
  }
  sent() {}
  drop(clientId) {
    this.pending.delete(clientId);
  }
  refused(post, code) {
    this.refusals.push([post.text, code]);
  }
  marked() {}
  restart() {
    this.shown = [];
    this.pending.clear();
  }
  earlier(messages) {
    this.shown.unshift(...messages);
  }
}

export function begin(desk = new Desk(), store = memory(), options = {}) {
  timers = new Map(); // a reload ends all timers of the page
  const line = new Line(desk);
  const screen = new Screen();
  const talk = new Talk(line, screen, { side: "customer", scope: "shop", store, ...options });
  line.talk = talk;
  talk.restore("me");
  return { desk, store, line, screen, talk, pass };
}

/** A talk on a bad day. Returns what was said, what the desk has and what the screen shows in the end. */
export function run(seed) {
  const dice = randomBy(seed);
  let all = begin();
  const said = [];
  for (let step = 0; step < 60; step++) {
    const { desk, line, talk } = all;
    const way = dice();
    if (way < 0.3) said.push(talk.post({ text: `words ${step}` }).text);
    else if (way < 0.4) line.live(desk.say(`answer ${step}`, `bot:${step}`, "bot"));
    else if (way < 0.5) line.lose();
    else if (way < 0.65 && line.status === "waiting") line.open();
    else if (way < 0.7) all = begin(desk, all.store);
    else if (way < 0.72) desk.restore(Math.max(0, desk.log.length - 2));
    else if (way < 0.75) for (let n = 0; n < PAGE * 2; n++) desk.say(`much ${step} ${n}`, `bot:${step}:${n}`, "bot");
    else line.carry((frame) => fate(frame, dice()), (frames) => frames.sort(() => dice() - 0.5));
    pass(dice() * 2_000);
  }
  all.line.again();
  for (let round = 0; round < 30; round++) {
    all.line.carry();
    all.line.hear({ type: "hint", number: all.desk.log.length, changed: true });
    pass(4_000);
  }
  const { desk, screen, talk } = all;
  return {
    said,
    desk: desk.log.map((message) => message.text),
    shown: screen.shown.map((message) => [message.number, message.text]),
    waiting: talk.outbox.pending().length,
    pending: [...screen.pending.values()],
  };
}

/** Lost, once or twice. A welcome that is lost is a line that is lost. */
function fate(frame, die) {
  if (frame.type === "welcome") return 1;
  return die < 0.2 ? 0 : die < 0.4 ? 2 : 1;
}

function randomBy(seed) {
  let state = seed + 0x9e3779b9;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    return ((state ^= state >>> 16) >>> 0) / 2 ** 32;
  };
}
