// What every module of the console needs: the page's data, its words, toasts, and fragments of itself.

export const boot = JSON.parse(document.getElementById("boot").textContent);

/** The wording for `key`, with `%(name)s` filled in. */
export function word(key, values = {}) {
  return (boot.words[key] ?? key).replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "");
}

export const find = (selector, within = document) => within.querySelector(selector);
export const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];

/** An element with text (never markup) and children. */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** An icon of the sprite; its address is taken from one that the page already shows. */
export function icon(name, size = "small") {
  const sprite = find("use").getAttribute("href").split("#")[0];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", `icon ${size}`);
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

/** Say something in passing; screen readers hear it politely. */
export function toast(text, symbol = "check-circle") {
  const line = make("p", "toast", icon(symbol), make("span", "", text));
  find("#toasts").append(line);
  setTimeout(() => line.remove(), 6_000);
}

/** A fragment of a page of ours, or null when it cannot be had now. */
export async function fragment(url) {
  try {
    const answer = await fetch(url, { headers: { accept: "text/html" }, credentials: "same-origin" });
    if (answer.status === 401) toast(word("signed_out"), "alert");
    if (!answer.ok) return null;
    const template = document.createElement("template");
    template.innerHTML = await answer.text(); // trusted: rendered by our own templates, which escape everything
    return template.content;
  } catch {
    return null;
  }
}

/** Send a form as its page would. Returns {ok, status, body}; status 0 when the line is down. */
export async function submit(url, fields, options = {}) {
  try {
    const answer = await fetch(url, {
      method: "POST",
      body: fields instanceof FormData ? new URLSearchParams(fields) : new URLSearchParams(Object.entries(fields)),
      headers: { accept: "application/json", "x-form-token": boot.token },
      credentials: "same-origin",
      ...options,
    });
    return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => ({})) };
  } catch {
    return { ok: false, status: 0, body: {} };
  }
}

/** Why something was refused, in the agent's words. */
export function reason({ status, body }) {
  if (status === 401) return word("signed_out");
  const known = boot.reasons[body.code];
  if (!known) return word(status === 0 ? "not_sent" : "failed");
  return known.replace(/%\((\w+)\)s/g, (_, name) => body.data?.[name] ?? "");
}

/** Call `act` once after a burst of calls. */
export function gathered(act, pause = 200) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, pause);
  };
}

/** Storage that may be missing or full. */
export const kept = {
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      if (value) localStorage.setItem(key, value);
      else localStorage.removeItem(key);
    } catch {
      // private windows: the draft lives as long as the page
    }
  },
};
