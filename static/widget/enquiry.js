// When nobody is at the desk: a form that becomes a ticket, and the number of it.

import { newClientId } from "../js/outbox.js";
import { h } from "./dom.js";
import { privacyLine } from "./privacy.js";
import { spoken, t } from "./words.js";

export class EnquiryForm {
  #open = null; // {form, note, clientId}
  #offered = false;
  #sent = null; // the frame that waits for its answer
  #received = null;

  /** `send(frame)` says whether the line was open, `words()` is what the person has begun to write. */
  constructor(box, { send, words, sent, time }) {
    Object.assign(this, { box, send, words, sent, time });
  }

  /** Show the button, or take it away; an open form stays. */
  offer(on) {
    this.#offered = on;
    if (!this.#open && !this.#received && on !== Boolean(this.box.firstChild)) this.#button();
  }

  /** Everything in the language that is spoken now; what was typed stays. */
  repaint() {
    if (this.#received) this.#thank();
    else if (this.#open) this.#show(Object.fromEntries(new FormData(this.#open.form)));
    else this.#button();
  }

  /** The talk goes on: what was left before is no news any more. */
  withdraw() {
    if (!this.#received) return;
    this.#received = null;
    this.#button();
  }

  /** A new line: what was sent over the old one may be lost, and is taken in once however often it comes. */
  again() {
    if (this.#sent) this.send(this.#sent);
  }

  /** The desk has it. */
  received(frame) {
    this.#open = this.#sent = null;
    this.#received = frame;
    this.#thank();
    this.box.firstChild.focus();
    this.sent();
  }

  /** It was refused: say why, keep the words. */
  refused({ client_id: clientId, code }) {
    if (!this.#open || clientId !== this.#open.clientId) return;
    this.#sent = null;
    this.#open.note.textContent = REASONS[code]?.() ?? t("Not sent.");
    this.#open.form.querySelector("[type=submit]").disabled = false;
    if (code === "bad_contact") this.#open.form.elements.contact.focus();
  }

  #thank() {
    const frame = this.#received;
    const words = frame.by
      ? t("We’ve received your message: ticket {number}. A person will answer by about {time}.", { number: frame.number, time: this.time(frame.by) })
      : t("We’ve received your message: ticket {number}.", { number: frame.number });
    this.box.replaceChildren(h("p.panel.thanks", { tabindex: "-1" }, words));
  }

  #button() {
    const open = () => {
      this.#show({ text: this.words() });
      this.box.querySelector("input").focus();
    };
    const button = h("button.reply.leave-word", { type: "button", onclick: open }, t("Leave a message for a person"));
    this.box.replaceChildren(...(this.#offered ? [button] : []));
  }

  #show(typed) {
    const field = (name, label, attributes = {}) =>
      h("label.entry", {}, h("span", {}, label), h("input", { name, value: typed[name] ?? "", ...attributes }));
    const note = h("p.refusal", { role: "alert" });
    const form = h(
      "form.panel.enquiry",
      { onsubmit: (event) => this.#submit(event), "aria-label": t("Leave a message for a person") },
      field("name", t("Your name"), { autocomplete: "name", maxlength: 200, required: true }),
      field("contact", t("Email or phone"), { autocomplete: "email", maxlength: 254, required: true }),
      field("order", t("Order number, if you have one"), { autocomplete: "off", maxlength: 120 }),
      h("label.entry", {}, h("span", {}, t("What is it about?")), h("textarea", { name: "text", rows: 3, maxlength: 8000, required: true }, typed.text ?? "")),
      note,
      h("p.small-print", {}, privacyLine()),
      h(
        "div.panel-actions",
        {},
        h("button.later", { type: "button", onclick: () => this.#cancel() }, t("Cancel")),
        h("button.check", { type: "submit" }, t("Send")),
      ),
    );
    this.#open = { form, note, clientId: this.#open?.clientId ?? newClientId(), said: this.#open?.said };
    this.box.replaceChildren(form);
    form.scrollIntoView({ block: "nearest" });
  }

  #submit(event) {
    event.preventDefault();
    const typed = Object.fromEntries(new FormData(this.#open.form));
    const said = JSON.stringify(typed);
    if (this.#open.said && this.#open.said !== said) this.#open.clientId = newClientId(); // other words are another enquiry
    this.#open.said = said;
    const frame = { type: "enquire", client_id: this.#open.clientId, language: spoken(), ...typed };
    this.#sent = frame;
    this.#open.note.textContent = this.send(frame) ? "" : t("You’re offline. Your messages are kept and sent later.");
    this.#open.form.querySelector("[type=submit]").disabled = true;
  }

  #cancel() {
    this.#open = this.#sent = null;
    this.#button();
    this.box.querySelector("button")?.focus();
  }
}

const REASONS = {
  bad_contact: () => t("That’s neither an email address nor a phone number."),
  too_many: () => t("Too many messages at once. Please wait a moment."),
};
