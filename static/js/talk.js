// One conversation on one screen, for the widget and the console alike: what is said, what is missing, who has read what.

import { newClientId, Outbox } from "./outbox.js";
import { Thread } from "./thread.js";

const UNHEARD = 10_000; // milliseconds without an acknowledgement on an open line, then the post is sent again
const GATHER = 300; // milliseconds in which "read" makes "received" needless
const TEMPORARY = new Set(["database_busy", "internal", "too_many", "unavailable"]); // the same post may pass later
const OTHERS = { customer: "desk", desk: "customer" };

/**
 * `view` shows: show(message), pend(post, files), sent(clientId, number), drop(clientId), refused(post, code, data), marked(),
 * restart(), earlier(messages, more), and has `first`, the number of its first message. `side` is customer or desk; the console
 * names its `conversation`. `whose(welcome)` may say {owner, from}: who speaks from now on. `carry(post)` may bring a post another way than over the wire; it returns null when nobody
 * answered, else {number}, {held} or {code, data}.
 */
export class Talk {
  #timers = new Map();
  #known = null; // the customer's conversation
  #epoch = null;
  #anew = false;
  #readUpTo = 0;
  #theirs = 0;
  #gathering = 0;
  #carrying = Promise.resolve();

  constructor(wire, view, { side, conversation = null, scope, store, carry, whose } = {}) {
    Object.assign(this, { wire, view, side, conversation, carry, whose });
    this.outbox = new Outbox(scope ?? conversation, store);
    this.thread = new Thread({ show: (message) => this.#show(message), fetch: (after) => this.fetch({ after }) });
    this.read = this.received = 0; // how far the other side has got
    wire.addEventListener("frame", ({ detail }) => this.#take(detail));
  }

  get last() {
    return this.#anew ? 0 : this.thread.last;
  }

  /** Of which history the numbers are; another one (a restored backup) makes all that is shown void. */
  get epoch() {
    return this.#anew ? null : this.#epoch;
  }

  /** Show again what `owner` had on its way when the page went. */
  restore(owner) {
    this.become(owner, { here: true });
  }

  /** Somebody else speaks now: their words replace those of the one before, as `Outbox.become` says. */
  become(owner, along) {
    const before = this.outbox.entries();
    this.outbox.become(owner, along);
    for (const { post } of before) this.view.drop(post.client_id);
    this.#pend();
  }

  /**
   * Say something for certain: kept, and sent again until the server has it or refuses it. `files` is what is known of
   * the attachments. Returns the post.
   */
  post(fields, files = []) {
    const post = { type: "post", client_id: newClientId(), ...fields };
    if (this.conversation) post.conversation = this.conversation;
    const kept = this.outbox.add(post, files);
    this.view.pend(post, files);
    if (kept) this.#carry(post);
    else this.view.refused(post, "outbox_full", {});
    return post;
  }

  /** Send a refused post again, under its own id. */
  retry(clientId) {
    const entry = this.outbox.get(clientId);
    if (!entry) return;
    this.outbox.renew(clientId);
    this.#carry(entry.post);
  }

  /** The person does not want to say it any more. */
  discard(clientId) {
    this.#settle(clientId);
  }

  fetch(range) {
    return this.wire.send({ type: "fetch", ...range, ...this.#named() });
  }

  /** The next welcome replaces everything. */
  renew() {
    this.#anew = true;
  }

  /** Everything up to the last message has been on the screen. */
  seen() {
    const { last } = this.thread;
    if (last <= this.#readUpTo || !this.wire.send({ type: "read", number: last, ...this.#named() })) return;
    this.#readUpTo = last;
    clearTimeout(this.#gathering);
  }

  /** sent, delivered or read: how far our message of this number has got. */
  stateOf(number) {
    if (number <= this.read) return "read";
    return number <= this.received ? "delivered" : "sent";
  }

  #take(frame) {
    if (frame.type === "welcome") this.#welcome(frame);
    if (this.conversation && frame.conversation !== this.conversation) return;
    if (frame.type === "message") this.thread.take(frame);
    else if (frame.type === "history") this.#history(frame);
    else if (frame.type === "hint") this.#hint(frame);
    else if (frame.type === "ack") this.#acked(frame.client_id, frame.number);
    else if (frame.type === "error" && this.outbox.isPending(frame.client_id)) this.#refuse(frame.client_id, frame);
    else if (frame.type === "read" && frame.reader !== this.side) this.#mark({ read: frame.number });
    else if (frame.type === "received" && frame.receiver !== this.side) this.#mark({ received: frame.number });
  }

  #welcome(frame) {
    if (this.conversation) {
      this.wire.send({ type: "watch", last: this.last, ...this.#named() });
    } else {
      const speaker = this.whose?.(frame);
      if (speaker && (speaker.owner !== this.outbox.owner || speaker.from)) this.become(speaker.owner, speaker);
      if (this.#anew || frame.truncated || this.#isOfAnother(frame)) this.#restart(frame.messages);
      this.#anew = false;
      if (frame.conversation) [this.#known, this.#epoch] = [frame.conversation, frame.epoch];
      this.thread.take(...frame.messages);
      this.#mark(this.#marks(frame));
    }
    for (const post of this.outbox.pending()) this.#carry(post);
  }

  #history(frame) {
    if (this.#isOfAnother(frame)) {
      this.renew();
      if (this.conversation) this.view.restart();
      else this.wire.again();
      return;
    }
    this.#epoch = frame.epoch;
    const [first, last] = [frame.messages[0]?.number, frame.messages.at(-1)?.number];
    if (first < this.view.first && last <= this.thread.last) this.view.earlier(frame.messages, frame.more);
    else this.thread.take(...frame.messages);
    if (frame.more && last === this.thread.last) this.fetch({ after: last });
    this.#mark(this.#marks(frame));
  }

  #hint(frame) {
    if (frame.changed) this.fetch({ after: this.thread.last });
    else this.thread.reached(frame.number);
  }

  #pend() {
    for (const { post, files, code } of this.outbox.entries()) {
      this.view.pend(post, files);
      if (code) this.view.refused(post, code, {});
    }
  }

  #isOfAnother({ conversation, epoch }) {
    if (this.#known && conversation && conversation !== this.#known) return true;
    return this.#epoch !== null && epoch !== undefined && epoch !== this.#epoch;
  }

  #restart(messages) {
    this.view.restart();
    this.#pend();
    this.thread.reset(messages.length ? messages[0].number - 1 : 0);
    this.read = this.received = this.#readUpTo = this.#theirs = 0;
  }

  #show(message) {
    const kind = message.author.kind === "agent" ? "desk" : message.author.kind;
    if (kind === this.side) this.#settle(message.client_id);
    else if (kind === OTHERS[this.side]) this.#arrived(message.number);
    this.view.show(message);
  }

  /** Tell that their words have reached this device, unless "read" says it in a moment. */
  #arrived(number) {
    this.#theirs = number;
    clearTimeout(this.#gathering);
    this.#gathering = setTimeout(() => {
      if (this.#theirs > this.#readUpTo) this.wire.send({ type: "received", number: this.#theirs, ...this.#named() });
    }, GATHER);
  }

  #marks({ marks }) {
    const other = OTHERS[this.side];
    return marks ? { read: marks[`${other}_read`], received: marks[`${other}_received`] } : {};
  }

  #mark({ read = 0, received = 0 }) {
    this.read = Math.max(this.read, read);
    this.received = Math.max(this.received, received, this.read);
    this.view.marked();
  }

  #carry(post) {
    clearTimeout(this.#timers.get(post.client_id));
    if (this.carry) this.#carrying = this.#carrying.then(() => this.#bring(post));
    else if (this.wire.send(post)) this.#later(post.client_id, UNHEARD);
  }

  /** One after the other, so that words arrive in the order in which they were said. */
  async #bring(post) {
    const id = post.client_id;
    if (!this.outbox.isPending(id)) return;
    const answer = await this.carry(post);
    if (!this.outbox.isPending(id)) return;
    if (!answer) this.#later(id, UNHEARD);
    else if (answer.held) this.#settle(id); // the desk has it, and says it in a moment
    else if (answer.code) this.#refuse(id, answer);
    else this.#acked(id, answer.number);
  }

  #later(id, pause) {
    clearTimeout(this.#timers.get(id));
    this.#timers.set(id, setTimeout(() => this.outbox.isPending(id) && this.#carry(this.outbox.get(id).post), pause));
  }

  #acked(id, number) {
    if (!this.outbox.get(id)) return;
    this.#settle(id);
    if (number > this.thread.last) this.view.sent(id, number);
    else this.view.drop(id); // it stands further up, or on an earlier page
  }

  /** A post that may pass later stays pending; any other waits until the person has decided. */
  #refuse(id, { code, data = {} }) {
    if (TEMPORARY.has(code)) {
      this.#later(id, (data.retry_after ?? 3) * 1_000);
      return;
    }
    const { post } = this.outbox.get(id);
    this.outbox.refuse(id, code);
    this.view.refused(post, code, data);
  }

  #settle(id) {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.outbox.settle(id);
  }

  #named() {
    return this.conversation ? { conversation: this.conversation } : {};
  }
}
