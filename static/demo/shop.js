// Moving an order must not reload the page: the chat is open beside it.

const TRIES = 8; // the desk folds what the shop told in a job, a moment later
const PAUSE = 250; // milliseconds

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.closest(".orders")) return;
  event.preventDefault();
  const before = document.querySelector(".orders");
  for (const button of before.querySelectorAll("button")) button.disabled = true;
  let fresh = await orders(fetch(form.action, { method: "POST" }));
  for (let tries = 0; tries < TRIES && fresh.textContent === before.textContent; tries++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    fresh = await orders(fetch(location.pathname));
  }
  before.replaceWith(fresh);
  fresh.querySelector(`[action="${new URL(form.action).pathname}"] button`)?.focus();
});

async function orders(answer) {
  const page = new DOMParser().parseFromString(await (await answer).text(), "text/html");
  return document.adoptNode(page.querySelector(".orders"));
}
