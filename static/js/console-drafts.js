// Drafts: on this device at every pause, at the desk a moment later, so that no lost line and no other device loses words.

import { kept, submit } from "./console-page.js";
import { newClientId } from "./outbox.js";

const PAUSE = 1_500; // milliseconds of quiet before the desk gets the words
const LONGEST = 5_000; // and at the latest
const MODES = ["reply", "note"];

/**
 * What one agent writes in one conversation: a reply and a note. `view` has base(), extras(mode) → fields beside the
 * words, changed(mode, draft) when words came from elsewhere, and trouble(answer) when the desk does not keep them.
 */
export class Drafts {
  #states = {};
  #timers = new Map();
  #since = new Map();
  #saving = Promise.resolve();
  #left = new Set(); // client ids of words that have left the composer: what the desk still has of them is no draft
  #key;
  #view;

  /** `server` is what the page brought, by mode. */
  constructor(key, server, view) {
    this.#key = key;
    this.#view = view;
    for (const mode of MODES) {
      this.#states[mode] = this.#begin(mode, server[mode]);
      if (this.#isDirty(mode)) this.#later(mode);
    }
    addEventListener("pagehide", () => this.flush());
    addEventListener("visibilitychange", () => document.hidden && this.flush());
  }

  /** {text, clientId, version} of a reply or a note. */
  of(mode) {
    return this.#states[mode];
  }

  /** What the desk does not have yet: it was written last. */
  get unsaved() {
    return MODES.find((mode) => this.#isDirty(mode));
  }

  write(mode, text) {
    this.#states[mode].text = text;
    this.#keepHere(mode);
    this.#later(mode);
  }

  /** The words have left the composer. */
  sent(mode) {
    this.#stop(mode);
    this.#left.add(this.#states[mode].clientId);
    this.#states[mode] = blank();
    this.#keepHere(mode);
  }

  /** Words with this id are on their way: they are no draft, although the desk may still have them as one. */
  left(clientId) {
    this.#left.add(clientId);
    for (const mode of MODES) if (this.#states[mode].clientId === clientId) this.sent(mode);
  }

  /** Words that were not sent after all, under their own id. */
  returned(mode, text, clientId) {
    const state = this.#states[mode];
    this.#left.delete(clientId);
    state.text = state.text.trim() ? `${text}\n\n${state.text}` : text;
    state.clientId = clientId;
    this.#keepHere(mode);
    this.#later(mode);
  }

  /** Bring to the desk what it does not have. Resolves when that is done, or has failed. */
  flush() {
    for (const mode of MODES) {
      this.#stop(mode);
      if (this.#isDirty(mode)) this.#saving = this.#saving.then(() => this.#save(mode));
    }
    return this.#saving;
  }

  /** The desk says that the draft has this version now. */
  heard({ mode, version }) {
    this.#saving = this.#saving.then(() => (version === this.#states[mode].version ? null : this.#ask()));
  }

  /** What the desk has now: it comes in, and what was written here meanwhile stays. */
  take(server) {
    for (const mode of MODES) {
      const state = this.#states[mode];
      const theirs = this.#left.has(server[mode]?.client_id) ? undefined : server[mode];
      if ((theirs?.version ?? 0) === state.version) continue;
      const dirty = this.#isDirty(mode);
      if (!theirs) Object.assign(state, { clientId: newClientId(), text: dirty ? state.text : "", version: 0, synced: "" });
      else Object.assign(state, { ...synced(theirs), text: dirty ? merged(state.text, theirs.text) : theirs.text });
      this.#keepHere(mode);
      if (this.#isDirty(mode)) this.#later(mode);
      this.#view.changed(mode, theirs);
    }
  }

  #begin(mode, theirs) {
    const here = parsed(kept.get(this.#place(mode)));
    const state = theirs ? { ...synced(theirs), text: theirs.text } : blank();
    if (!here?.dirty) return state;
    if (!theirs) return { ...state, text: here.text, clientId: here.version ? state.clientId : here.clientId };
    return { ...state, text: here.version === theirs.version ? here.text : merged(here.text, theirs.text) };
  }

  #isDirty(mode) {
    const { text, synced } = this.#states[mode];
    return text.trim() !== synced.trim();
  }

  #keepHere(mode) {
    const { text, version, clientId } = this.#states[mode];
    const dirty = this.#isDirty(mode);
    kept.set(this.#place(mode), dirty ? JSON.stringify({ text, version, clientId, dirty }) : "");
  }

  #place(mode) {
    return `wismo-draft-${this.#key}:${mode}`;
  }

  #later(mode) {
    const since = this.#since.get(mode) ?? Date.now();
    clearTimeout(this.#timers.get(mode));
    this.#since.set(mode, since);
    this.#timers.set(mode, setTimeout(() => this.flush(), Math.max(0, Math.min(PAUSE, since + LONGEST - Date.now()))));
  }

  #stop(mode) {
    clearTimeout(this.#timers.get(mode));
    this.#since.delete(mode);
  }

  async #save(mode) {
    if (!this.#isDirty(mode)) return; // sent meanwhile
    const state = this.#states[mode];
    const { text, version, clientId } = state;
    const fields = { mode, text, version, client_id: clientId, ...this.#view.extras(mode) };
    const answer = await submit(`${this.#view.base()}/drafts`, fields, { keepalive: true });
    if (state !== this.#states[mode]) return; // sent meanwhile
    if (answer.ok) {
      Object.assign(state, { version: answer.body.version, synced: text });
      this.#keepHere(mode);
    } else if (answer.body.code === "draft_moved") await this.#ask();
    else this.#view.trouble(answer);
  }

  async #ask() {
    try {
      const answer = await fetch(`${this.#view.base()}/drafts`, { headers: { accept: "application/json" } });
      if (answer.ok) this.take(await answer.json());
    } catch {
      // the words are here; the next pause tries again
    }
  }
}

function blank() {
  return { text: "", clientId: newClientId(), version: 0, synced: "" };
}

function synced({ text, version, client_id: clientId }) {
  return { version, clientId, synced: text };
}

/** Both, and nothing twice. */
function merged(here, there) {
  const [one, other] = [here.trim(), there.trim()];
  if (one.includes(other)) return here;
  return other.includes(one) ? there : `${here}\n\n${there}`;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
