// Writing: drafts that survive, sending without a reload, and nothing sent over unread words.

import { Drafts } from "./console-drafts.js";
import { Held } from "./console-held.js";
import { boot, find, icon, make, reason, submit, word } from "./console-page.js";
import { Recipients } from "./console-recipients.js";
import { gather, Tray } from "./files.js";

const TYPING_EVERY = 3_000;
const ABOUT_RECIPIENTS = new Set(["bad_recipient", "no_recipient", "too_many_recipients", "customer_missing"]);

export class Composer {
  #form = find("#composer");
  #text = find("#text");
  #tray = null;
  #recipients = new Recipients();
  #posted = new Map(); // client id → what its files were in the tray
  #mode = "reply"; // whose words stand in the field
  #base = find("#main").dataset.base;
  #drafts;
  #held;
  #thread = null;
  #wire;
  #typedAt = 0;

  constructor(wire) {
    this.#wire = wire;
    const kept = JSON.parse(this.#form.dataset.drafts);
    this.#drafts = new Drafts(this.#form.dataset.draft, kept, {
      base: () => this.#base,
      extras: (mode) => this.#extras(mode),
      changed: (mode, theirs) => this.#changed(mode, theirs),
      trouble: (answer) => answer.status === 401 && this.#problem(answer),
    });
    if (find("#tray")) this.#takeFiles(kept.reply?.files ?? []);
    this.#held = new Held(this.#base, this);
    this.#restore(kept);
    this.#form.addEventListener("submit", (event) => this.#send(event));
    this.#form.addEventListener("change", () => this.#switched());
    this.#text.addEventListener("input", () => this.#typed());
    this.#text.addEventListener("blur", () => this.flush());
    this.#text.addEventListener("keydown", (event) => {
      if (event.isComposing) return; // Enter and Escape belong to the input method
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.#form.requestSubmit(this.#button());
      } else if (event.key === "Escape") {
        this.#text.blur();
      }
    });
    wire.addEventListener("frame", ({ detail }) => this.#take(detail));
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

  /** Take back what was sent last; false when it is too late for that. */
  undo() {
    return this.#held.undoLast();
  }

  /** Bring what is written to the desk. */
  flush() {
    this.#stash();
    return this.#drafts.flush();
  }

  /** A reply was taken back: the desk's draft holds its words now. */
  back(drafts, clientId, { quiet = false } = {}) {
    this.#drafts.take(drafts);
    this.#tray?.restore(this.#posted.get(clientId) ?? []);
    this.#posted.delete(clientId);
    if (!quiet) this.open("reply");
  }

  /** The desk has stopped a held reply; its words are in the draft. */
  refusedHeld(answer) {
    this.#accept(answer.body.data?.orders ?? []);
    this.open("reply");
    this.#problem(answer);
  }

  /** Others see that somebody is writing; of a note, only the desk does. */
  showTyping(on = true, note = this.#mode === "note") {
    this.#wire.send({ type: "typing", conversation: this.#thread.conversation, on, note });
  }

  /** Words with this id are on their way, perhaps since before a reload. */
  left(clientId) {
    this.#drafts.left(clientId);
    this.#show();
  }

  /** The customer has said something new. */
  customerWrote() {
    this.#held.stopAll();
  }

  /** A forward leaves about now: the thread knows. */
  forwardDue() {
    this.#thread?.refreshEvents();
  }

  #take(frame) {
    if (frame.conversation !== this.#thread?.conversation) return;
    if (frame.type === "draft") this.#drafts.heard(frame);
    else if (frame.type === "held") this.#held.heard(frame);
  }

  #takeFiles(kept) {
    this.#tray = new Tray(find("#tray"), {
      target: () => ({ url: `/console/conversations/${this.#thread.conversation}/files`, headers: { "x-form-token": boot.token } }),
      word: (key, values = {}) => (boot.words[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? ""),
      limit: boot.file_bytes,
      onchange: () => this.#weigh(),
    });
    gather(this.#tray, { input: find("#files"), field: this.#text, open: () => this.mode === "reply" });
    this.#tray.restore(kept.map((attachment) => ({ attachment, name: attachment.name, state: "ready", preview: "" })));
  }

  /** Words are not needed beside files; nothing is sent before its files have arrived. */
  #weigh() {
    this.#text.required = !(this.mode === "reply" && this.#tray?.some);
    find("button.for-reply", this.#form).disabled = Boolean(this.#tray?.busy);
  }

  #button() {
    return find(this.mode === "note" ? "button.for-note" : "button.for-reply", this.#form);
  }

  /** What the desk has kept, what this device has, and what the page brought back after a refusal. */
  #restore(kept) {
    const shown = this.#text.value;
    this.#mode = this.mode;
    if (shown && shown !== kept[this.mode]?.text) this.#drafts.write(this.mode, shown);
    const other = this.mode === "note" ? "reply" : "note";
    const better = !this.#drafts.of(this.mode).text && this.#drafts.of(other).text ? other : this.mode;
    find(`#as-${this.#drafts.unsaved ?? better}`).checked = true;
    this.#mode = this.mode;
    this.#show();
    this.#switched();
  }

  #show() {
    const { text, clientId } = this.#drafts.of(this.#mode);
    if (this.#text.value !== text) this.#text.value = text;
    find("[name=client_id]", this.#form).value = clientId;
    find("#draft-state").textContent = text ? word("draft_kept") : "";
  }

  #typed() {
    this.#stash();
    if (Date.now() - this.#typedAt > TYPING_EVERY) {
      this.#typedAt = Date.now();
      this.showTyping();
    }
  }

  /** The field's words are the draft of its mode. */
  #stash() {
    if (this.#text.value !== this.#drafts.of(this.#mode).text) this.#drafts.write(this.#mode, this.#text.value);
    find("#draft-state").textContent = this.#text.value ? word("draft_kept") : "";
  }

  /** Reply and note have words of their own. */
  #switched() {
    if (this.mode !== this.#mode) {
      this.#stash();
      this.#mode = this.mode;
      this.#show();
    }
    this.#text.placeholder = this.mode === "note" ? this.#text.dataset.note : this.#text.dataset.reply;
    this.#weigh();
  }

  /** What a draft is bound to. */
  #extras(mode) {
    const files = mode === "reply" ? (this.#tray?.ready ?? []) : [];
    const attachments = files.map(({ attachment }) => attachment.id).join(" ");
    const to = mode === "reply" ? this.#recipients.fields : {};
    return { seen: this.#thread?.last ?? 0, orders: find("[name=orders]", this.#form).value, attachments, ...to };
  }

  #changed(mode, theirs) {
    if (theirs?.files?.length && !this.#tray?.some) {
      this.#tray?.restore(theirs.files.map((attachment) => ({ attachment, name: attachment.name, state: "ready", preview: "" })));
    }
    this.#recipients.restore(theirs?.mail);
    if (mode === this.#mode) this.#show();
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
      const { url, number } = answer.body;
      if (answer.status === 202) this.#held.begin(answer.body);
      else this.#posted.delete(fields.client_id);
      if (url && new URL(url, location.href).pathname !== location.pathname) location.assign(url);
      this.#thread.refreshHead();
      return answer.status === 202 ? { held: true } : { number };
    }
    const { code, data } = answer.body;
    return code ? { code, data: { ...data, status: answer.status } } : null;
  }

  /** The words go back where they were written; the same id makes a second try safe. */
  refused({ text, client_id: clientId, ...rest }, code, data, mode = "reply") {
    this.#recipients.restore(rest);
    if (ABOUT_RECIPIENTS.has(code)) this.#recipients.show();
    if (code !== "attachment_gone") this.#tray?.restore(this.#posted.get(clientId) ?? []);
    this.#posted.delete(clientId);
    this.#stash();
    this.#drafts.returned(mode, text, clientId);
    this.#accept(data.orders ?? []);
    this.open(mode);
    this.#show();
    this.#problem({ status: data.status, body: { code, data } });
  }

  /** What has changed stands above the words: sent again, they have been weighed against it. */
  #accept(orders) {
    const field = find("[name=orders]", this.#form);
    const news = Object.fromEntries(orders.map(({ order, sight }) => [order, sight]));
    field.value = JSON.stringify({ ...JSON.parse(field.value || "{}"), ...news });
  }

  async #send(event) {
    event.preventDefault();
    this.#stash();
    const text = this.#text.value.trim();
    const tray = this.mode === "reply" ? this.#tray : null;
    if (this.#form.dataset.busy || tray?.busy || !(text || tray?.some)) return;
    const fields = new FormData(this.#form);
    const clientId = fields.get("client_id");
    this.#text.value = "";
    this.#problem(null);
    this.#drafts.sent(this.#mode);
    if (this.mode === "reply") {
      const files = tray?.take() ?? [];
      this.#posted.set(clientId, files);
      const attachments = files.map(({ attachment }) => attachment.id);
      const post = { client_id: clientId, text, seen: this.#thread.last, orders: fields.get("orders"), macro: fields.get("macro"), attachments, ...this.#recipients.fields };
      const known = files.map(({ attachment }) => attachment);
      this.#thread.talk.post(fields.has("take_over") ? { ...post, take_over: "1" } : post, known);
      this.#recipients.reset();
      this.#sent();
      return;
    }
    this.#form.dataset.busy = "1";
    const answer = await submit(`${this.#thread.base}/notes`, fields);
    delete this.#form.dataset.busy;
    if (answer.ok) this.#sent();
    else this.refused({ text, client_id: clientId }, answer.body.code, { ...answer.body.data, status: answer.status }, "note");
  }

  #sent() {
    this.#typedAt = 0;
    this.showTyping(false);
    find("[name=macro]", this.#form).value = "";
    this.#show();
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
