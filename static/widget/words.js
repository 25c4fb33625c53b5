// The words of the interface in both languages, and the language that is spoken now.

const boot = JSON.parse(document.getElementById("boot").textContent);
let language = boot.language;

export { boot };

/** The wording of an English message in the current language; `{name}` is filled from `values`. */
export function t(message, values = {}) {
  const words = boot.words[language]?.[message] ?? message;
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function spoken() {
  return language;
}

/** Speak another language: every marked element of the page changes at once. */
export function speak(next) {
  language = next;
  document.documentElement.lang = tag(next);
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) element.ariaLabel = t(element.dataset.tLabel);
  for (const element of document.querySelectorAll("[data-t-hint]")) element.placeholder = t(element.dataset.tHint);
}

/** The language tag for `lang` attributes and for Intl. */
export function tag(code) {
  return code === "zh" ? "zh-Hans" : "en";
}

export function clock(moment) {
  return new Intl.DateTimeFormat(tag(language), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(moment);
}

/** A time that somebody waits for: with the day, unless it is today. */
export function dueAt(moment) {
  if (+midnight(moment) === +midnight(new Date())) return clock(moment);
  const day = new Intl.DateTimeFormat(tag(language), { weekday: "short" }).format(moment);
  return `${day} ${clock(moment)}`;
}

/** Today, yesterday, or the date. */
export function dayName(moment) {
  const days = Math.round((midnight(new Date()) - midnight(moment)) / 86_400_000);
  if (days === 0) return t("Today");
  if (days === 1) return t("Yesterday");
  return new Intl.DateTimeFormat(tag(language), { weekday: "short", day: "numeric", month: "short" }).format(moment);
}

function midnight(moment) {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
}
