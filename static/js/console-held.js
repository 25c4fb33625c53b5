// Undo send: replies that the desk holds for some seconds, counted down in the thread.

import { find, findAll, make, reason, submit, toast, word } from "./console-page.js";

const TYPING_EVERY = 3_000; // milliseconds: for the customer somebody is still writing
const LOOK_EVERY = 2_000; // milliseconds: a forward whose time has come is looked for

/** `composer` gets words back by back(drafts) and tells why by refusedHeld(answer). */
export class Held {
  #list = find("#thread");
  #base;
  #composer;
  #typed = 0;
  #looked = 0;

  constructor(base, composer) {
    this.#base = base;
    this.#composer = composer;
    for (const line of [...this.#lines(), ...this.#forwards()]) this.#start(line, Number(line.dataset.left));
    this.#list.addEventListener("click", (event) => this.#click(event));
    setInterval(() => this.#tick(), 250);
  }

  /** The desk has taken a reply and holds it. */
  begin({ id, client_id: clientId, left }) {
    const line = find(`.message[data-client="${CSS.escape(clientId)}"]:not([data-number])`, this.#list);
    if (!line) return;
    line.dataset.held = id;
    line.classList.replace("pending", "held");
    find("time", line)?.replaceWith(make("span", "held-state"));
    const [undo, now] = [make("button", "button soft", word("undo")), make("button", "button plain", word("send_now"))];
    undo.dataset.undo = now.dataset.now = "";
    undo.type = now.type = "button";
    line.append(make("div", "held-ways", undo, now));
    this.#start(line, left);
  }

  /** Take back what was sent last. False when nothing is held. */
  undoLast() {
    const last = this.#lines().at(-1);
    if (last) this.#undo(last);
    else if (!this.#forwards().length) return false;
    else find("form", this.#forwards().at(-1)).requestSubmit();
    return true;
  }

  /** The customer has written: nothing goes out over that. */
  async stopAll() {
    const waiting = this.#lines().reverse();
    for (const line of waiting) await this.#undo(line, { quiet: true });
    if (waiting.length) this.#composer.refusedHeld({ status: 409, body: { code: "stale", data: {} } });
  }

  /** Another page, or the desk itself, has done something. */
  async heard({ id, state }) {
    const line = find(`[data-held="${CSS.escape(id)}"]`, this.#list);
    if (!line || state === "held" || state === "sent") return; // the message itself takes its place
    line.remove();
    if (state === "stopped") this.#composer.refusedHeld(await submit(`${this.#base}/held/${id}/now`, {}));
  }

  #lines() {
    return findAll("[data-held]", this.#list);
  }

  /** Forwards that can be undone; their buttons are forms, because the words go back to a page of their own. */
  #forwards() {
    return findAll("[data-forward][data-left]", this.#list);
  }

  #start(line, seconds) {
    line.dataset.until = Date.now() + seconds * 1_000;
    this.#count(line);
  }

  #tick() {
    const lines = this.#lines();
    for (const line of [...lines, ...this.#forwards()]) this.#count(line);
    this.#lookForLate();
    if (lines.length && Date.now() - this.#typed > TYPING_EVERY) {
      this.#typed = Date.now();
      this.#composer.showTyping(true, false);
    }
  }

  #lookForLate() {
    const late = this.#forwards().some((line) => Number(line.dataset.until) < Date.now());
    if (!late || Date.now() - this.#looked < LOOK_EVERY) return;
    this.#looked = Date.now();
    this.#composer.forwardDue();
  }

  #count(line) {
    const left = Math.ceil((Number(line.dataset.until) - Date.now()) / 1_000);
    const text = left > 0 ? word("sending_in", { seconds: left }) : word("sending");
    const place = find(".held-state", line);
    if (place.textContent !== text) place.textContent = text;
  }

  #click(event) {
    const button = event.target.closest?.("[data-undo], [data-now]");
    const line = button?.closest("[data-held]");
    if (!line) return;
    event.preventDefault();
    if ("undo" in button.dataset) this.#undo(line);
    else this.#now(line);
  }

  async #undo(line, { quiet = false } = {}) {
    if (line.dataset.busy) return;
    line.dataset.busy = "1";
    await this.#composer.flush(); // what was written since stands behind the words that come back
    const answer = await submit(`${this.#base}/held/${line.dataset.held}/undo`, {});
    delete line.dataset.busy;
    if (answer.ok) {
      line.remove();
      this.#composer.back(answer.body, line.dataset.client, { quiet });
    } else if (answer.body.code === "already_back") line.remove();
    else if (!quiet) toast(reason(answer), "alert");
  }

  async #now(line) {
    const answer = await submit(`${this.#base}/held/${line.dataset.held}/now`, {});
    if (answer.ok) return;
    if (answer.status !== 409) {
      toast(reason(answer), "alert");
      return;
    }
    line.remove();
    this.#composer.refusedHeld(answer);
  }
}
