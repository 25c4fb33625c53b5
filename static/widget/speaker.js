// Who speaks on this device, as far as it can tell: unsent words belong to one person, and nobody else sends them.

import { markOf, safeStorage } from "../js/outbox.js";

/** A guest is known by the visitor's token, a customer of the shop by the `sub` of the page's tokens. */
export class Speaker {
  #key;
  #store;
  #claim = ""; // the page has said who it is, and the desk has not answered yet
  #customer = ""; // whom the token of the device stands for

  constructor(site, store = safeStorage()) {
    this.#key = `wismo-who:${site}`;
    this.#store = store;
  }

  /** The device has this token from before. */
  recall(token) {
    const { visitor, customer } = read(this.#store.getItem(this.#key));
    this.#customer = token && visitor === markOf(token) ? customer : "";
  }

  /** The page says who its customer is. */
  claim(identity) {
    this.#claim = markOf(subjectOf(identity));
  }

  /** The desk does not believe it. */
  refused() {
    this.#claim = "";
  }

  /** A mark of who speaks, while the device has `token`. */
  owner(token) {
    const customer = this.#claim || this.#customer;
    return customer ? `c:${customer}` : `g:${markOf(token)}`;
  }

  /** The desk has greeted: `before` was the token until now. Returns who speaks, and whose words were theirs, too. */
  greeted({ kept }, before, token) {
    let from = null;
    if (this.#claim && kept !== null) {
      from = kept ? this.#guest(before) : null;
      [this.#customer, this.#claim] = [this.#claim, ""];
      this.#store.setItem(this.#key, JSON.stringify({ visitor: markOf(token), customer: this.#customer }));
    } else if (token !== before) {
      from = before ? null : this.#guest("");
      this.forget();
    }
    return { owner: this.owner(token), from };
  }

  forget() {
    this.#customer = "";
    this.#store.removeItem(this.#key);
  }

  #guest(token) {
    return `g:${markOf(token)}`;
  }
}

/** The `sub` of a JWT. Read, not believed: the desk decides. */
function subjectOf(token) {
  try {
    const part = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return String(JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (c) => c.charCodeAt(0)))).sub ?? "");
  } catch {
    return "";
  }
}

function read(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
