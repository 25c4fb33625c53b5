// Posted files in the log. The token goes in a header, so pictures are fetched, and shown from memory.

import { address, amount, extension } from "../js/files.js";
import { h } from "./dom.js";
import { boot, t } from "./words.js";

const urls = new Map(); // "id" or "id small" → promise of a blob address
let authorization = () => ({});
let viewer = null;

/** Called once: `headers()` prove who reads. */
export function readAs(headers) {
  authorization = headers;
}

/** A picture that is on this device anyway: no need to fetch its thumbnail. */
export function remember(id, url) {
  urls.set(`${id} small`, Promise.resolve(url));
}

/** Everything that was loaded goes: another person may use this device next. */
export function forget() {
  for (const promise of urls.values()) promise.then(URL.revokeObjectURL, () => {});
  urls.clear();
}

/** The files of a message as elements. */
export function attached(files) {
  if (!files?.length) return null;
  return h(`div.files.files-${files.length > 1 ? "many" : "one"}`, {}, files.map((file) => (file.refusal ? refused(file) : file.width ? picture(file) : download(file))));
}

function picture(file) {
  const image = h("img", { alt: t("Photo {name}", { name: file.name }), width: file.width, height: file.height });
  const button = h("button.picture", { type: "button", onclick: () => open(file) }, image);
  nearby.observe(button);
  button.load = () =>
    fetched(file, true).then(
      (url) => (image.src = url),
      () => button.classList.add("is-missing"),
    );
  return button;
}

/** Thumbnails are fetched when they come near the screen. */
const nearby = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      nearby.unobserve(target);
      target.load();
    }
  },
  { rootMargin: "300px" },
);

/** A file of a mail that was not kept: its name, and why. */
function refused({ name, refusal }) {
  const why = boot.files[`refused_${refusal}`] ?? boot.files.refused;
  const words = h("span.file-words", {}, h("span.file-name", {}, name), h("span.file-size", {}, t(why)));
  return h("span.file.is-refused", {}, h("span.file-kind", { "aria-hidden": "true" }, extension(name)), words);
}

function download(file) {
  const words = h("span.file-words", {}, h("span.file-name", {}, file.name), h("span.file-size", {}, amount(file.size)));
  const button = h("button.file", { type: "button", onclick: () => save(file, button) }, h("span.file-kind", { "aria-hidden": "true" }, extension(file.name)), words);
  button.ariaLabel = `${t("Download {name}", { name: file.name })}, ${amount(file.size)}`;
  return button;
}

async function save(file, button) {
  try {
    const link = h("a", { href: await fetched(file), download: file.name });
    link.click();
  } catch {
    button.querySelector(".file-size").textContent = t("The file couldn’t be loaded.");
  }
}

/** The whole picture over the conversation; Escape and a click beside it close. */
async function open(file) {
  viewer?.remove();
  const image = h("img", { alt: t("Photo {name}", { name: file.name }) });
  const close = h("button.viewer-close", { type: "button", "aria-label": t("Close"), onclick: () => viewer.close() }, "×");
  const keep = h("button.viewer-save", { type: "button", onclick: () => save(file, keep) }, h("span.file-size", {}, t("Save")));
  viewer = h("dialog.viewer", { "aria-label": file.name, onclick: (event) => event.target === viewer && viewer.close() }, image, h("div.viewer-tools", {}, keep, close));
  viewer.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation()); // the chat stays open
  viewer.addEventListener("close", () => viewer.remove());
  document.body.append(viewer);
  viewer.showModal();
  try {
    image.src = await fetched(file, true);
    image.src = await fetched(file);
  } catch {
    keep.querySelector(".file-size").textContent = t("The file couldn’t be loaded.");
  }
}

function fetched(file, small = false) {
  const key = file.id + (small ? " small" : "");
  if (!urls.has(key)) {
    const promise = load(file, small);
    urls.set(key, promise);
    promise.catch(() => urls.delete(key));
  }
  return urls.get(key);
}

async function load(file, small) {
  const answer = await fetch(address(file, small), { headers: authorization(), credentials: "omit" });
  if (!answer.ok) throw new Error(answer.status);
  return URL.createObjectURL(await answer.blob());
}
