// The line to the desk that comes back: connect, say hello, notice silence, wait, try another way (docs/chat-protocol.md).

import { PollLine, SocketLine } from "./lines.js";

const QUIET = 25_000; // ask for a sign of life after so much silence (milliseconds)
const PATIENCE = 10_000; // and give up on the line when none comes
const FINAL = new Set([4401, 4403, 4409, 4413]); // no reconnecting: signed out, not allowed here, not wanted
const SOCKETS_FIRST = 2; // tries by socket before one by requests
const [UPGRADE, LONGEST_UPGRADE] = [15_000, 600_000]; // pauses between looks whether sockets work again
const MEMORY = "wismo-no-socket"; // sockets did not work in this tab

/** Sends frames while it is open. Events: `frame` for each from the desk, `status` for each change of state. */
export class Wire extends EventTarget {
  #line = null;
  #probe = null;
  #polls = false;
  #timer = 0;
  #pulse = 0;
  #upgrade = 0;
  #upgradePause = UPGRADE;
  #tries = 0;
  #heard = 0;
  #path;
  #hello;
  #options;

  /** `hello` is called at each connect for the first frame: token and last number are those of that moment. */
  constructor(path, hello, { headers = {}, lines = { SocketLine, PollLine }, memory = tabMemory() } = {}) {
    super();
    this.#path = path;
    this.#hello = hello;
    this.#options = { headers, lines, memory };
    this.status = "idle"; // idle · connecting · open · waiting · ended
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#lost(this.#line, 0));
    addEventListener("visibilitychange", () => document.hidden || this.#hurry());
    addEventListener("pagehide", () => this.#lost(this.#line, 0));
    addEventListener("pageshow", (event) => event.persisted && this.#hurry());
  }

  connect() {
    clearTimeout(this.#timer);
    if (this.#line) return;
    this.#become("connecting");
    this.#heard = Date.now();
    this.#polls = this.#tries % (SOCKETS_FIRST + 1) === (this.#options.memory.get() ? 0 : SOCKETS_FIRST);
    this.#line = this.#dial(this.#polls);
    clearInterval(this.#pulse);
    this.#pulse = setInterval(() => this.#check(), 5_000);
  }

  /** Say hello once more, now. */
  again() {
    this.#drop();
    this.connect();
  }

  /** Say goodbye for good. */
  end() {
    this.#become("ended");
    this.#drop();
  }

  /** Send a frame if the line is open. Whoever needs certainty uses `Talk.post`. */
  send(frame) {
    if (this.status !== "open") return false;
    this.#line.send(frame);
    return true;
  }

  #dial(polls) {
    const { headers, lines } = this.#options;
    const line = new lines[polls ? "PollLine" : "SocketLine"](this.#path, {
      headers,
      hello: this.#hello,
      take: (frame) => this.#take(line, frame),
      alive: () => line === this.#line && (this.#heard = Date.now()),
      lost: (code) => this.#lost(line, code),
    });
    return line;
  }

  #take(line, frame) {
    if (line === this.#probe && frame.type === "welcome") this.#change(line);
    if (line !== this.#line) return;
    if (frame.type === "welcome") this.#welcomed();
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  #welcomed() {
    this.#tries = 0;
    this.#options.memory.set(this.#polls);
    if (this.#polls) this.#lookForSockets();
    this.#become("open");
  }

  /** While requests carry the frames, a socket is tried beside them now and then. */
  #lookForSockets() {
    clearTimeout(this.#upgrade);
    this.#upgrade = setTimeout(() => (this.#probe = this.#dial(false)), this.#upgradePause);
    this.#upgradePause = Math.min(this.#upgradePause * 2, LONGEST_UPGRADE);
  }

  #change(line) {
    this.#line?.close();
    this.#line = line;
    this.#probe = null;
    this.#polls = false;
    this.#upgradePause = UPGRADE;
    this.#heard = Date.now();
  }

  #lost(line, code) {
    if (line && line === this.#probe) {
      this.#probe = null;
      this.#lookForSockets();
    }
    if (!line || line !== this.#line) return;
    this.#drop();
    if (FINAL.has(code)) {
      this.#become("ended", { code });
      return;
    }
    const pause = pauseAfter(code, this.#tries++);
    this.#become("waiting", { code, pause });
    this.#timer = setTimeout(() => this.connect(), pause);
  }

  #drop() {
    for (const timer of [this.#timer, this.#upgrade]) clearTimeout(timer);
    clearInterval(this.#pulse);
    this.#line?.close(); // a dead line takes its time to close: nobody waits for it
    this.#probe?.close();
    this.#line = this.#probe = null;
  }

  #check() {
    const silence = Date.now() - this.#heard;
    if (silence > QUIET + PATIENCE || (this.status === "connecting" && silence > PATIENCE)) this.#lost(this.#line, 0);
    else if (silence > QUIET && !this.#polls) this.send({ type: "ping" });
  }

  #hurry() {
    if (this.status === "waiting") this.connect();
    else if (this.status === "open" && !this.#polls) this.send({ type: "ping" });
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

/** Whether sockets failed in this tab, so that its next page does not wait for one. */
function tabMemory() {
  const attempt = (act) => {
    try {
      return act();
    } catch {
      return null; // storage is forbidden: the next page finds out by itself
    }
  };
  return {
    get: () => attempt(() => sessionStorage.getItem(MEMORY)) === "1",
    set: (polls) => attempt(() => sessionStorage.setItem(MEMORY, polls ? "1" : "")),
  };
}
