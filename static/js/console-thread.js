// The thread stays alive: words, notes, typing, who speaks, and the order beside it.

import { renewForwards, renewLetters } from "./console-mail.js";
import { boot, find, findAll, fragment, gathered, icon, make, toast, word } from "./console-page.js";
import { address, amount, extension } from "./files.js";
import { Talk } from "./talk.js";

const TYPING_LASTS = 6_000;
const PRESENCE_LASTS = 45_000;

export class LiveThread {
  #main = find("#main[data-conversation]");
  #list = find("#thread");
  #scroll = find("#thread-scroll");
  #typing = new Map();
  #present = new Map();
  #wire;
  #writer;
  refocus = ""; // what in the head is to have the focus when it is fresh
  refreshEvents = gathered(() => this.#loadEvents());
  refreshHead = gathered(() => this.#loadHead());
  refreshOrder = gathered(() => this.#loadOrder());

  /** `writer.carry(post)` brings words to the desk; `writer.refused(post, code, data)` gets those it did not take. */
  constructor(wire, writer) {
    this.#wire = wire;
    this.#writer = writer;
    this.conversation = this.#main.dataset.conversation;
    this.base = this.#main.dataset.base;
    this.talk = new Talk(wire, this.#view(writer), {
      side: "desk",
      conversation: this.conversation,
      carry: (post) => writer.carry(post),
    });
    this.talk.thread.reset(Number(this.#main.dataset.last));
    this.talk.restore(boot.agent.id);
    wire.addEventListener("frame", ({ detail }) => this.#take(detail));
    this.#scroll.addEventListener("scroll", () => this.#isAtEnd() && this.#seen());
    addEventListener("visibilitychange", () => document.hidden || this.#seen());
    find("#new-below button").addEventListener("click", () => this.toEnd());
    setInterval(() => this.#showPresence(), 5_000);
    setInterval(() => document.hidden || (find("[data-delivery=queued]", this.#list) && this.refreshEvents()), 15_000);
  }

  get last() {
    return this.talk.thread.last;
  }

  toEnd() {
    this.#scroll.scrollTop = 0; // the column is reversed
    this.#seen();
  }

  /** What the talk makes of this screen. */
  #view(writer) {
    return {
      first: 0, // earlier messages are pages of their own
      show: (message) => this.#show(message),
      pend: (post, files) => this.#pending(post, files),
      sent: (clientId, number) => this.#settle(clientId, number),
      drop: (clientId) => this.#drop(clientId),
      refused: (post, code, data) => {
        this.#drop(post.client_id);
        this.talk.discard(post.client_id);
        writer.refused(post, code, data);
      },
      marked: () => this.#mark(),
      restart: () => location.reload(),
      earlier: () => {},
    };
  }

  /** A bubble for words on their way, unless the page has brought them already. */
  #pending({ text, client_id: clientId }, files = []) {
    if (find(`[data-client="${CSS.escape(clientId)}"]:is([data-number], [data-held])`, this.#list)) {
      this.talk.discard(clientId);
      return;
    }
    this.#writer.left(clientId);
    const line = this.#bubble({
      client_id: clientId,
      author: { kind: "agent", name: boot.agent.name },
      text,
      attachments: files,
      language: "",
      at: new Date().toISOString(),
      channel: find(".message.mail") ? "email" : "chat",
    });
    line.classList.add("pending");
    find("time", line).textContent = word("sending");
    this.#list.append(line);
    this.toEnd();
  }

  #drop(clientId) {
    find(`.pending[data-client="${CSS.escape(clientId)}"]`, this.#list)?.remove();
  }

  /** The words have arrived. */
  #settle(clientId, number) {
    const line = find(`[data-client="${CSS.escape(clientId)}"]`, this.#list);
    if (!line) return;
    line.classList.remove("pending");
    line.id = `m${number}`;
    line.dataset.number = number;
    find("time", line).textContent = clock(new Date());
    this.#mark();
  }

  /** How far our words have got: said once for each state, at the last message that has it. Mail has no such marks. */
  #mark() {
    const own = findAll(".message.from-agent:not(.mail)[data-number]", this.#list);
    const last = new Map(own.map((line) => [this.talk.stateOf(line.dataset.number), line]));
    for (const mark of findAll(".message-state", this.#list)) mark.remove();
    for (const [state, line] of last) find(".message-head", line).append(make("span", "message-state", word(state)));
  }

  /** Timeline entries that are not shown yet, and what has become of mails. */
  async #loadEvents() {
    const fresh = await fragment(`${this.base}?fragment=thread`);
    if (fresh) renewLetters(fresh, this.#list);
    if (fresh) renewForwards(fresh, this.#list);
    for (const line of fresh ? findAll("li.event", fresh) : []) {
      if (!document.getElementById(line.id)) this.#add(line);
    }
  }

  #take(frame) {
    if (frame.conversation !== this.conversation) return;
    switch (frame.type) {
      case "hint":
        if (frame.changed) this.#changed();
        break;
      case "note":
        this.#note(frame);
        break;
      case "typing":
        this.#showTyping(frame);
        break;
      case "presence":
        if (frame.who === "colleague") this.#someone(frame);
        else if (frame.who === "customer") this.#showCustomer(frame);
        break;
      case "order":
        this.refreshOrder();
        break;
      case "history": // from here on frames arrive: money may have moved since the page was made
        if (find("#order-pane [data-moving]")) this.refreshOrder();
        break;
      case "handler":
      case "ticket":
      case "rated":
        this.#changed();
        break;
      case "bye":
        toast(word("signed_out"), "alert");
        break;
    }
  }

  #changed() {
    this.refreshHead();
    this.refreshOrder();
    this.refreshEvents();
  }

  #show(message) {
    this.#typing.delete(message.author.kind === "agent" ? `agent ${message.author.name}` : message.author.kind);
    this.#sayTyping();
    const sent = find(`.message[data-client="${CSS.escape(message.client_id)}"]`, this.#list);
    const line = this.#bubble(message);
    if (message.author.kind === "agent") this.#writer.left(message.client_id);
    if (sent && message.author.kind === "agent") sent.replaceWith(line);
    else this.#add(line);
    if (message.author.kind === "customer" && message.number > Number(this.#main.dataset.last)) this.#writer.customerWrote();
    if (message.order) this.refreshOrder();
    if (message.channel === "email") this.refreshEvents();
    if (message.author.kind === "agent") this.#mark();
    if (this.#isAtEnd()) this.#seen();
    else find("#new-below").hidden = message.author.kind !== "customer" && find("#new-below").hidden;
  }

  #bubble(message) {
    const { kind, name } = message.author;
    const line = make("li", `message from-${kind}${message.channel === "email" ? " mail" : ""}`);
    line.dataset.client = message.client_id;
    if (message.number) {
      line.id = `m${message.number}`;
      line.dataset.number = message.number;
    }
    const at = make("time", "", clock(new Date(message.at)));
    at.dateTime = message.at;
    const guest = find(".thread-who")?.textContent ?? "";
    const shown = kind === "bot" ? word("bot") : kind === "customer" ? guest || name : name;
    const head = make("p", "message-head", ...(kind === "bot" ? [icon("bot")] : []), make("span", "message-name", shown), at);
    const words = make("p", "words", message.text);
    if (message.language) words.lang = message.language === "zh" ? "zh-Hans" : message.language;
    line.append(head, ...(message.text ? [words] : []));
    if (message.attachments?.length) line.append(make("div", "files", ...message.attachments.map(attached)));
    if (message.quick_replies?.length) {
      line.append(make("p", "message-choices", ...message.quick_replies.map((r) => make("span", "choice", r.label))));
    }
    return line;
  }

  #note(note) {
    if (document.getElementById(note.id)) return;
    const at = make("time", "", clock(new Date(note.at)));
    at.dateTime = note.at;
    const author = note.author.kind === "bot" ? word("bot") : note.author.name;
    const head = make("p", "note-head", icon("note"), make("strong", "", word("note")), ` · ${author} `, at);
    const line = make("li", "note", head, make("p", "words", note.text));
    line.id = note.id;
    this.#add(line);
    if (note.author.kind === "agent") this.refreshEvents(); // it may tell of a letter that is on its way
  }

  /** Replies that are on their way, or still held, will be said after it. */
  #add(line) {
    const held = find("[data-held], [data-forward], .pending", this.#list);
    if (held) held.before(line);
    else this.#list.append(line);
  }

  #showTyping(frame) {
    if (frame.who === "agent" && frame.name === boot.agent.name) return;
    const key = frame.who === "agent" ? `agent ${frame.name}` : frame.who;
    clearTimeout(this.#typing.get(key)?.timer);
    this.#typing.delete(key);
    if (frame.on) {
      const timer = setTimeout(() => this.#showTyping({ ...frame, on: false }), TYPING_LASTS);
      this.#typing.set(key, { timer, ...frame });
    }
    this.#sayTyping();
  }

  #sayTyping() {
    const place = find("#typing");
    const said = [...this.#typing.values()].map(({ who, name, note }) => {
      if (who === "customer") return word("customer_typing");
      return word(note ? "typing_note" : "typing", { name: name || word("bot") });
    });
    place.hidden = !said.length;
    place.textContent = said.join(" ");
  }

  #someone(frame) {
    if (frame.agent === boot.agent.id) return;
    if (frame.on) this.#present.set(frame.agent, { name: frame.name, until: Date.now() + PRESENCE_LASTS });
    else this.#present.delete(frame.agent);
    this.#showPresence();
  }

  /** Whether the customer is there; the page itself has said when they were last seen. */
  #showCustomer({ on, open }) {
    const place = find("#nearness");
    const state = open ? "open" : on ? "near" : "away";
    if (!place || place.dataset.near === state) return;
    place.dataset.near = state;
    place.textContent = word(`customer_${state}`);
  }

  #showPresence() {
    for (const [id, { until }] of this.#present) if (until < Date.now()) this.#present.delete(id);
    const place = find("#presence");
    const names = [...this.#present.values()].map(({ name }) => name).join(", ");
    const text = names && word("looking", { names });
    if (!place || place.textContent === text) return;
    place.replaceChildren(...(names ? [icon("people"), text] : []));
  }

  #isAtEnd() {
    return this.#scroll.scrollTop > -80;
  }

  #seen() {
    if (document.hidden || !this.#isAtEnd()) return;
    find("#new-below").hidden = true;
    if (this.last > Number(this.#main.dataset.last)) this.talk.seen(); // what the page brought is marked already
  }

  async #loadHead() {
    const fresh = await fragment(`${this.base}?fragment=head${location.search.replace("?", "&")}`);
    const talk = fresh && find("#strip", fresh)?.dataset.talk;
    if (talk && talk !== this.conversation) document.dispatchEvent(new Event("ticket-moved"));
    if (!fresh || find("#head details[open], #head input:focus")) return; // in use: do not pull it away
    find("#head").replaceChildren(fresh);
    if (this.refocus) find(this.refocus)?.focus(); // the next tag
    this.refocus = "";
    this.#showPresence();
  }

  async #loadOrder() {
    const pane = find("#order-pane");
    const wanted = new URL(location.href).searchParams.get("order");
    const fresh = await fragment(pane.dataset.url + (wanted ? `&order=${encodeURIComponent(wanted)}` : ""));
    const held = document.activeElement?.closest("input, textarea, select");
    // Somebody writes into a form: do not pull it away. What is late there is refused with a word.
    if (!fresh || (held && pane.contains(held)) || find(".case-act[open]", pane)) return;
    const open = new Map(findAll("details", pane).map((details) => [titled(details), details.open]));
    pane.replaceChildren(fresh);
    for (const details of findAll("details", pane)) details.open = open.get(titled(details)) ?? details.open;
    this.#writer.ordersShown();
  }
}

const titled = (details) => find("summary", details)?.textContent.trim();

function clock(moment) {
  const zone = find("#main").dataset.zone || undefined;
  return moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
}

/** A file of a message, as the page itself shows it: pictures in place, everything else to download. */
function attached(file) {
  if (file.refusal) return refused(file);
  const link = make("a", file.width ? "picture" : "file");
  link.href = address(file);
  if (!file.width) {
    link.download = "";
    const kind = make("span", "file-kind", extension(file.name));
    kind.ariaHidden = "true";
    link.append(kind, make("span", "file-words", make("span", "file-name", file.name), make("span", "file-size", amount(file.size))));
    return link;
  }
  const image = make("img");
  Object.assign(image, { src: address(file, true), alt: word("photo", { name: file.name }), width: file.width, height: file.height });
  Object.assign(link, { target: "_blank", rel: "noopener" });
  link.append(image);
  return link;
}

/** A file of a mail that was not kept: its name, and why. */
function refused({ name, refusal }) {
  const kind = make("span", "file-kind", extension(name));
  kind.ariaHidden = "true";
  const why = boot.words[`refused_${refusal}`] ?? word("refused");
  const shown = make("span", "file is-refused");
  shown.append(kind, make("span", "file-words", make("span", "file-name", name), make("span", "file-size", why)));
  return shown;
}
