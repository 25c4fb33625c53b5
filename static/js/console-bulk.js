// Many tickets at once: a selection that stays while the list lives, and the progress of what was started.

import { find, findAll, fragment, word } from "./console-page.js";

export class Bulk {
  #bar = find("#bulk");
  #rows = find("#rows");
  #chosen = new Set();
  #last = null;

  constructor() {
    if (!this.#bar) return;
    this.#rows.addEventListener("click", (event) => {
      const box = event.target.closest?.(".row-pick input");
      if (box) this.#pick(box, event.shiftKey);
    });
    find("#bulk-all").addEventListener("change", () => this.#show());
    find("#bulk-clear").addEventListener("click", () => this.clear());
    new MutationObserver(() => this.#restore()).observe(this.#rows, { childList: true });
    this.#restore(); // the browser may have kept ticks over a reload
    for (const box of this.#boxes()) if (box.checked) this.#chosen.add(box.value);
    this.#show();
  }

  /** `x` selects the row that the keyboard is on; with the shift key everything from the last selected one. */
  key(range) {
    const box = find("#rows .row.focused .row-pick input");
    if (!this.#bar || !box) return false;
    box.checked = range || !box.checked;
    this.#pick(box, range);
    return true;
  }

  clear() {
    if (!this.#bar || (!this.#chosen.size && !find("#bulk-all").checked)) return false;
    this.#chosen.clear();
    find("#bulk-all").checked = false;
    this.#restore();
    this.#show();
    return true;
  }

  #boxes() {
    return findAll(".row-pick input", this.#rows);
  }

  #pick(box, range) {
    const boxes = this.#boxes();
    const [from, to] = [boxes.findIndex((one) => one.value === this.#last), boxes.indexOf(box)].sort((a, b) => a - b);
    const meant = range && from >= 0 ? boxes.slice(from, to + 1) : [box];
    for (const one of meant) {
      one.checked = box.checked;
      if (box.checked) this.#chosen.add(one.value);
      else this.#chosen.delete(one.value);
    }
    this.#last = box.value;
    this.#show();
  }

  #restore() {
    for (const box of this.#boxes()) box.checked = this.#chosen.has(box.value);
  }

  #show() {
    const all = find("#bulk-all").checked;
    this.#bar.classList.toggle("shown", all || this.#chosen.size > 0);
    find("#bulk-count").textContent = all || !this.#chosen.size ? "" : word("selected", { count: this.#chosen.size });
  }
}

/** The page of a change that is under way follows it. */
export function followProgress(section) {
  if (!section) return;
  const ask = async () => {
    if (find("[data-finished=yes]", section)) return;
    const fresh = document.hidden ? null : await fragment(`${section.dataset.url}?fragment=progress`);
    if (fresh) section.replaceChildren(fresh);
    setTimeout(ask, 1_000);
  };
  setTimeout(ask, 500);
}

/** Fields with suggestions from the desk, by what has been typed. */
export function suggest() {
  let asked = "";
  document.addEventListener("input", async (event) => {
    const url = event.target.dataset?.suggest;
    if (!url) return;
    const mine = (asked = event.target.value);
    const answer = await fetch(`${url}${url.includes("?") ? "&" : "?"}q=${encodeURIComponent(mine)}`, {
      headers: { accept: "application/json" },
      credentials: "same-origin",
    }).catch(() => null);
    if (!answer?.ok || asked !== mine) return;
    const { tags } = await answer.json();
    document.getElementById("tag-names").replaceChildren(...tags.map((name) => new Option("", name)));
  });
}
