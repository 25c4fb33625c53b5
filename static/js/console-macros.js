// Macros: a slash in the answer opens the list; the one that is chosen comes back filled for this conversation.

import { find, make, reason, submit, toast, word } from "./console-page.js";

const SHOWN = 8;
const TOKEN = /(^|\s)\/([\p{L}\p{N}_-]*)$/u; // what has been typed since the slash, up to the caret

export class MacroMenu {
  #text = find("#text");
  #form = find("#composer");
  #list = make("ul", "macro-menu");
  #said = make("p", "hidden-visually");
  #all = null; // fetched when it is first asked for
  #shown = [];
  #at = 0;
  #base;

  constructor() {
    this.#base = find("#macros").href;
    Object.assign(this.#list, { id: "macro-menu", role: "listbox", hidden: true, ariaLabel: find("#macros").title });
    this.#said.setAttribute("role", "status");
    this.#text.before(this.#list, this.#said);
    this.#text.setAttribute("aria-controls", "macro-menu");
    this.#text.setAttribute("aria-autocomplete", "list");
    this.#text.addEventListener("input", (event) => event.isComposing || this.#look());
    this.#text.addEventListener("keydown", (event) => this.#press(event), { capture: true });
    this.#text.addEventListener("blur", () => this.#close());
    this.#list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    this.#list.addEventListener("click", (event) => {
      const place = [...this.#list.children].indexOf(event.target.closest("li"));
      if (place >= 0) this.#choose(this.#shown[place]);
    });
    find("#macros").addEventListener("click", (event) => {
      event.preventDefault();
      this.#text.focus();
      const before = this.#text.value.slice(0, this.#text.selectionStart);
      const { selectionStart: start, selectionEnd: end } = this.#text;
      this.#insert(before && !/\s$/.test(before) ? " /" : "/", { start, end });
      this.#look();
    });
  }

  get #open() {
    return !this.#list.hidden;
  }

  /** What the caret stands behind, if it is a slash and what has been typed after it. */
  #token() {
    const { value, selectionStart: caret, selectionEnd: end } = this.#text;
    return caret === end ? TOKEN.exec(value.slice(0, caret)) : null;
  }

  async #look() {
    const token = find("#as-note").checked ? null : this.#token();
    if (!token) return this.#close();
    this.#all ??= this.#fetch();
    const all = await this.#all;
    if (this.#token()?.[2] !== token[2]) return; // typed on meanwhile
    const wanted = token[2].toLocaleLowerCase();
    const fits = ({ name, shortcut }) => shortcut.startsWith(wanted) || name.toLocaleLowerCase().includes(wanted);
    this.#shown = all.filter(fits).slice(0, SHOWN);
    this.#shown.length ? this.#paint() : this.#close();
    this.#said.textContent = word("macros_found", { count: this.#shown.length });
  }

  async #fetch() {
    try {
      const answer = await fetch(this.#base, { headers: { accept: "application/json" }, credentials: "same-origin" });
      if (answer.ok) return (await answer.json()).macros;
    } catch {
      // asked again at the next slash
    }
    this.#all = null;
    return [];
  }

  #paint() {
    this.#list.replaceChildren(
      ...this.#shown.map(({ name, shortcut, words }, place) => {
        const head = make("span", "", make("strong", "", name));
        if (shortcut) head.append(" ", make("code", "", `/${shortcut}`));
        const item = make("li", "", head, make("span", "macro-words", words));
        Object.assign(item, { id: `macro-${place}`, role: "option" });
        return item;
      }),
    );
    this.#list.hidden = false;
    this.#point(0);
  }

  #point(place) {
    this.#at = (place + this.#shown.length) % this.#shown.length;
    [...this.#list.children].forEach((item, number) => item.setAttribute("aria-selected", number === this.#at));
    this.#list.children[this.#at].scrollIntoView({ block: "nearest" });
    this.#text.setAttribute("aria-activedescendant", `macro-${this.#at}`);
  }

  #close() {
    this.#list.hidden = true;
    this.#said.textContent = "";
    this.#text.removeAttribute("aria-activedescendant");
  }

  #press(event) {
    if (!this.#open || event.isComposing) return;
    const act = {
      ArrowDown: () => this.#point(this.#at + 1),
      ArrowUp: () => this.#point(this.#at - 1),
      Enter: () => !event.ctrlKey && !event.metaKey && this.#choose(this.#shown[this.#at]),
      Tab: () => this.#choose(this.#shown[this.#at]),
      Escape: () => this.#close(),
    }[event.key];
    if (!act || act() === false) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** Bring the words of a macro; which order, item or parcel they are about is asked where there are several. */
  async #choose(macro, place = this.#place(), bound = {}) {
    this.#close();
    const answer = await submit(this.#base, { macro: macro.id, ...bound });
    if (!answer.ok) return toast(reason(answer), "alert");
    const { text, choices, missing } = answer.body;
    if (choices.length) return this.#ask(macro, place, choices);
    this.#insert(text, place);
    find("[name=macro]", this.#form).value = macro.id;
    for (const { label, why } of missing) toast(`${label}: ${why}`, "alert");
    this.#text.focus();
  }

  #ask(macro, place, choices) {
    const form = make("form", "", make("strong", "", macro.name));
    for (const { name, label, options } of choices) {
      const select = make("select", "input", ...options.map((option) => new Option(option.label, option.id)));
      Object.assign(select, { name, id: `macro-${name}` });
      const title = make("label", "", label);
      title.htmlFor = select.id;
      form.append(make("div", "field", title, select));
    }
    form.method = "dialog";
    form.append(make("button", "button main", word("macro_use")));
    const dialog = make("dialog", "macro-choose", form);
    dialog.setAttribute("aria-label", macro.name);
    form.addEventListener("submit", () => this.#choose(macro, place, Object.fromEntries(new FormData(form))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      this.#text.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
  }

  /** Where the words go: over the slash and what was typed after it. */
  #place() {
    const caret = this.#text.selectionStart;
    return { start: caret - (this.#token()?.[2].length + 1 || 0), end: this.#text.selectionEnd };
  }

  #insert(words, { start, end }) {
    this.#text.setRangeText(words, start, end, "end");
    this.#text.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
