// Single-key shortcuts, for whoever wants them.

import { find, findAll, kept, toast, word } from "./console-page.js";

const OFF = "wismo-shortcuts-off";

export class Keys {
  #prefix = "";
  #composer;
  #bulk;

  constructor(composer, bulk) {
    this.#composer = composer;
    this.#bulk = bulk;
    const box = find("#shortcuts-on");
    box.checked = !kept.get(OFF);
    box.addEventListener("change", () => {
      kept.set(OFF, box.checked ? "" : "1");
      if (!box.checked) toast(word("shortcuts_off"), "key");
    });
    addEventListener("keydown", (event) => this.#press(event));
  }

  static help() {
    find("#shortcuts").showModal();
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || kept.get(OFF)) return;
    if (find("dialog[open]") || event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    const key = this.#prefix + event.key;
    this.#prefix = "";
    if (event.key === "g") {
      this.#prefix = "g ";
      setTimeout(() => (this.#prefix = ""), 1_200);
      return;
    }
    const act = this.#acts[key];
    if (!act) return;
    if (act() !== false) event.preventDefault();
  }

  #acts = {
    j: () => this.#move(1),
    k: () => this.#move(-1),
    o: () => this.#open(),
    Enter: () => (document.activeElement === document.body ? this.#open() : false),
    r: () => this.#composer?.open("reply"),
    n: () => this.#composer?.open("note"),
    a: () => find('[data-action-key="a"]')?.click(),
    e: () => find('[data-action-key="e"]')?.click(),
    x: () => this.#bulk.key(false),
    X: () => this.#bulk.key(true),
    Escape: () => this.#bulk.clear(),
    "/": () => (find("#search") ? find("#search").focus() : location.assign("/console/search")),
    "?": () => Keys.help(),
    "g i": () => location.assign("/console"),
  };

  #move(step) {
    const rows = findAll("#rows .row");
    if (!rows.length) return;
    const now = rows.findIndex((row) => row.classList.contains("focused"));
    const from = now >= 0 ? now : rows.findIndex((row) => row.dataset.current !== undefined);
    const next = rows[Math.min(Math.max(from + step, 0), rows.length - 1)];
    rows[now]?.classList.remove("focused");
    next.classList.add("focused");
    find(".row-link", next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  #open() {
    const link = find("#rows .row.focused .row-link");
    if (!link) return false;
    link.click();
    return true;
  }
}
