// The conversation by mail: one click for a proved address; any other is proved by a code first.

import { newClientId } from "../js/outbox.js";
import { h } from "./dom.js";
import { openPanel } from "./panel.js";
import { t } from "./words.js";

export class Transcript {
  #dialog = null;
  #asked = null; // the frame that waits for its answer
  #address = "";

  /** `send(frame)` says whether the line was open. */
  constructor(send) {
    this.send = send;
  }

  /** A button that opens it. */
  button() {
    const button = h("button.by-mail", { type: "button", onclick: () => this.open(button) }, t("Email me the conversation"));
    return button;
  }

  /** Ask for the letter at once; `back` gets the focus in the end. */
  open(back) {
    this.#address = "";
    this.#dialog = openPanel("transcript", t("Send by email"), h("div.steps"), back);
    this.#dialog.addEventListener("close", () => (this.#dialog = this.#asked = null));
    this.#step(h("p", { role: "status" }, t("One moment…")));
    this.#ask({ type: "transcript" });
  }

  /** An answer of the desk. */
  take(frame) {
    if (!this.#isAnswer(frame)) return;
    if (frame.type === "transcript") this.#sent(frame.address);
    else if (frame.state === "sent") this.#askCode();
    else if (frame.state === "proved") this.#ask({ type: "transcript", address: this.#address });
    else this.#complain(frame.left ? t("That code doesn’t match. Tries left: {count}.", { count: frame.left }) : t("This code has expired. Please ask for a new one."));
  }

  /** The desk says no. */
  refused(frame) {
    if (!this.#isAnswer(frame)) return;
    if (frame.code === "not_proved") this.#askAddress();
    else this.#complain(reason(frame));
  }

  /** A new line: what was asked over the old one may be lost. */
  again() {
    if (this.#asked) this.send(this.#asked);
  }

  #isAnswer({ client_id: clientId }) {
    const is = this.#dialog !== null && this.#asked?.client_id === clientId;
    if (is) this.#asked = null;
    return is;
  }

  #ask(fields) {
    this.#asked = { ...fields, client_id: newClientId() };
    if (this.send(this.#asked)) return;
    this.#asked = null;
    this.#complain(t("You’re offline. Please try again in a moment."));
  }

  #askAddress() {
    const input = h("input", { name: "address", type: "email", autocomplete: "email", maxlength: 254, required: true, value: this.#address });
    const submit = () => {
      this.#address = input.value.trim();
      this.#ask({ type: "prove", address: this.#address });
    };
    const why = t("We’ll send a code there first, so that nobody else can read your conversation.");
    this.#form(submit, why, h("label.entry", {}, h("span", {}, t("Email address")), input), t("Send the code"));
    input.focus();
  }

  #askCode() {
    const input = h("input.code", { name: "code", inputmode: "numeric", autocomplete: "one-time-code", pattern: "[0-9]{6}", required: true, placeholder: "000000" });
    input.addEventListener("input", () => (input.value = input.value.normalize("NFKC").replace(/\D/g, "").slice(0, 6)));
    const sent = t("A six-digit code is on its way to {address}.", { address: this.#address });
    const other = h("button.later", { type: "button", onclick: () => this.#askAddress() }, t("Another address"));
    this.#form(() => this.#ask({ type: "prove", code: input.value }), sent, h("label.entry", {}, h("span", {}, t("Six-digit code")), input), t("Check"), other);
    input.focus();
  }

  #form(submit, explanation, field, action, ...others) {
    const explained = h("p", { id: "transcript-step" }, explanation);
    field.querySelector("input").setAttribute("aria-describedby", explained.id);
    const onsubmit = (event) => {
      event.preventDefault();
      form.querySelector(".refusal").textContent = "";
      submit();
    };
    const actions = h("div.panel-actions", {}, ...others, this.#close(t("Cancel")), h("button.check", { type: "submit" }, action));
    const form = h("form.steps", { onsubmit }, explained, field, h("p.refusal", { role: "alert" }), actions);
    this.#step(form);
  }

  #sent(address) {
    const words = h("p", { tabindex: "-1" }, t("The conversation is on its way to {address}.", { address }));
    const other = h("button.later", { type: "button", onclick: () => this.#askAddress() }, t("Another address"));
    this.#step(words, h("div.panel-actions", {}, other, this.#close(t("Done"), "check")));
    words.focus();
  }

  /** In the form that is open, or in its place. */
  #complain(words) {
    const place = this.#dialog.querySelector(".refusal");
    if (place) {
      place.textContent = words;
      this.#dialog.querySelector("input")?.select();
      return;
    }
    const retry = h("button.check", { type: "button", onclick: () => this.#ask({ type: "transcript", address: this.#address }) }, t("Try again"));
    this.#step(h("p.refusal", { role: "alert" }, words), h("div.panel-actions", {}, this.#close(t("Cancel")), retry));
    retry.focus();
  }

  #step(...content) {
    this.#dialog.querySelector(".steps").replaceWith(h("div.steps", {}, ...content));
  }

  #close(words, kind = "later") {
    return h(`button.${kind}`, { type: "button", onclick: () => this.#dialog.close() }, words);
  }
}

function reason({ code }) {
  if (code === "bad_address") return t("That isn’t an email address.");
  if (code === "too_many_codes" || code === "too_many") return t("Too many tries. Please try again in an hour.");
  return t("That didn’t work. Please try again.");
}
