// Two ways to the desk that carry the same frames: a socket, and requests that wait where sockets are blocked.

const MOST = 20; // frames of one request

/**
 * A line says `hello()` first, hands each frame to `take`, tells of each sign of life by `alive`, and ends once with
 * `lost(code)`, unless it was closed from here.
 */
export class SocketLine {
  #socket;

  constructor(path, { hello, take, alive, lost }) {
    this.#socket = new WebSocket(new URL(path, location.href.replace(/^http/, "ws")));
    this.#socket.onopen = () => this.send(hello());
    this.#socket.onmessage = (event) => {
      alive();
      take(JSON.parse(event.data));
    };
    this.#socket.onclose = (event) => lost(event.code);
  }

  send(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  close() {
    this.#socket.onclose = null;
    this.#socket.close();
  }
}

export class PollLine {
  #waiting = [];
  #sending = false;
  #places = new Map(); // conversation → {last, stamp}
  #stop = new AbortController();
  #path;
  #on;

  constructor(path, on) {
    this.#path = path.replace(/ws$/, "poll");
    this.#on = on;
    this.#live();
  }

  send(frame) {
    if (frame.type === "watch") this.#places.set(frame.conversation, { last: frame.last, stamp: "" });
    if (frame.type === "unwatch") this.#places.delete(frame.conversation);
    this.#waiting.push(frame);
    if (!this.#sending) this.#empty();
  }

  close() {
    this.#on = null;
    this.#stop.abort();
  }

  async #live() {
    await this.#ask("open");
    while (this.#on) await this.#ask("wait");
  }

  async #empty() {
    this.#sending = true;
    while (this.#waiting.length && this.#on) await this.#ask("send", this.#waiting.splice(0, MOST));
    this.#sending = false;
  }

  async #ask(step, frames = []) {
    const watch = [...this.#places].map(([conversation, place]) => ({ conversation, ...place }));
    const body = { step, hello: this.#on.hello(), frames, watch: step === "open" ? [] : watch };
    try {
      const answer = await fetch(this.#path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", ...this.#on.headers },
        signal: this.#stop.signal,
      });
      this.#hear(answer.ok ? await answer.json() : { frames: [], stamps: {}, close: 0 }, step);
    } catch {
      this.#hear({ frames: [], stamps: {}, close: 0 }, step); // the line is down, or the words were not ours
    }
  }

  #hear({ frames, stamps, close }, step) {
    if (!this.#on) return;
    if (close === null) this.#on.alive();
    for (const [id, stamp] of Object.entries(stamps)) if (step === "wait" && this.#places.has(id)) this.#place(id, { stamp });
    for (const frame of frames) {
      if (["welcome", "history", "ack"].includes(frame.type) && frame.conversation) this.#place(frame.conversation, {});
      const numbers = (frame.messages ?? [frame]).map((message) => message.number);
      if (["welcome", "history", "message"].includes(frame.type)) this.#reached(frame.conversation, numbers);
      this.#on?.take(frame);
    }
    if (close === null || !this.#on) return;
    const { lost } = this.#on;
    this.close();
    lost(close);
  }

  #place(id, change) {
    this.#places.set(id, { last: 0, stamp: "", ...this.#places.get(id), ...change });
  }

  #reached(id, numbers) {
    const place = this.#places.get(id);
    if (place) place.last = Math.max(place.last, ...numbers);
  }
}
