// The customer's conversation: one wire, one thread, one log, and the shop's page around the frame.

import { gather, Tray } from "../js/files.js";
import { Talk } from "../js/talk.js";
import { Wire } from "../js/wire.js";
import { Alerts } from "./alerts.js";
import { Composer } from "./composer.js";
import { h } from "./dom.js";
import { askToEnd } from "./ending.js";
import { EnquiryForm } from "./enquiry.js";
import { hoursLine, moment } from "./hours.js";
import { forget, readAs, remember } from "./files.js";
import { Identity } from "./identify.js";
import { languageOf, Log } from "./log.js";
import { Picker } from "./picker.js";
import { privacyLine } from "./privacy.js";
import { RatingPrompt } from "./rating.js";
import { Speaker } from "./speaker.js";
import { Transcript } from "./transcript.js";
import { boot, speak, spoken, t } from "./words.js";

const at = (selector) => document.querySelector(selector);
const framed = parent !== window && boot.origin;
const DONE = new Set(["resolved", "closed"]);
const LATE = 2_000; // milliseconds without a line before the banner says so

let token = "";
let shown = !framed;
let signedOut = false;
let unread = 0;
let greeted = false; // what is shown before was said before
let handler = { handler: "bot", agent: null, here: false };
let queue = { by: null, online: false };
let conversation = null;
let hours; // undefined until the first welcome, null for a shop without hours
let ticket = null;
let bannerTimer = 0;

const wire = new Wire("/chat/ws", () => ({
  type: "hello",
  site: boot.site,
  token,
  last: talk.last,
  epoch: talk.epoch,
  language: spoken(),
  identity: identity.token,
  shown,
}));
const identity = new Identity(wire, { ask: () => tell("identify"), anew: () => talk.renew() });
const speaker = new Speaker(boot.site);
const picker = new Picker({
  choose: ({ order, number }) => say(t("Order {number}", { number }), [], order),
  changed: () => {
    log.offerOrders();
    at(".choose-order").hidden = !picker.offers;
  },
});
const log = new Log(at(".log"), {
  picker,
  say,
  retry: (clientId) => talk.retry(clientId),
  discard: (clientId) => talk.discard(clientId),
  older: (before) => talk.fetch({ before }),
  onread: markRead,
});
const view = {
  get first() {
    return log.first;
  },
  show,
  pend: ({ client_id: clientId, text }, files) => log.pend(clientId, text, files),
  sent: (clientId) => log.sent(clientId),
  drop: (clientId) => log.drop(clientId),
  refused: (post, code) => log.fail(post.client_id, refusal(code)),
  marked: () => log.mark(talk),
  restart: () => log.clear(),
  earlier: (messages, more) => log.prepend(messages, more),
};
const talk = new Talk(wire, view, { side: "customer", scope: boot.site, whose });
const proof = () => ({ authorization: `Bearer ${token}` });
const tray = new Tray(at(".tray"), {
  target: () => (token ? { url: `/chat/files?site=${encodeURIComponent(boot.site)}`, headers: proof() } : null),
  word: (key, values) => t(boot.files[key] ?? boot.files.file_failed, values),
  limit: boot.file_bytes,
  onchange() {},
});
const composer = new Composer(at(".composer"), { send: say, typing: (on) => wire.send({ type: "typing", on }), tray });

const transcript = new Transcript((frame) => wire.send(frame));

const rating = new RatingPrompt(at(".rate"), (given) => wire.send({ type: "rate", ...given }), () => transcript.button());

const enquiry = new EnquiryForm(at(".away"), {
  send: (frame) => wire.send(frame),
  words: () => at(".composer textarea").value,
  sent: () => composer.clear(),
  time: (by) => moment(new Date(by), hours),
});

const alerts = new Alerts(at(".menu"), tell);

const handlers = {
  welcome(frame) {
    identity.greeted(frame);
    enquiry.again();
    transcript.again();
    if (frame.conversation !== conversation) picker.take([]); // a list follows, if there is one
    conversation = frame.conversation;
    handler = { handler: frame.handler, agent: frame.agent, here: frame.here };
    queue = { by: frame.by, online: frame.online };
    hours = frame.hours;
    if (frame.order) log.move(frame.order);
    greeted = true;
    if (frame.conversation) recount(frame.marks.customer_read);
    ticket = frame.ticket;
    if (frame.rate) rating.ask(talk.thread.last);
    paint();
  },
  history(frame) {
    handler = { handler: frame.handler, agent: frame.agent, here: frame.here };
    if (frame.order) log.move(frame.order);
    paint();
  },
  handler(frame) {
    handler = frame;
    paint();
  },
  presence(frame) {
    if (frame.who !== "agent" || frame.name !== handler.agent) return;
    handler = { ...handler, here: frame.on };
    paint();
  },
  queue(frame) {
    queue = frame;
    paint();
  },
  ticket(frame) {
    ticket = frame;
    if (DONE.has(ticket.status)) rating.ask(talk.thread.last);
    paint();
  },
  rated() {
    rating.thank();
  },
  order(frame) {
    log.move(frame.card);
  },
  typing(frame) {
    if (frame.who !== "customer") log.write(frame.on, frame.name);
  },
  enquired(frame) {
    enquiry.received(frame);
  },
  orders(frame) {
    picker.take(frame.orders);
  },
  proof(frame) {
    transcript.take(frame);
  },
  transcript(frame) {
    transcript.take(frame);
  },
  error(frame) {
    enquiry.refused(frame);
    transcript.refused(frame);
    if (identity.refused(frame)) {
      speaker.refused();
      talk.become(speaker.owner(token), { here: true });
    }
  },
  bye(frame) {
    if (frame.reason === "left") left();
    if (frame.reason === "moved") location.reload(); // in another tab the person has become a customer of the shop
  },
};

wire.addEventListener("frame", ({ detail }) => handlers[detail.type]?.(detail));
wire.addEventListener("status", ({ detail }) => banner(detail));

/** Post words, with files of the tray, or about an order that was chosen. */
function say(text, files = [], order = undefined) {
  for (const { attachment, preview } of files) if (attachment.width && preview) remember(attachment.id, preview);
  const known = files.map(({ attachment }) => attachment);
  talk.post({ text, language: languageOf(text), attachments: known.map(({ id }) => id), order }, known);
  if (handler.handler === "bot" && wire.status === "open") log.write(true);
}

function show(message) {
  log.add(message);
  if (message.author.kind === "customer") {
    log.mark(talk);
    rating.renew(message.number);
    enquiry.withdraw();
  } else if (!shown || document.hidden) {
    tell("unread", { count: ++unread });
    if (greeted) alerts.ring(message.author.kind === "agent" ? message.author.name : "");
  }
}

/** How many answers were never seen, on whatever device: the badge is right after a reload, too. */
function recount(seen) {
  const answers = [...document.querySelectorAll(".list .turn[data-number]:not(.from-customer)")];
  unread = shown && !document.hidden ? 0 : answers.filter((turn) => Number(turn.dataset.number) > seen).length;
  tell("unread", { count: unread });
}

function markRead() {
  if (!shown || document.hidden) return;
  if (unread) tell("unread", { count: (unread = 0) });
  talk.seen();
}

function refusal(code) {
  if (code === "text_too_long") return t("Too long: the limit is 8,000 characters.");
  if (code === "attachment_gone") return t("A file is no longer there. Please add it again.");
  if (code === "outbox_full") return t("Too many messages at once. Please wait a moment.");
  return t("Not sent.");
}

/** Who speaks, in the header. */
function paint() {
  const { handler: kind, agent, here } = handler;
  const name = agent ?? "";
  const status = at(".status");
  const words = {
    bot: () => t("Assistant · answers right away"),
    queue: waiting,
    agent: () => (here ? t("{name} is here for you", { name }) : t("{name} is away right now and will answer here", { name })),
  };
  status.replaceChildren(h("span.presence", { "aria-hidden": "true" }), words[kind]?.() ?? "");
  status.dataset.handler = kind;
  status.dataset.here = here;
  at(".ticket").hidden = kind === "bot" || !ticket;
  at(".ticket").textContent = ticket ? t("Ticket {number}", { number: ticket.number }) : "";
  log.mark(talk);
  paintDesk();
}

/** Who is there, and what to do when nobody is. */
function paintDesk() {
  const line = hoursLine(hours, queue.online);
  at(".hours").textContent = line;
  at(".hours").hidden = !line;
  at(".mail-me").hidden = !talk.thread.last;
  enquiry.offer(hours !== undefined && !queue.online && (handler.handler === "queue" || !talk.thread.last));
}

/** What somebody who waits is told: their place, what it usually still takes, and until when at the latest. */
function waiting() {
  const words = [queue.by ? t("A person will answer by about {time}", { time: moment(new Date(queue.by), hours) }) : t("Waiting for a person")];
  if (queue.place) words.unshift(queue.place === 1 ? t("You’re next") : t("Number {number} in the queue", { number: queue.place }));
  if (queue.wait) words.splice(1, 0, t("usually about {minutes} min more", { minutes: Math.max(1, Math.round(queue.wait / 60)) }));
  return words.join(" · ");
}

function banner({ status, code }) {
  clearTimeout(bannerTimer);
  const box = at(".banner");
  if (status === "open") {
    box.hidden = true;
  } else if (status === "ended") {
    box.hidden = false;
    box.textContent = code ? t("This chat can’t be opened here.") : t("The chat has ended.");
  } else if (status === "waiting" || status === "connecting") {
    const words = navigator.onLine ? t("Connecting…") : t("You’re offline. Your messages are kept and sent later.");
    bannerTimer = setTimeout(() => {
      box.textContent = words;
      box.hidden = false;
    }, LATE);
  }
}

function choose(language) {
  speak(language);
  tell("language", { language });
  paint();
  paintSuggestions();
  rating.repaint();
  enquiry.repaint();
  talk.renew();
  if (!wire.send({ type: "speak", language })) wire.connect();
}

function paintSuggestions() {
  at(".privacy").replaceChildren(...privacyLine().filter(Boolean));
  const questions = boot.suggestions.map((question) => t(question));
  const buttons = questions.map((question) => h("button.reply", { type: "button", onclick: () => say(question) }, question));
  at(".suggestions").replaceChildren(...buttons);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", button.dataset.language === spoken());
  }
}

/** The person wants to end the chat: asked once more, and how it was. */
function end() {
  if (!talk.thread.last) return leave();
  askToEnd({
    rate: !rating.given,
    mail: transcript.button(),
    back: at(".open-menu"),
    leave: (given) => {
      if (given) wire.send({ type: "rate", ...given });
      leave();
    },
  });
}

function leave() {
  if (!wire.send({ type: "leave" })) left();
}

/** Nothing of this visitor stays on the device. */
function left() {
  wire.end();
  talk.outbox.clear();
  speaker.forget();
  tray.clear();
  forget();
  keepToken("");
  if (signedOut) return location.reload(); // the next visitor of this page begins anew
  log.clear();
  picker.take([]);
  rating.withdraw();
  const anew = h("button.check", { type: "button", onclick: () => location.reload() }, t("Start a new chat"));
  at(".log").replaceChildren(h("div.ended", {}, h("p", {}, t("The conversation has been removed from this device.")), anew));
  at(".composer").hidden = at(".open-menu").hidden = true;
  anew.focus();
}

function keepToken(next) {
  token = next;
  tell("token", { token });
}

/** Who speaks since this welcome: decided before anything is sent, for words belong to one person. */
function whose(frame) {
  const before = token;
  if (frame.visitor_token) keepToken(frame.visitor_token);
  const now = speaker.greeted(frame, before, token);
  if (frame.kept === false) {
    composer.clear();
    tray.clear();
  }
  return now;
}

/** The shop's page says who its customer is. */
function claim(identified) {
  if (!identity.take(identified)) return;
  speaker.claim(identified);
  if (talk.outbox.owner !== null) talk.become(speaker.owner(token));
}

/** To the shop's page, and to no other. */
function tell(type, data = {}) {
  if (framed) parent.postMessage({ wismo: 1, type, ...data }, boot.origin);
}

function hear({ origin, source, data }) {
  if (!framed || origin !== boot.origin || source !== parent || data?.wismo !== 1) return;
  if (data.type === "boot") {
    token = data.token ?? "";
    shown = data.shown;
    speaker.recall(token);
    claim(data.identity);
    alerts.set(data.alerts);
    if (data.language !== spoken() && boot.words[data.language]) speak(data.language);
    begin();
  } else if (data.type === "show") {
    shown = data.on;
    wire.send({ type: "show", on: shown });
    if (shown) {
      composer.focus();
      log.toEnd();
      markRead();
    }
  } else if (data.type === "alerts") {
    alerts.set(data.alerts);
  } else if (data.type === "identify") {
    claim(data.identity);
  } else if (data.type === "leave") {
    signedOut = data.signedOut;
    leave();
  }
}

function begin() {
  paintSuggestions();
  paint();
  talk.restore(speaker.owner(token));
  wire.connect();
  if (shown) composer.focus();
}

function close() {
  tell("close");
}

at(".close").addEventListener("click", close);
at(".close").hidden = !framed;
at(".leave").addEventListener("click", end);
at(".choose-order").addEventListener("click", () => picker.open(at(".open-menu")));
at(".mail-me").addEventListener("click", () => transcript.open(at(".open-menu")));
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => choose(button.dataset.language));
}
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && !document.querySelector(":popover-open, dialog[open]")) close();
});
addEventListener("visibilitychange", () => markRead());
addEventListener("message", hear);
readAs(proof);
gather(tray, { input: at(".attach input"), field: at(".composer textarea") });
speak(spoken());
if (framed) tell("ready");
else begin();
