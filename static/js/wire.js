// The chat protocol for pages: connect, say hello, reconnect, acknowledge, merge by number (docs/chat-protocol.md).

const QUIET = 25_000; // ask for a sign of life after so much silence (milliseconds)
const PATIENCE = 10_000; // and give up on the socket when none comes
const FINAL = new Set([4401, 4403]); // no reconnecting: signed out, or not allowed here
const TEMPORARY = new Set(["database_busy", "internal", "too_many", "unavailable"]); // the same post may pass later

/** A socket that comes back. Posts stay pending until they are acknowledged and are sent again under the same id. */
export class Wire extends EventTarget {
  #socket = null;
  #timer = 0;
  #pulse = 0;
  #tries = 0;
  #heard = 0;
  #pending = new Map();
  #refused = new Map();
  #path;
  #hello;

  /** `hello` is called at each connect for the first frame: token and last number are those of that moment. */
  constructor(path, hello) {
    super();
    this.#path = path;
    this.#hello = hello;
    this.status = "idle"; // idle · connecting · open · waiting · ended
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#socket?.close());
    addEventListener("visibilitychange", () => document.hidden || this.#hurry());
    addEventListener("pagehide", () => this.#socket?.close());
    addEventListener("pageshow", (event) => event.persisted && this.#hurry());
  }

  connect() {
    clearTimeout(this.#timer);
    if (this.#socket) return;
    this.#become("connecting");
    const socket = new WebSocket(new URL(this.#path, location.href.replace(/^http/, "ws")));
    this.#socket = socket;
    this.#heard = Date.now();
    socket.onopen = () => socket.send(JSON.stringify(this.#hello()));
    socket.onmessage = (event) => this.#take(JSON.parse(event.data));
    socket.onclose = (event) => this.#lost(socket, event.code);
    clearInterval(this.#pulse);
    this.#pulse = setInterval(() => this.#check(), 5_000);
  }

  /** Say goodbye for good. */
  end() {
    this.#become("ended");
    clearTimeout(this.#timer);
    clearInterval(this.#pulse);
    this.#socket?.close();
    this.#socket = null;
  }

  /** Send a frame if the line is open; whoever needs certainty uses `post`. */
  send(frame) {
    if (this.status !== "open") return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Say something for certain: kept, and sent again after each reconnect, until the server has it or refuses it. */
  post(frame) {
    const post = { type: "post", ...frame };
    this.#pending.set(post.client_id, post);
    this.send(post);
  }

  /** Whether the server may still take this post. */
  isPending(clientId) {
    return this.#pending.has(clientId);
  }

  /** Send a refused post again, under its own id. */
  retry(clientId) {
    const post = this.#refused.get(clientId);
    if (!post) return;
    this.#refused.delete(clientId);
    this.post(post);
  }

  #take(frame) {
    this.#heard = Date.now();
    if (frame.type === "welcome") {
      this.#tries = 0;
      this.#become("open");
    } else if (frame.type === "ack") {
      this.#pending.delete(frame.client_id);
    } else if (frame.type === "error" && this.#pending.has(frame.client_id)) {
      this.#refuse(frame);
    }
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    if (frame.type === "welcome") for (const post of this.#pending.values()) this.send(post);
  }

  /** A post that may pass later stays pending; any other waits until the person wants it tried again. */
  #refuse({ client_id: clientId, code, data }) {
    const post = this.#pending.get(clientId);
    if (TEMPORARY.has(code)) {
      setTimeout(() => this.#pending.has(clientId) && this.send(post), (data.retry_after ?? 3) * 1_000);
    } else {
      this.#pending.delete(clientId);
      this.#refused.set(clientId, post);
    }
  }

  #lost(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    clearInterval(this.#pulse);
    if (FINAL.has(code)) {
      this.#become("ended", { code });
      return;
    }
    const pause = pauseAfter(code, this.#tries++);
    this.#become("waiting", { code, pause });
    this.#timer = setTimeout(() => this.connect(), pause);
  }

  #check() {
    const silence = Date.now() - this.#heard;
    if (silence > QUIET + PATIENCE || (this.status === "connecting" && silence > PATIENCE)) {
      const socket = this.#socket;
      this.#lost(socket, 0); // a dead line takes its time to close
      socket?.close();
    } else if (silence > QUIET) {
      this.send({ type: "ping" });
    }
  }

  #hurry() {
    if (this.status === "waiting") this.connect();
    else if (this.status === "open") this.send({ type: "ping" });
  }

  #become(status, detail = {}) {
    if (this.status === "ended" && status !== "connecting") return;
    this.status = status;
    this.dispatchEvent(new CustomEvent("status", { detail: { status, ...detail } }));
  }
}

/** Milliseconds until the next try: a restart spreads everybody out, a limit is respected, the rest doubles. */
export function pauseAfter(code, tries, random = Math.random) {
  if (code === 4429) return 10_000 + random() * 10_000;
  if (code === 1012) return 200 + random() * 2_800;
  const longest = Math.min(500 * 2 ** tries, 15_000);
  return longest / 2 + (random() * longest) / 2;
}

/** The messages of one conversation in order, without holes: what comes too early waits until the rest is fetched. */
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
    if (this.#asked === this.last && Date.now() - this.#askedAt < 3_000) return;
    this.#asked = this.last;
    this.#askedAt = Date.now();
    this.fetch(this.last);
  }
}

/** A new client id: 128 random bits. `crypto.randomUUID` exists on secure pages only. */
export function newClientId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
