// The list stays alive: rows arrive, move and leave without a reload.

import { find, findAll, fragment, gathered, word } from "./console-page.js";

const LONGEST = 100; // rows that one refresh asks for

export class Inbox {
  #rows = find("#rows");
  #title = document.title;
  #unseen = 0;
  refresh = gathered(() => this.#load(), 250);

  constructor(wire) {
    wire.addEventListener("frame", ({ detail: frame }) => {
      if (frame.type === "customers") showNear(frame.states);
      const moved = frame.type === "inbox" && frame.what !== "people";
      if (moved || (frame.type === "welcome" && this.#rows)) this.refresh();
    });
    wire.addEventListener("status", ({ detail }) => this.#showLine(detail.status));
    addEventListener("visibilitychange", () => document.hidden || this.#seen());
    setInterval(() => document.hidden || this.refresh(), 60_000);
    this.#rows?.addEventListener("click", (event) => this.#more(event));
  }

  async #load() {
    if (!this.#rows) return;
    const url = new URL(this.#rows.dataset.url, location.href);
    url.searchParams.set("fragment", "rows");
    url.searchParams.set("size", String(Math.min(Math.max(findAll(".row", this.#rows).length, 50), LONGEST)));
    const current = find(".row[data-current]", this.#rows)?.dataset.key ?? find("#main")?.dataset.conversation;
    if (current) url.searchParams.set("current", current);
    const fresh = await fragment(url);
    if (fresh) this.#merge(fresh);
  }

  /** Keep the rows that did not change, so that focus, hover and the screen reader's place stay where they are. */
  #merge(fresh) {
    this.#count(fresh);
    const old = new Map(findAll(".row", this.#rows).map((row) => [row.id, row]));
    const focused = document.activeElement?.closest?.(".row")?.id;
    const next = [...fresh.children].map((row) => {
      const known = old.get(row.id);
      if (known && known.dataset.version === row.dataset.version) {
        for (const part of [".row-time", ".row-due", ".near"]) find(part, known)?.replaceWith(find(part, row));
        return known;
      }
      row.classList.toggle("focused", known?.classList.contains("focused") ?? false);
      if (row.classList.contains("unread") && row.dataset.current === undefined) this.#arrived(row);
      return row;
    });
    if (next.some((row, index) => this.#rows.children[index] !== row) || next.length !== this.#rows.children.length) {
      this.#rows.replaceChildren(...next);
      if (focused) document.getElementById(focused)?.querySelector(".row-link")?.focus({ preventScroll: true });
    }
  }

  #count(fresh) {
    const counts = find("[data-counts]", fresh);
    if (!counts) return;
    const numbers = JSON.parse(counts.dataset.counts);
    counts.remove();
    for (const place of findAll("[data-count]")) {
      if (place.dataset.count in numbers) place.textContent = numbers[place.dataset.count];
    }
  }

  #arrived(row) {
    row.classList.add("arrived");
    if (!document.hidden) return;
    this.#unseen += 1;
    document.title = `(${this.#unseen}) ${this.#title}`;
    if (window.Notification?.permission === "granted") {
      const notification = new Notification(find(".row-name", row).textContent, {
        body: find(".row-words", row).textContent,
        tag: row.id,
      });
      notification.onclick = () => {
        window.focus();
        location.assign(find(".row-link", row).href);
      };
    }
  }

  #seen() {
    this.#unseen = 0;
    document.title = this.#title;
    this.refresh();
  }

  async #more(event) {
    const link = event.target.closest?.("[data-more]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const url = new URL(link.href);
    url.searchParams.set("fragment", "rows");
    const older = await fragment(url);
    if (!older) return;
    find("[data-counts]", older)?.remove();
    link.closest(".row-more").replaceWith(older);
  }

  #showLine(status) {
    const mark = find("#live-mark");
    if (!mark) return;
    mark.hidden = false;
    mark.classList.toggle("away", status !== "open");
    find("#live-word").textContent = word(status === "open" ? "live" : status === "ended" ? "signed_out_short" : "away");
  }
}

/** Customers have come or gone: in the list, and in the queue. */
function showNear(states) {
  for (const [conversation, state] of Object.entries(states)) {
    for (const dot of findAll(`[data-key="${CSS.escape(conversation)}"] .near`)) {
      dot.dataset.near = state;
      dot.title = state === "away" ? "" : word(`customer_${state}`);
      find(".hidden-visually", dot).textContent = dot.title;
    }
  }
}
