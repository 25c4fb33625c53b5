// The messages of one conversation in order, without holes: what comes too early waits until the rest is fetched.

const AGAIN = 3_000; // milliseconds before the same hole is asked for once more

export class Thread {
  #waiting = new Map();
  #asked = -1;
  #askedAt = 0;

  /** `show(message)` gets each message once and in order; `fetch(after)` asks the server for what is missing. */
  constructor({ show, fetch }) {
    this.show = show;
    this.fetch = fetch;
    this.last = 0;
  }

  /** Begin anew after `number`: the view was emptied. */
  reset(number = 0) {
    this.last = number;
    this.#waiting.clear();
    this.#asked = -1;
  }

  /** Merge messages of a welcome, a history or live. */
  take(...messages) {
    for (const message of messages) if (message.number > this.last) this.#waiting.set(message.number, message);
    while (this.#waiting.has(this.last + 1)) {
      const message = this.#waiting.get(++this.last);
      this.#waiting.delete(this.last);
      this.show(message);
    }
    if (this.#waiting.size) this.#ask();
  }

  /** Somebody says that the conversation has got as far as `number`. */
  reached(number) {
    if (number > this.last) this.#ask();
  }

  #ask() {
    if (this.#asked === this.last && Date.now() - this.#askedAt < AGAIN) return;
    this.#asked = this.last;
    this.#askedAt = Date.now();
    this.fetch(this.last);
  }
}
