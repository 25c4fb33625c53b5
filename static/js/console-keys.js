// Single-key shortcuts, for whoever wants them.

import { boot, find, findAll, submit, toast, word } from "./console-page.js";

export class Keys {
  #prefix = "";
  #composer;
  #bulk;
  #on = boot.single_keys;

  constructor(composer, bulk) {
    this.#composer = composer;
    this.#bulk = bulk;
    const box = find("#shortcuts-on");
    box.checked = this.#on;
    box.addEventListener("change", () => this.#turn(box.checked));
    addEventListener("keydown", (event) => this.#press(event));
  }

  static help() {
    find("#shortcuts").showModal();
  }

  /** The choice belongs to the account: it is the same on every device. */
  #turn(on) {
    this.#on = on;
    submit("/console/account/writing", { single_keys: on ? "on" : "off" }, { keepalive: true });
    if (!on) toast(word("shortcuts_off"), "key");
  }

  #press(event) {
    if (!this.#on || event.ctrlKey || event.metaKey || event.altKey || isComposing(event)) return;
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
    a: () => this.#act("a"),
    e: () => this.#act("e"),
    p: () => this.#act("p"),
    t: () => this.#act("t"),
    u: () => this.#composer?.undo() ?? false,
    x: () => this.#bulk.key(false),
    X: () => this.#bulk.key(true),
    Escape: () => this.#bulk.clear(),
    "/": () => (find("#search") ? find("#search").focus() : location.assign("/console/search")),
    "?": () => Keys.help(),
    "g i": () => location.assign("/console"),
    "g m": () => location.assign("/console?view=mine"),
    "g u": () => location.assign("/console?view=unassigned"),
    "g l": () => location.assign("/console?view=live"),
    "g q": () => location.assign("/console/queue"),
    "g p": () => location.assign("/console/promises"),
    "g s": () => location.assign("/console/settings"),
    "g a": () => location.assign("/console/account"),
  };

  /** Do what the page offers under this key: press its button, open its menu, go to its field. False when it offers nothing. */
  #act(key) {
    const thing = find(`[data-action-key="${key}"]`);
    if (!thing) return false;
    const menu = thing.closest("details");
    if (thing.localName === "summary" && !menu.open) menu.open = true;
    if (thing.localName === "summary") find("button, input, a", menu.lastElementChild)?.focus();
    else if (thing.localName === "input") thing.focus();
    else thing.click();
    return true;
  }

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

/** Whether an input method is at work: its keys choose characters, also while a browser does not say so. */
function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}
