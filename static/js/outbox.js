// What was said and is not yet known to be stored: kept on the device, one entry a message, so that a reload loses nothing.

const PREFIX = "wismo-said";
const MOST = 50; // entries of one conversation
const LASTS = 86_400_000; // older words (milliseconds) are offered, not sent by themselves

/** Posts of one conversation. `owner` is who speaks: somebody else on this device neither sees nor sends them. */
export class Outbox {
  #entries = new Map(); // client id → {post, at, owner, code}; `code` says why it was refused
  #key;
  #store;

  constructor(scope, store = safeStorage()) {
    this.#key = `${PREFIX}:${scope}:`;
    this.#store = store;
    this.owner = "";
  }

  /** Find what `owner` said here before, and forget what others did. */
  open(owner) {
    this.owner = owner;
    const kept = this.#store.keys().filter((key) => key.startsWith(this.#key));
    const found = kept.map((key) => [key, parsed(this.#store.getItem(key))]);
    for (const [key, entry] of found.sort((a, b) => a[1]?.at - b[1]?.at)) {
      const readable = typeof entry?.post?.text === "string" && key === this.#key + entry.post.client_id;
      if (!readable || (entry.owner && entry.owner !== owner)) this.#store.removeItem(key);
      else this.#entries.set(entry.post.client_id, aged(entry));
    }
  }

  /** Keep a post until it is settled. False when too much waits already. */
  add(post) {
    if (this.#entries.size >= MOST) return false;
    this.#keep({ post, at: Date.now(), owner: this.owner, code: null });
    return true;
  }

  /** The owner is known now: what was written before belongs to them. */
  adopt(owner) {
    this.owner = owner;
    for (const entry of this.#entries.values()) if (entry.owner !== owner) this.#keep({ ...entry, owner });
  }

  /** The server has it, or the person does not want it any more. */
  settle(clientId) {
    this.#entries.delete(clientId);
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
    for (const clientId of [...this.#entries.keys()]) this.settle(clientId);
  }

  get(clientId) {
    return this.#entries.get(clientId);
  }

  isPending(clientId) {
    return this.#entries.get(clientId)?.code === null;
  }

  /** All entries as they were said. */
  entries() {
    return [...this.#entries.values()];
  }

  /** The posts that are still to be taken by the server. */
  pending() {
    return this.entries().filter((entry) => entry.code === null).map((entry) => entry.post);
  }

  #change(clientId, change) {
    const entry = this.#entries.get(clientId);
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
