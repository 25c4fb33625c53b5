// Wismo on a shop's page: needs script-src and frame-src for this server, nothing else.
(() => {
  const page = document, script = page.currentScript;
  if (window.Wismo?.ready) return;
  const early = window.Wismo?.q ?? [], base = new URL(script.src).origin, { site = "", lang = "auto", identity } = script.dataset;
  const key = `wismo:${site}`, words = { en: ["Chat with us", "Close the chat"], zh: ["联系客服", "收起对话"] };
  const wish = lang === "auto" ? page.documentElement.lang || navigator.language : lang;
  const listeners = {}, style = new CSSStyleSheet();
  let memory = {}, person = identity, frame, ready, shown = false, unread = 0;
  const recall = () => { try { memory = JSON.parse(localStorage[key]); } catch {} };
  recall();
  let language = memory.language ?? (/^zh/i.test(wish) ? "zh" : "en");

  style.replaceSync(`:host{all:initial;position:fixed;z-index:9999999;inset:auto 20px 20px auto}
button{all:unset;display:grid;place-items:center;width:58px;height:58px;border-radius:20px;background:#0b6a62;color:#fff;cursor:pointer;box-shadow:0 8px 24px #0003}
button:focus-visible{outline:3px solid #fff;box-shadow:0 0 0 6px #0b6a62}
i{width:23px;height:17px;border:2.5px solid;border-radius:10px 10px 10px 2px}
[aria-expanded=true] i{width:11px;height:11px;border-width:0 2.5px 2.5px 0;border-radius:0;rotate:45deg;margin-top:-6px}
b{position:absolute;top:-6px;right:-6px;padding:0 7px;border-radius:11px;background:#b3261e;font:600 12px/22px system-ui}
iframe{position:absolute;right:0;bottom:74px;width:392px;height:min(680px,100vh - 118px);border:0;border-radius:20px;box-shadow:0 20px 60px #0004}
[hidden]{display:none}
@media(max-width:479px),(max-height:479px){iframe{position:fixed;inset:0;width:100%;height:100dvh;border-radius:0}}`);
  const make = (name, parent) => parent.appendChild(page.createElement(name));
  const host = page.createElement("wismo-chat"), root = host.attachShadow({ mode: "closed" });
  const button = make("button", root), badge = (make("i", button), make("b", button));
  root.adoptedStyleSheets = [style];
  button.onclick = () => show(!shown);

  const keep = (change) => {
    memory = { ...memory, ...change };
    try { localStorage[key] = JSON.stringify(memory); } catch {}
  };
  const tell = (type, data) => ready && frame.contentWindow.postMessage({ wismo: 1, type, ...data }, base);
  // A token, or a function that fetches one: tokens live for minutes, pages for hours.
  const who = () => Promise.race([
    (async () => (person?.call ? person() : person))().catch(() => {}),
    new Promise((late) => setTimeout(late, 4e3)),
  ]);
  const wants = () => ({ notify: memory.notify && window.Notification?.permission === "granted", sound: memory.sound });
  const say = (name, data) => listeners[name]?.forEach((f) => f(data));
  const paint = () => {
    button.ariaLabel = words[language][+shown] + (unread ? ` (${unread})` : "");
    button.setAttribute("aria-expanded", shown);
    badge.hidden = shown || !unread;
    badge.textContent = unread;
    if (frame) frame.hidden = !shown;
  };
  const mount = () => {
    if (frame) return;
    frame = make("iframe", root);
    frame.title = words[language][0];
    frame.src = `${base}/widget?site=${site}&lang=${language}&origin=${location.origin}`;
  };
  const show = (on) => {
    if (on) mount();
    shown = on;
    paint();
    (on ? frame : button).focus();
    tell("show", { on });
    say("show", on);
  };
  const hears = {
    ready: async () => {
      ready = false;
      const identity = await who();
      recall();
      ready = true;
      tell("boot", { token: memory.token, language, shown, identity, alerts: wants() });
    },
    identify: async () => person?.call && tell("identify", { identity: await who() }),
    token: ({ token }) => keep({ token }),
    language: (data) => keep({ language: (language = data.language) }),
    unread: ({ count }) => say("unread", (unread = count)),
    close: () => show(false),
    want: async ({ name, on }) => {
      const allowed = name !== "notify" || !on || (await window.Notification?.requestPermission()) === "granted";
      keep({ [name]: on && allowed });
      tell("alerts", { alerts: { ...wants(), refused: !allowed } });
    },
    alert: ({ title, body }) => {
      if (!memory.notify || !page.hidden) return;
      try { new Notification(title, { body, tag: key }).onclick = () => { focus(); show(true); }; } catch {}
    },
  };
  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== base || !frame || source !== frame.contentWindow || data?.wismo !== 1) return;
    hears[data.type]?.(data);
    paint();
  });
  const commands = {
    open: () => show(true),
    close: () => show(false),
    on: (name, f) => { (listeners[name] ??= []).push(f); if (name === "unread" && unread) f(unread); },
    identify: async (value) => { person = value; ready && tell("identify", { identity: await who() }); },
    logout: () => { person = ""; tell("leave", { signedOut: true }); keep({ token: "" }); },
    shutdown: () => { tell("leave"); keep({ token: "" }); host.hidden = true; setTimeout(() => host.remove(), 500); },
  };
  const start = () => {
    page.body.append(host);
    paint();
    if (memory.token) mount();
    early.forEach((call) => Wismo(...call));
  };
  window.Wismo = Object.assign((name, ...values) => commands[name]?.(...values), { ready: true });
  page.body ? start() : addEventListener("DOMContentLoaded", start);
})();
