// Files on their way into a message: chosen, dropped or pasted, sent at once with their progress, tried again after a lost line.

const MOST = 5; // files of one message
const PAUSES = [1_000, 3_000, 8_000, 15_000]; // milliseconds before the next try
const TRIES = 12;
const SHOWN = /^image\/(jpeg|png|webp|gif)$/;

/** What a file dialog offers first. JPEG among it makes telephones convert what other people could not open. */
export const ACCEPT =
  "image/jpeg,image/png,image/webp,image/gif,application/pdf,.pdf,.doc,.docx,.xls,.xlsx,.ppt,.pptx,.odt,.ods,.rtf,.txt,.csv,.zip,.rar,.7z,video/mp4,video/webm,video/quicktime,audio/*";

/** The files beside the words that are being written. */
export class Tray {
  #entries = [];

  /**
   * `box` is a list; `target()` answers {url, headers} or null while nobody may send yet; `word(key, values)` words
   * for people; `limit` in bytes; `onchange()` whenever there is more or less to send.
   */
  constructor(box, { target, word, limit, onchange }) {
    Object.assign(this, { box, target, word, limit, onchange });
    this.voice = element("div", "tray-voice");
    this.voice.setAttribute("role", "status");
    this.voice.ariaAtomic = "false"; // several files may have something to say at once
    box.after(this.voice);
    box.hidden = true;
    addEventListener("online", () => this.#entries.forEach((entry) => entry.state === "waiting" && this.#send(entry)));
  }

  /** Whether something is still on its way. */
  get busy() {
    return this.#entries.some(({ state }) => state === "sending" || state === "waiting");
  }

  /** Whether there is something to post. */
  get some() {
    return this.#entries.some(({ state }) => state === "ready");
  }

  /** What would be posted now. */
  get ready() {
    return this.#entries.filter(({ state }) => state === "ready");
  }

  add(files) {
    for (const file of files) {
      const room = this.#entries.filter(({ state }) => state !== "refused").length < MOST;
      if (!room) {
        this.#say(this.word("five_files"));
        break;
      }
      const entry = { file, name: file.name || "file", state: "sending", tries: 0, preview: SHOWN.test(file.type) ? URL.createObjectURL(file) : "" };
      this.#place(entry);
      if (file.size > this.limit) this.#refuse(entry, "file_too_large");
      else if (!file.size) this.#refuse(entry, "file_empty");
      else this.#send(entry);
    }
    this.#changed();
  }

  /** Take what is ready out of the tray: to post it. What was refused goes, too. */
  take() {
    const ready = this.#entries.filter(({ state }) => state === "ready");
    this.clear({ keep: ready });
    return ready;
  }

  /** Put back what `take` gave: the post was refused. */
  restore(entries) {
    for (const entry of entries) this.#place(entry);
    this.#changed();
  }

  clear({ keep = [] } = {}) {
    for (const entry of this.#entries) {
      entry.stop?.();
      clearTimeout(entry.timer);
      if (entry.preview && !keep.includes(entry)) URL.revokeObjectURL(entry.preview);
      entry.row.remove();
    }
    this.#entries = [];
    this.#changed();
  }

  #place(entry) {
    const remove = element("button", "upload-remove", "×");
    remove.type = "button";
    remove.ariaLabel = this.word("remove_file", { name: entry.name });
    remove.addEventListener("click", () => this.#remove(entry));
    const picture = element("span", "upload-picture", entry.preview ? "" : extension(entry.name));
    if (entry.preview) {
      const image = element("img");
      Object.assign(image, { src: entry.preview, alt: "" });
      picture.append(image);
    }
    entry.ring = element("span", "upload-ring");
    entry.ring.setAttribute("role", "progressbar");
    entry.ring.ariaLabel = this.word("sending_file", { name: entry.name });
    entry.words = element("span", "upload-words");
    entry.row = element("li", "upload", picture, entry.ring, element("span", "upload-name", entry.name), entry.words, remove);
    this.#entries.push(entry);
    this.box.append(entry.row);
    this.#become(entry, entry.state);
  }

  #remove(entry) {
    const place = this.#entries.indexOf(entry);
    entry.stop?.();
    clearTimeout(entry.timer);
    if (entry.preview) URL.revokeObjectURL(entry.preview);
    entry.row.remove();
    this.#entries.splice(place, 1);
    this.#changed();
    this.box.querySelectorAll(".upload-remove")[Math.max(0, place - 1)]?.focus();
  }

  #send(entry) {
    clearTimeout(entry.timer);
    const target = this.target();
    if (!target) {
      this.#wait(entry, PAUSES[0]);
      return;
    }
    this.#become(entry, "sending");
    const request = new XMLHttpRequest();
    request.open("POST", target.url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-File-Name", encodeURIComponent(entry.name.toWellFormed?.() ?? entry.name));
    for (const [name, value] of Object.entries(target.headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => this.#progress(entry, total ? loaded / total : 0);
    request.onload = () => this.#answered(entry, request);
    request.onerror = () => this.#wait(entry);
    request.send(entry.file);
    entry.stop = () => request.abort();
  }

  #answered(entry, request) {
    const body = parsed(request.responseText);
    if (request.status === 201) {
      entry.attachment = body;
      this.#become(entry, "ready");
      this.#say(this.word("file_ready", { name: entry.name }));
    } else if (request.status >= 500 || body.code === "too_many" || body.code === "upload_cut") {
      this.#wait(entry, body.data?.retry_after * 1_000, body.code);
    } else {
      this.#refuse(entry, body.code ?? "file_failed");
    }
  }

  #wait(entry, pause = 0, code = "") {
    if (entry.tries++ >= TRIES) {
      this.#refuse(entry, code || "file_failed");
      return;
    }
    this.#become(entry, "waiting", code === "storage_full" || code === "too_many" ? code : "");
    entry.timer = setTimeout(() => this.#send(entry), pause || PAUSES[Math.min(entry.tries, PAUSES.length) - 1]);
  }

  #refuse(entry, code) {
    this.#become(entry, "refused", code);
    this.#say(`${entry.name}: ${entry.words.textContent}`);
  }

  #become(entry, state, code = "") {
    entry.state = state;
    entry.row.className = `upload is-${state}`;
    entry.ring.hidden = state !== "sending";
    const limit = Math.floor(this.limit / 1_048_576);
    const waits = state === "waiting" ? this.word(code || "file_waits") : "";
    entry.words.textContent = state === "refused" ? this.word(code, { limit }) || this.word("file_failed") : waits;
    if (state === "sending") this.#progress(entry, 0);
    this.#changed();
  }

  #progress(entry, share) {
    const percent = Math.round(share * 100);
    entry.ring.style.setProperty("--done", percent);
    entry.ring.setAttribute("aria-valuenow", percent);
  }

  #changed() {
    this.box.hidden = !this.#entries.length;
    this.onchange();
  }

  #say(text) {
    this.voice.append(element("p", "", text));
    if (this.voice.childElementCount > MOST) this.voice.firstElementChild.remove();
  }
}

/** Let people choose, paste into `field` and drop anywhere on the page. `open()` says whether files are wanted now. */
export function gather(tray, { input, field, open = () => true }) {
  input.accept = ACCEPT;
  input.addEventListener("change", () => {
    tray.add(input.files);
    input.value = "";
    field.focus({ preventScroll: true });
  });
  field.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData;
    if (!files.length || types.includes("text/plain") || !open()) return; // office programs paste words with a picture of them
    event.preventDefault();
    tray.add(files);
  });
  let inside = 0; // dragging over a child leaves its parent
  const shown = (on) => document.documentElement.classList.toggle("is-dropping", on);
  const carries = (event) => event.dataTransfer?.types.includes("Files") && open();
  addEventListener("dragenter", (event) => carries(event) && shown(++inside > 0));
  addEventListener("dragleave", (event) => carries(event) && shown(--inside > 0));
  addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    shown((inside = 0) > 0);
    tray.add(event.dataTransfer.files);
    field.focus({ preventScroll: true });
  });
}

/** The address of a posted file. */
export function address({ id, name }, small = false) {
  return `/files/${id}/${encodeURIComponent(name)}${small ? "?small" : ""}`;
}

/** "1.4 MB": as people read it. */
export function amount(bytes) {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1_000))} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function extension(name) {
  return /\.(\w{1,5})$/.exec(name)?.[1].toUpperCase() ?? "";
}

function element(tag, className = "", ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
