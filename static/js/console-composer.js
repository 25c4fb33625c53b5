// Writing: drafts that survive, sending without a reload, and nothing sent over unread words.

import { boot, find, icon, kept, make, reason, submit, word } from "./console-page.js";
import { gather, Tray } from "./files.js";
import { newClientId } from "./outbox.js";

const TYPING_EVERY = 3_000;

export class Composer {
  #form = find("#composer");
  #text = find("#text");
  #tray = null; // none in a conversation by mail
  #posted = new Map(); // client id → what its files were in the tray
  #thread = null;
  #wire;
  #typedAt = 0;
  #saving = 0;

  constructor(wire) {
    this.#wire = wire;
    if (find("#tray")) this.#takeFiles();
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

  #takeFiles() {
    this.#tray = new Tray(find("#tray"), {
      target: () => ({ url: `/console/conversations/${this.#thread.conversation}/files`, headers: { "x-form-token": boot.token } }),
      word: (key, values = {}) => (boot.words[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? ""),
      limit: boot.file_bytes,
      onchange: () => this.#weigh(),
    });
    gather(this.#tray, { input: find("#files"), field: this.#text, open: () => this.mode === "reply" });
  }

  /** Words are not needed beside files; nothing is sent before its files have arrived. */
  #weigh() {
    this.#text.required = !(this.mode === "reply" && this.#tray?.some);
    find("button.for-reply", this.#form).disabled = Boolean(this.#tray?.busy);
  }

  #key() {
    return `wismo-draft-${this.#form.dataset.draft}`;
  }

  #button() {
    return find(this.mode === "note" ? "button.for-note" : "button.for-reply", this.#form);
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
    this.#weigh();
  }

  /** The orders beside are shown anew: whoever has begun to write has not looked at them yet. */
  ordersShown() {
    const field = find("[name=orders]", this.#form);
    const [now, before] = [JSON.parse(find("#sights").value), JSON.parse(field.value || "{}")];
    field.value = JSON.stringify(this.#text.value.trim() ? { ...now, ...before } : now);
  }

  /** Bring an answer to the desk's door for answers: null when nobody opened. */
  async carry({ type, conversation, attachments = [], ...fields }) {
    const answer = await submit(`${this.#thread.base}/replies`, { ...fields, attachments: attachments.join(" ") });
    if (answer.ok) {
      this.#posted.delete(fields.client_id);
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
    if (code !== "attachment_gone") this.#tray?.restore(this.#posted.get(clientId) ?? []);
    this.#posted.delete(clientId);
    this.#text.value = this.#text.value ? `${text}\n${this.#text.value}` : text;
    find("[name=client_id]", this.#form).value = clientId;
    this.#accept(data.orders ?? []);
    this.#save();
    this.#problem({ status: data.status, body: { code, data } });
    this.#text.focus();
  }

  /** What has changed stands above the words: sent again, they have been weighed against it. */
  #accept(orders) {
    const field = find("[name=orders]", this.#form);
    const news = Object.fromEntries(orders.map(({ order, sight }) => [order, sight]));
    field.value = JSON.stringify({ ...JSON.parse(field.value || "{}"), ...news });
  }

  async #send(event) {
    event.preventDefault();
    const text = this.#text.value.trim();
    const tray = this.mode === "reply" ? this.#tray : null;
    if (this.#form.dataset.busy || tray?.busy || !(text || tray?.some)) return;
    const fields = new FormData(this.#form);
    const clientId = fields.get("client_id");
    this.#text.value = "";
    this.#problem(null);
    if (this.mode === "reply") {
      const files = tray?.take() ?? [];
      this.#posted.set(clientId, files);
      const attachments = files.map(({ attachment }) => attachment.id);
      const post = { client_id: clientId, text, seen: this.#thread.last, orders: fields.get("orders"), attachments };
      const known = files.map(({ attachment }) => attachment);
      this.#thread.talk.post(fields.has("take_over") ? { ...post, take_over: "1" } : post, known);
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
    for (const order of answer.body.data?.orders ?? []) line.append(changes(order));
    if (answer.body.code === "order_changed") {
      if (answer.body.data.last) line.append(make("span", "composer-change", boot.reasons.stale));
      line.append(make("button", "button soft", boot.words.send_anyway));
    }
    const notice = make("div", `notice ${tone} composer-problem`, icon("alert", ""), line);
    notice.setAttribute("role", "alert");
    this.#form.prepend(notice);
  }
}

/** What has become of an order: before → now. */
function changes({ number, lines }) {
  const rows = lines.map(({ what, before, after }) => {
    const row = make("span", "", `${what}: `);
    if (before) row.append(make("s", "", before), " → ");
    row.append(make("b", "", after));
    return row;
  });
  return make("span", "composer-change", make("strong", "", number), ...rows);
}
