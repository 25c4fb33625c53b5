// To whom an answer by mail goes: one line while nobody looks, fields when somebody does.

import { find, findAll } from "./console-page.js";

const FIELDS = ["mail_mode", "mail_to", "mail_cc", "mail_quote"];

export class Recipients {
  #box = find("#recipients"); // none in a chat
  #short = find("#recipients-short");
  #to = find("#mail-to");
  #cc = find("#mail-cc");
  #from = find("#mail-identity"); // none where a shop has one address

  constructor() {
    if (!this.#box) return;
    for (const choice of this.#modes) {
      choice.addEventListener("change", () => this.#fill(choice.dataset.to, choice.dataset.cc));
    }
    for (const button of findAll("[data-instead]", this.#box)) {
      button.addEventListener("click", () => this.#fill(button.dataset.instead, this.#cc.value));
    }
    this.#box.addEventListener("input", () => this.#sum());
    this.#sum();
  }

  /** What goes with the words; nothing in a chat. */
  get fields() {
    if (!this.#box) return {};
    return {
      mail_mode: this.#modes.find((choice) => choice.checked)?.value ?? "reply",
      mail_to: this.#to.value,
      mail_cc: this.#cc.value,
      mail_quote: find("[type=checkbox][name=mail_quote]", this.#box).checked ? "1" : "0",
      mail_identity: this.#from?.value ?? "",
    };
  }

  /** The choice that was made with words which are back in the composer. */
  restore(chosen) {
    if (!this.#box || !chosen || !FIELDS.every((name) => name in chosen)) return;
    for (const choice of this.#modes) choice.checked = choice.value === chosen.mail_mode;
    find("[type=checkbox][name=mail_quote]", this.#box).checked = chosen.mail_quote !== "0";
    if (this.#from) this.#from.value = chosen.mail_identity ?? "";
    this.#fill(chosen.mail_to, chosen.mail_cc);
  }

  /** The next answer goes where answers usually go. */
  reset() {
    if (!this.#box) return;
    const [{ dataset: usual }] = this.#modes;
    this.restore({ mail_mode: "reply", mail_to: usual.to, mail_cc: usual.cc, mail_quote: "1" });
    this.#box.open = false;
  }

  /** What the desk refuses is in these fields. */
  show() {
    if (this.#box) this.#box.open = true;
  }

  get #modes() {
    return findAll("[type=radio][name=mail_mode]", this.#box);
  }

  #fill(to, cc) {
    this.#to.value = to;
    this.#cc.value = cc;
    this.#sum();
  }

  #sum() {
    const words = (pattern, people) => pattern.replace("{people}", people);
    const { to, copy } = this.#short.dataset;
    const line = words(to, this.#to.value || "…");
    this.#short.textContent = this.#cc.value ? `${line} · ${words(copy, this.#cc.value)}` : line;
  }
}
