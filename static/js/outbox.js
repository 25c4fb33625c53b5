// What was said and is not yet known to be stored: kept on the device, one entry a message, so that a reload loses nothing.

const PREFIX = "wismo-said";
const MOST = 50; // entries of one conversation
const LASTS = 86_400_000; // older words (milliseconds) are offered, not sent by themselves

/** Posts of one conversation. `owner` is who speaks: what others have said on this device is theirs, and waits for them. */
export class Outbox {
  #entries = new Map(); // client id → {post, files, at, owner, code}, of all owners; `code` says why it was refused
  #here = new Set(); // client ids of what was said on this page since the owner changed
  #key;
  #store;

  constructor(scope, store = safeStorage()) {
    this.#key = `${PREFIX}:${scope}:`;
    this.#store = store;
    this.owner = null; // nobody knows yet
  }

  /**
   * From now on `owner` speaks. What the one before has said stays theirs, on the device, for a day; it comes along if
   * `here` (what was said on this page) or `from` (everything of that owner) says that they are one person. Words that
   * were said before anybody was known come along by `here`.
   */
  become(owner, { here = false, from = null } = {}) {
    for (const entry of this.#kept([owner, from])) {
      if (!this.#entries.has(entry.post.client_id)) this.#entries.set(entry.post.client_id, aged(entry));
    }
    for (const [clientId, entry] of this.#entries) {
      const comes = here ? this.#here.has(clientId) : from !== null && entry.owner === from;
      if (comes) this.#keep({ ...entry, owner });
    }
    if (!here && owner !== this.owner) this.#here.clear();
    this.owner = owner;
  }

  /** Keep a post until it is settled, with what is known of its files. False when too much waits already. */
  add(post, files = []) {
    if (this.entries().length >= MOST) return false;
    this.#here.add(post.client_id);
    this.#keep({ post, files, at: Date.now(), owner: this.owner, code: null });
    return true;
  }

  /** The server has it, or the person does not want it any more. */
  settle(clientId) {
    this.#entries.delete(clientId);
    this.#here.delete(clientId);
    this.#store.removeItem(this.#key + clientId);
  }

  /** The server does not want it: kept for the person to decide. */
  refuse(clientId, code) {
    this.#change(clientId, { code });
  }

  /** The person wants it tried again, under its own id. */
  renew(clientId) {
    this.#change(clientId, { code: null, at: Date.now() });
  }

  clear() {
    for (const { post } of this.entries()) this.settle(post.client_id);
  }

  get(clientId) {
    const entry = this.#entries.get(clientId);
    return entry?.owner === this.owner ? entry : undefined;
  }

  isPending(clientId) {
    return this.get(clientId)?.code === null;
  }

  /** What the owner has said, as it was said. */
  entries() {
    return [...this.#entries.values()].filter((entry) => entry.owner === this.owner);
  }

  /** The posts that are still to be taken by the server. */
  pending() {
    return this.entries().filter((entry) => entry.code === null).map((entry) => entry.post);
  }

  /** What is stored, by the time at which it was said. What nobody can read, or nobody came back for, goes. */
  #kept(owners) {
    const keys = this.#store.keys().filter((key) => key.startsWith(this.#key));
    const found = keys.map((key) => [key, parsed(this.#store.getItem(key))]);
    const isGood = ([key, entry]) => {
      const readable = typeof entry?.post?.text === "string" && key === this.#key + entry.post.client_id;
      return readable && (owners.includes(entry.owner) || Date.now() - entry.at < LASTS);
    };
    for (const pair of found) if (!isGood(pair)) this.#store.removeItem(pair[0]);
    return found.filter(isGood).map(([, entry]) => entry).sort((one, other) => one.at - other.at);
  }

  #change(clientId, change) {
    const entry = this.get(clientId);
    if (entry) this.#keep({ ...entry, ...change });
  }

  #keep(entry) {
    this.#entries.set(entry.post.client_id, entry);
    this.#store.setItem(this.#key + entry.post.client_id, JSON.stringify(entry));
  }
}

/** Storage that may be missing, full or forbidden: then words live as long as the page. */
export function safeStorage(storage = () => localStorage) {
  const attempt = (act, otherwise) => {
    try {
      return act(storage());
    } catch {
      return otherwise;
    }
  };
  return {
    keys: () => attempt((store) => Object.keys(store), []),
    getItem: (key) => attempt((store) => store.getItem(key), null),
    setItem: (key, value) => attempt((store) => store.setItem(key, value)),
    removeItem: (key) => attempt((store) => store.removeItem(key)),
  };
}

/** A short mark of a secret, to compare with and not to use. */
export function markOf(secret) {
  let mark = 0x811c9dc5;
  for (const character of secret) mark = Math.imul(mark ^ character.codePointAt(0), 0x01000193) >>> 0;
  return secret && mark.toString(36);
}

/** A new client id: 128 random bits. `crypto.randomUUID` exists on secure pages only. */
export function newClientId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function aged(entry) {
  return Date.now() - entry.at > LASTS ? { ...entry, code: entry.code ?? "too_old" } : entry;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
