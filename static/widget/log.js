// The list of messages: groups, days, pending and failed words, cards, quick replies and the code form.

import { olderCard, orderCard } from "./card.js";
import { h, icon, linked } from "./dom.js";
import { attached } from "./files.js";
import { clock, dayName, spoken, t, tag } from "./words.js";

const NEAR = 120; // pixels from the end within which new messages scroll into view

export class Log {
  #first = 0;
  #cards = new Map(); // order id → {card, element}
  #pending = new Map(); // client id → element
  #typingTimer = 0;
  #newest = null; // message, while it is the last one
  #stuck = true; // at the end, and to be kept there when the room changes (keyboard, header)

  /**
   * `say(text)` posts; `retry(clientId)`, `discard(clientId)` answer a failed post; `older(before)` asks for more;
   * `picker` has the orders to choose from.
   */
  constructor(element, { say, retry, discard, older, onread, picker }) {
    Object.assign(this, { element, say, retry, discard, onread, picker });
    this.list = element.querySelector(".list");
    this.tail = element.querySelector(".tail");
    this.empty = element.querySelector(".empty");
    this.typing = element.querySelector(".typing");
    this.earlier = element.querySelector(".earlier");
    this.jump = document.querySelector(".jump");
    this.earlier.addEventListener("click", () => older(this.#first));
    this.jump.addEventListener("click", () => this.toEnd());
    element.addEventListener("scroll", () => (this.#stuck = this.#atEnd()) && this.#seen(), { passive: true });
    new ResizeObserver(() => this.#stuck && this.toEnd()).observe(element);
  }

  /** The number of the first message in view, 0 for none. */
  get first() {
    return this.#first;
  }

  focus() {
    this.element.focus({ preventScroll: true });
  }

  clear() {
    for (const element of this.#pending.values()) element.remove();
    this.#pending.clear();
    this.list.replaceChildren();
    this.tail.replaceChildren();
    this.#cards.clear();
    this.#newest = null;
    this.#first = 0;
    this.#state();
  }

  /** Show the next message. */
  add(message) {
    const follow = this.#atEnd() || message.author.kind === "customer";
    this.#pending.get(message.client_id)?.remove();
    this.#pending.delete(message.client_id);
    if (!this.#first) this.#first = message.number;
    this.#dayBefore(message, this.list.lastElementChild);
    const previous = this.list.lastElementChild;
    const element = this.#element(message, previous);
    this.list.append(element);
    this.#offer(message);
    if (message.author.kind !== "customer") this.write(false);
    this.#state();
    this.#keepUp(follow, message);
  }

  /** Put earlier messages above. */
  prepend(messages, more) {
    const height = this.element.scrollHeight;
    const below = this.list.firstElementChild;
    const box = h("div");
    const list = this.list;
    this.list = box;
    for (const message of messages) {
      this.#dayBefore(message, box.lastElementChild);
      box.append(this.#element(message, box.lastElementChild, true));
    }
    this.list = list;
    if (below?.dataset.day === box.lastElementChild?.dataset.day && below?.classList.contains("day")) below.remove();
    this.list.prepend(...box.children);
    if (messages.length) this.#first = messages[0].number;
    this.#state(more);
    this.element.scrollTop += this.element.scrollHeight - height;
  }

  /** Show own words before the server has them. */
  pend(clientId, text, attachments = []) {
    const state = h("span.state", {}, t("Sending…"));
    const element = h("div.turn.from-customer.is-pending", {}, text && h("p.bubble", { lang: tag(languageOf(text)) }, text), attached(attachments), h("p.meta", {}, state));
    this.#pending.get(clientId)?.remove();
    this.#pending.set(clientId, element);
    this.tail.before(element);
    this.#offer(null);
    this.#state();
    this.toEnd();
  }

  /** The server has the words; their number follows. */
  sent(clientId) {
    const state = this.#pending.get(clientId)?.querySelector(".state");
    if (state) state.textContent = t("sent");
  }

  /** Take words away that were on their way. */
  drop(clientId) {
    this.#pending.get(clientId)?.remove();
    this.#pending.delete(clientId);
    this.#state();
  }

  /** The server has refused the words, or cannot be reached for them. */
  fail(clientId, reason) {
    const element = this.#pending.get(clientId);
    if (!element) return;
    const again = h("button.again", { type: "button", onclick: () => this.#again(clientId, element) }, icon("retry"), t("Try again"));
    const drop = h("button.again", { type: "button", onclick: () => this.#discard(clientId) }, icon("cross"), t("Delete"));
    element.classList.add("is-failed");
    element.querySelector(".meta").replaceChildren(h("span.state", { role: "alert" }, reason), again, drop);
  }

  /** There are other orders to choose from: before the first word, where an order is asked for, and after a proof. */
  offerOrders() {
    const place = this.element.querySelector(".own-orders");
    place.hidden = !this.picker.offers;
    place.querySelector(".picker")?.remove();
    if (this.picker.offers) place.append(this.#choices());
    if (this.#newest && this.#asksForOrder(this.#newest)) this.#offer(this.#newest);
  }

  /** The order has moved: its card, anew. */
  move(card) {
    const known = this.#cards.get(card.order_id);
    if (!known) return;
    const fresh = orderCard(card, tag(spoken()));
    const open = [...known.element.querySelectorAll("details")].map((details) => details.open);
    fresh.querySelectorAll("details").forEach((details, index) => (details.open = open[index] ?? false));
    if (card.version !== known.card.version) fresh.classList.add("has-moved");
    known.element.replaceWith(fresh);
    this.#cards.set(card.order_id, { card, element: fresh });
    if (this.#atEnd()) this.toEnd();
  }

  /** Somebody of the shop writes. Forgotten after six seconds. */
  write(on, name = "") {
    clearTimeout(this.#typingTimer);
    const follow = this.#atEnd();
    this.typing.hidden = !on;
    this.typing.querySelector(".hidden").textContent = on ? t("{name} is writing", { name: name || t("Assistant") }) : "";
    if (on) this.#typingTimer = setTimeout(() => this.write(false), 6_000);
    if (on && follow) this.toEnd();
  }

  /** How far own messages have got: said once for each state, at the last message that has it. */
  mark(talk) {
    const words = { sent: t("sent"), delivered: t("delivered"), read: t("read") };
    const last = {};
    for (const turn of this.list.querySelectorAll(".from-customer[data-number]")) last[talk.stateOf(turn.dataset.number)] = turn;
    for (const mark of this.list.querySelectorAll(".read-mark")) {
      if (last[mark.dataset.state] !== mark.closest(".turn")) mark.remove();
    }
    for (const [state, turn] of Object.entries(last)) {
      if (turn.querySelector(".read-mark")) continue;
      turn.querySelector(".meta").append(h("span.read-mark", { "data-state": state }, ` · ${words[state]}`));
    }
  }

  /** Scroll to the end, but not beyond the beginning of `newest`. */
  toEnd(newest = null) {
    const end = this.element.scrollHeight - this.element.clientHeight;
    const top = newest ? newest.offsetTop - this.element.offsetTop - 10 : end;
    this.element.scrollTop = Math.min(end, top);
    if (this.#atEnd()) this.jump.hidden = true;
    this.onread();
  }

  #element(message, previous, older = false) {
    const kind = message.author.kind;
    const at = new Date(message.at);
    const who = { agent: message.author.name, bot: t("Assistant"), system: "" }[kind] ?? "";
    const continues = previous?.dataset.who === kind + who && at - new Date(previous.dataset.at) < 180_000;
    const element = h(
      `div.turn.from-${kind}`,
      { "data-number": message.number, "data-who": kind + who, "data-at": message.at },
      who && !continues && h("p.who", {}, who),
      message.text && h("p.bubble", { lang: tag(message.language) }, kind === "customer" ? message.text : linked(message.text)),
      attached(message.attachments),
      message.order && this.#card(message.order, older),
      h("p.meta", {}, h("time", { datetime: message.at }, clock(at))),
    );
    if (continues) {
      element.classList.add("continues");
      previous.classList.add("continued");
    }
    return element;
  }

  #card(card, older) {
    const known = this.#cards.get(card.order_id);
    if (older && known) return olderCard(card, () => known.element.scrollIntoView());
    const element = orderCard(card, tag(spoken()));
    const jump = () => this.#cards.get(card.order_id).element.scrollIntoView();
    known?.element.replaceWith(olderCard(known.card, jump));
    this.#cards.set(card.order_id, { card, element });
    return element;
  }

  #dayBefore(message, previous) {
    const at = new Date(message.at);
    const day = at.toDateString();
    const last = previous?.dataset.day ?? (previous && new Date(previous.dataset.at).toDateString());
    if (day !== last) this.list.append(h("p.day", { "data-day": day }, h("time", {}, dayName(at))));
  }

  /** What the newest message offers: answers or an order to choose, or a code to enter. */
  #offer(message) {
    this.#newest = message;
    const had = this.tail.contains(document.activeElement);
    this.tail.replaceChildren();
    if (had) this.focus();
    if (!message || message.author.kind === "customer") return;
    if (message.form === "code") this.tail.append(this.#codeForm());
    const picks = this.picker.offers && this.#asksForOrder(message);
    if (picks) this.tail.append(this.#choices());
    const replies = message.quick_replies.filter(({ text }) => !picks || !this.picker.names(text));
    if (!replies.length) return;
    const reply = ({ label, text }) => h("button.reply", { type: "button", onclick: () => this.say(text) }, label);
    this.tail.append(h("div.replies", { role: "group", "aria-label": t("Suggested answers") }, replies.map(reply)));
  }

  /** In so many words, or because no order is talked about yet. */
  #asksForOrder({ author, form, quick_replies: replies }) {
    return form === "order" || (author.kind === "bot" && !form && replies.length > 0 && !this.#cards.size);
  }

  #choices() {
    return this.picker.list(() => this.focus());
  }

  #codeForm() {
    const input = h("input.code", {
      name: "code",
      inputmode: "numeric",
      autocomplete: "one-time-code",
      pattern: "[0-9]{6}",
      required: true,
      placeholder: "000000",
      "aria-label": t("Six-digit code"),
    });
    input.addEventListener("input", () => (input.value = input.value.normalize("NFKC").replace(/\D/g, "").slice(0, 6)));
    const submit = (event) => {
      event.preventDefault();
      this.say(input.value);
    };
    const form = h("form.code-form", { onsubmit: submit }, h("span.code-label", {}, t("Six-digit code")), input, h("button.check", { type: "submit" }, t("Check")));
    if (document.activeElement?.value === "") setTimeout(() => input.focus()); // nothing half-written is left behind
    return form;
  }

  #again(clientId, element) {
    element.classList.remove("is-failed");
    element.querySelector(".meta").replaceChildren(h("span.state", {}, t("Sending…")));
    this.retry(clientId);
  }

  #discard(clientId) {
    this.drop(clientId);
    this.discard(clientId);
  }

  #state(more = this.#first > 1) {
    const some = this.list.childElementCount > 0 || this.#pending.size > 0;
    this.empty.hidden = some;
    this.earlier.hidden = !more || this.#first <= 1;
  }

  #atEnd() {
    return this.element.scrollHeight - this.element.scrollTop - this.element.clientHeight < NEAR;
  }

  #keepUp(follow, message) {
    if (follow) this.toEnd(this.list.lastElementChild);
    else if (message.author.kind !== "customer") this.jump.hidden = false;
  }

  #seen() {
    this.jump.hidden = true;
    this.onread();
  }
}

/** Chinese if there is any in it, else what the interface speaks. */
export function languageOf(text) {
  if (/[\u3400-\u9fff]/.test(text)) return "zh";
  return /[a-z]{3}/i.test(text) ? "en" : spoken();
}
