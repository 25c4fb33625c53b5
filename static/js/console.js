// The console's live parts. Every page works without this module: it only saves reloads.

import { Bulk, followProgress, suggest } from "./console-bulk.js";
import { Composer } from "./console-composer.js";
import { Inbox } from "./console-inbox.js";
import { Keys } from "./console-keys.js";
import { MacroMenu } from "./console-macros.js";
import { fitFrames } from "./console-mail.js";
import { boot, find, findAll, fragment, gathered, reason, submit, toast, word } from "./console-page.js";
import { LiveThread } from "./console-thread.js";
import "./console-trial.js";
import { Wire } from "./wire.js";

document.documentElement.classList.add("scripted");

const hello = () => ({ type: "hello", language: boot.language });
const wire = new Wire("/console/ws", hello, { headers: { "x-form-token": boot.token } });
const inbox = new Inbox(wire);
const composer = find("#main[data-conversation]") ? new Composer(wire) : null;
if (composer) new MacroMenu();
const thread = composer ? new LiveThread(wire, composer) : null;
composer?.join(thread);
new Keys(composer, new Bulk());
followProgress(find("#progress"));
suggest();
fitFrames();
wire.addEventListener("status", ({ detail }) => {
  if (detail.status === "ended") toast(word("signed_out"), "alert");
});
wire.addEventListener("frame", ({ detail }) => detail.type === "handler" && tellTurn(detail));
wire.addEventListener("frame", ({ detail }) => detail.type === "inbox" && followTicket(detail));
document.addEventListener("ticket-moved", goAlong);
wire.addEventListener("frame", ({ detail }) => detail.type === "work" && showWork(detail));
wire.connect();

// The queue's page follows what happens, unless a menu or a field of it is in use.
const queue = find("#queue");
const refreshQueue = gathered(async () => {
  if (!queue || queue.contains(document.activeElement)) return;
  const fresh = await fragment(queue.dataset.url);
  if (fresh) queue.replaceChildren(fresh);
}, 400);
if (queue) {
  wire.addEventListener("frame", ({ detail }) => detail.type === "inbox" && refreshQueue());
  setInterval(() => document.hidden || refreshQueue(), 30_000);
}

// Small forms of the ticket: sent without a reload, then the parts that may have changed are asked for again.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!thread || !form.closest("#head, #order-pane")) return;
  event.preventDefault();
  const details = form.closest("details");
  if (details) details.open = false;
  const answer = await submit(form.action, new FormData(form, event.submitter));
  if (form.classList.contains("label-add") && answer.ok) thread.refocus = ".label-add [name=tag]";
  if (form.contains(document.activeElement)) document.activeElement.blur();
  if (!answer.ok) toast(reason(answer), "alert");
  else if (new URL(answer.body.url, location.href).pathname !== location.pathname) location.assign(answer.body.url);
  else toast(answer.body.text);
  thread.refreshHead();
  thread.refreshOrder();
  thread.refreshEvents();
  inbox.refresh();
});

document.addEventListener("click", (event) => {
  const screen = event.target.closest?.("[data-screen]");
  if (screen) {
    event.preventDefault();
    const name = screen.dataset.screen;
    find(".desk").classList.toggle("show-order", name === "order");
    find(".desk").classList.toggle("show-thread", name === "thread");
    for (const tab of findAll("[data-screen]")) tab.removeAttribute("aria-current");
    screen.setAttribute("aria-current", "true");
  }
  const action = event.target.closest?.("[data-action]")?.dataset.action;
  if (action === "shortcuts") Keys.help();
  if (action === "notify") askToNotify();
  for (const menu of findAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of findAll("details.menu[open]")) {
    menu.open = false;
    find("summary", menu).focus();
  }
});

for (const line of findAll("#toasts .toast")) setTimeout(() => line.remove(), 6_000);
// A reload must not say again what was said after an action.
const here = new URL(location.href);
if (here.searchParams.has("said")) {
  here.searchParams.delete("said");
  history.replaceState(null, "", here);
}

/** Work that came to this agent, or left them, without their doing. */
function tellTurn({ reason: why, agent }) {
  const mine = agent === boot.agent.name;
  if (mine && ["assigned", "transferred"].includes(why)) toast(word("given_to_you"), "hand");
  else if (!mine && ["taken_over", "transferred"].includes(why)) toast(word("taken_from_you", { name: agent }), "people");
  else if (why === "unanswered") toast(word("back_in_queue"), "clock");
  inbox.refresh();
  refreshQueue();
}

/** A merged ticket goes where its customer writes. News of several rows do not say which: then its head is asked. */
function followTicket({ ticket, conversation, what }) {
  if (!thread) return;
  if (what === "several" && Number(find("#strip")?.dataset.merges)) thread.refreshHead();
  if (ticket && conversation !== thread.conversation && thread.base.endsWith(`/tickets/${ticket}`)) goAlong();
}

/** The page follows, unless something is written. */
function goAlong() {
  if (find(".composer-text").value.trim()) toast(word("went_elsewhere"), "forward");
  else location.reload();
}

/** How much this agent has to do, in the head of the page. */
function showWork({ load, capacity }) {
  const place = find("#work-load");
  if (place) place.textContent = `${load}/${capacity}`;
}

async function askToNotify() {
  const answer = (await window.Notification?.requestPermission()) ?? "denied";
  toast(word(answer === "granted" ? "notify_on" : "notify_off"), "bell");
}
