// Writing: drafts that survive, sending without a reload, and nothing sent over unread words.

import { boot, find, icon, kept, make, reason, submit, word } from "./console-page.js";
import { newClientId } from "./outbox.js";

const TYPING_EVERY = 3_000;

export class Composer {
  #form = find("#composer");
  #text = find("#text");
  #thread = null;
  #wire;
  #typedAt = 0;
  #saving = 0;

  constructor(wire) {
    this.#wire = wire;
    this.#restore();
    this.#form.addEventListener("submit", (event) => this.#send(event));
    this.#form.addEventListener("change", () => this.#switched());
    this.#text.addEventListener("input", () => this.#typed());
    this.#text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.#form.requestSubmit(this.#button());
      } else if (event.key === "Escape") {
        this.#text.blur();
      }
    });
    this.#switched();
  }

  /** The conversation that is written to. */
  join(thread) {
    this.#thread = thread;
  }

  /** Open the composer for a reply or a note. */
  open(mode) {
    find(`#as-${mode}`).checked = true;
    this.#switched();
    this.#text.focus();
  }

  get mode() {
    return find("#as-note").checked ? "note" : "reply";
  }

  #key() {
    return `wismo-draft-${this.#form.dataset.draft}`;
  }

  #button() {
    return find(this.mode === "note" ? ".for-note" : ".for-reply", this.#form);
  }

  #restore() {
    const draft = kept.get(this.#key());
    if (!draft || this.#text.value) return;
    const { text, mode } = JSON.parse(draft);
    this.#text.value = text;
    find(`#as-${mode === "note" ? "note" : "reply"}`).checked = true;
    find("#draft-state").textContent = word("draft_kept");
  }

  #typed() {
    clearTimeout(this.#saving);
    this.#saving = setTimeout(() => this.#save(), 300);
    // Nobody outside may learn that a note is being written.
    if (this.mode === "reply" && Date.now() - this.#typedAt > TYPING_EVERY) {
      this.#typedAt = Date.now();
      this.#wire.send({ type: "typing", conversation: this.#thread.conversation, on: true });
    }
  }

  #save() {
    const text = this.#text.value;
    kept.set(this.#key(), text && JSON.stringify({ text, mode: this.mode }));
    find("#draft-state").textContent = text ? word("draft_kept") : "";
  }

  #switched() {
    this.#text.placeholder = this.mode === "note" ? this.#text.dataset.note : this.#text.dataset.reply;
  }

  /** Bring an answer to the desk's door for answers: null when nobody opened. */
  async carry({ type, conversation, ...fields }) {
    const answer = await submit(`${this.#thread.base}/replies`, fields);
    if (answer.ok) {
      const { url, number } = answer.body;
      if (url && new URL(url, location.href).pathname !== location.pathname) location.assign(url);
      this.#thread.refreshHead();
      return { number };
    }
    const { code, data } = answer.body;
    return code ? { code, data: { ...data, status: answer.status } } : null;
  }

  /** The words go back where they were written; the same id makes a second try safe. */
  refused({ text, client_id: clientId }, code, data) {
    this.#text.value = this.#text.value ? `${text}\n${this.#text.value}` : text;
    find("[name=client_id]", this.#form).value = clientId;
    this.#save();
    this.#problem({ status: data.status, body: { code, data } });
    this.#text.focus();
  }

  async #send(event) {
    event.preventDefault();
    const text = this.#text.value.trim();
    if (!text || this.#form.dataset.busy) return;
    const fields = new FormData(this.#form);
    const clientId = fields.get("client_id");
    this.#text.value = "";
    this.#problem(null);
    if (this.mode === "reply") {
      const post = { client_id: clientId, text, seen: this.#thread.last };
      this.#thread.talk.post(fields.has("take_over") ? { ...post, take_over: "1" } : post);
      this.#sent();
      return;
    }
    this.#form.dataset.busy = "1";
    const answer = await submit(`${this.#thread.base}/notes`, fields);
    delete this.#form.dataset.busy;
    if (answer.ok) this.#sent();
    else this.refused({ text, client_id: clientId }, answer.body.code, { ...answer.body.data, status: answer.status });
  }

  #sent() {
    this.#typedAt = 0;
    this.#wire.send({ type: "typing", conversation: this.#thread.conversation, on: false });
    find("[name=client_id]", this.#form).value = newClientId();
    this.#save();
  }

  #problem(answer) {
    find(".composer-problem", this.#form)?.remove();
    if (!answer) return;
    const tone = answer.status === 409 ? "warn" : "bad";
    const line = make("span", "", reason(answer));
    if (answer.body.code === "handled_by_other") {
      const box = make("input");
      Object.assign(box, { type: "checkbox", name: "take_over", value: "1" });
      line.append(make("label", "composer-take", box, boot.words.take_and_send));
    }
    const notice = make("div", `notice ${tone} composer-problem`, icon("alert", ""), line);
    notice.setAttribute("role", "alert");
    this.#form.prepend(notice);
  }
}
