// Letters in the thread: their frames are as high as what is in them. Nothing runs inside; the page around measures.

import { find, findAll } from "./console-page.js";

const HIGHEST = 8_000; // pixels; what is longer scrolls in its frame
const BAR = 18; // pixels for a scroll bar at the bottom, when a letter is wider than the frame

export function fitFrames() {
  document.addEventListener("load", ({ target }) => target.matches?.(".mail-frame") && fit(target), true);
  addEventListener("resize", () => findAll(".mail-frame").forEach(fit));
  findAll(".mail-frame").forEach(fit); // those that were there before us
}

/** Put what the desk knows of mails by now into lines that say less or something else, unless somebody reads there. */
export function renewLetters(fresh, list) {
  for (const line of findAll("li.mail[data-number], li.note.mailed", fresh)) {
    const shown = document.getElementById(line.id);
    if (!shown || said(shown) === said(line) || find("details[open]", shown) || shown.contains(document.activeElement)) continue;
    shown.replaceWith(line);
  }
}

/** Forwards that have left are notes now; stopped ones say why. */
export function renewForwards(fresh, list) {
  for (const line of findAll("li[data-forward]", list)) {
    const now = find(`#${CSS.escape(line.id)}`, fresh);
    if (!now) line.remove();
    else if ("left" in line.dataset && !("left" in now.dataset)) line.replaceWith(now);
  }
}

function fit(frame) {
  const letter = frame.contentDocument?.body;
  if (!letter?.offsetHeight) return;
  const page = letter.ownerDocument.documentElement;
  const bar = page.scrollWidth > page.clientWidth ? BAR : 0;
  frame.style.blockSize = `${Math.min(letter.offsetHeight + bar + 2, HIGHEST)}px`;
}

const said = (line) => findAll(".mail-head, .mail-more, .mail-state, .mail-error", line).map((part) => part.textContent).join();
