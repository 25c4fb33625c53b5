// How it was: five choices that work by mouse, keyboard and screen reader, and a few words.

import { h } from "./dom.js";
import { t } from "./words.js";

const SCORES = [1, 2, 3, 4, 5];

/** The fields of a rating. `value()` is {score, text}, or null before a choice; `onchange` hears the first one. */
export function ratingFields({ onchange = () => {} } = {}) {
  const choice = (score) =>
    h(
      "label.score",
      {},
      h("input.hidden", { type: "radio", name: "score", value: score, onchange: () => choose(score) }),
      h("span", { "aria-hidden": "true" }, "★"),
      h("span.hidden", {}, t("{score} of 5", { score })),
    );
  const labels = SCORES.map(choice);
  const words = h("textarea.words", { rows: 2, maxlength: 2000, hidden: true, "aria-label": t("What could be better?"), placeholder: t("What could be better?") });
  let score = 0;
  const choose = (chosen) => {
    score = chosen;
    labels.forEach((label, index) => label.classList.toggle("is-on", index < score));
    words.hidden = false;
    onchange();
  };
  const element = h("fieldset.rating", {}, h("legend", {}, t("How was our help?")), h("div.scores", {}, labels), words);
  return { element, value: () => (score ? { score, text: words.value.trim() } : null) };
}

/** Asks once, below the conversation, when the work is done. */
export class RatingPrompt {
  #asked = false;
  #upTo = 0; // the last message that it is about
  given = false;

  /** `send(rating)` gives it to the desk and says whether the line was open; `mail()` is a button for the words by mail. */
  constructor(box, send, mail) {
    Object.assign(this, { box, send, mail });
  }

  /** `number` is that of the last message: what is said after it begins a new round. */
  ask(number) {
    if (this.#asked) return;
    this.#asked = true;
    this.#upTo = number;
    const send = h("button.check", { type: "submit", hidden: true }, t("Send"));
    const fields = ratingFields({
      onchange: () => {
        send.hidden = false;
        this.box.scrollIntoView({ block: "nearest" });
      },
    });
    const later = h("button.later", { type: "button", onclick: () => this.withdraw() }, t("Not now"));
    const submit = (event) => {
      event.preventDefault();
      if (fields.value() && this.send(fields.value())) this.thank();
    };
    this.box.replaceChildren(h("form.panel", { onsubmit: submit }, fields.element, h("div.panel-actions", {}, this.mail(), later, send)));
    this.box.scrollIntoView({ block: "nearest" });
  }

  thank() {
    this.given = true;
    const had = this.box.contains(document.activeElement);
    const words = h("p", { role: had ? null : "status", tabindex: "-1" }, t("Thanks, got it."));
    this.box.replaceChildren(h("div.thanks", {}, words, this.mail()));
    if (had) words.focus(); // which reads it
  }

  /** The talk goes on, or the person does not want to say. */
  withdraw() {
    this.box.replaceChildren();
  }

  /** Words of the customer, `number`, begin a new round, unless they were seen before: its end is asked about again. */
  renew(number) {
    if (number <= this.#upTo) return;
    this.#asked = this.given = false;
    this.withdraw();
  }

  /** The same question in the language that is spoken now. */
  repaint() {
    if (!this.box.querySelector("form")) return;
    this.#asked = false;
    this.ask(this.#upTo);
  }
}
