// The customer's own orders as cards to choose from: no number has to be typed.

import { h } from "./dom.js";
import { openPanel } from "./panel.js";
import { t } from "./words.js";

const FIRST = 4; // cards before "all"

export class Picker {
  #orders = [];

  /** `choose(order)` is told of the choice, `changed()` that there is another list. */
  constructor({ choose, changed }) {
    Object.assign(this, { choose, changed });
  }

  /** The desk has sent the list, or there is none any more. */
  take(orders) {
    this.#orders = orders;
    this.changed();
  }

  /** Whether there is something to choose: one order needs no list. */
  get offers() {
    return this.#orders.length > 1;
  }

  /** Whether `text` is one of the numbers in the list: a button that says it is not needed beside the list. */
  names(text) {
    return this.#orders.some(({ number }) => number === text);
  }

  /** The list; `chosen()` is called first when one is picked. */
  list(chosen = () => {}) {
    const cards = this.#orders.map((order) => h("li", {}, this.#card(order, chosen)));
    const hidden = cards.slice(FIRST);
    for (const card of hidden) card.hidden = true;
    const all = h("button.later.all-orders", { type: "button" }, t("All {count} orders", { count: cards.length }));
    all.addEventListener("click", () => {
      for (const card of hidden) card.hidden = false;
      hidden[0].querySelector("button").focus();
      all.remove();
    });
    return h("div.picker", {}, h("ul.choices", { "aria-label": t("Your orders") }, cards), hidden.length > 0 && all);
  }

  /** The list in a dialog; `back` gets the focus when nothing is chosen. */
  open(back) {
    const close = h("button.later", { type: "button", onclick: () => dialog.close() }, t("Cancel"));
    const chosen = () => {
      dialog.back = document.querySelector(".log"); // the answer comes there
      dialog.close();
    };
    const content = [this.list(chosen), h("div.panel-actions", {}, close)];
    const dialog = openPanel("orders", t("Which order is it about?"), content, back);
    dialog.querySelector(".choice").focus();
  }

  #card(order, chosen) {
    const pick = () => {
      chosen();
      this.choose(order);
    };
    const number = t("Order {number}", { number: order.number });
    const words = [number, order.placed, order.items, order.state, order.total].filter(Boolean).join(", ");
    return h(
      "button.choice",
      { type: "button", onclick: pick, "aria-label": words },
      h("span.choice-number", {}, number),
      h("span.choice-total", {}, order.total),
      order.items && h("span.choice-items", {}, order.items),
      h(`span.choice-state.tone-${order.tone}`, {}, order.state),
      h("span.choice-placed", {}, order.placed),
    );
  }
}
