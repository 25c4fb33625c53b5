// Moving an order must not reload the page: the chat is open beside it.

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.closest("#orders")) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  const answer = await fetch(form.action, { method: "POST" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector(".orders");
  if (answer.ok && fresh) document.querySelector(".orders").replaceWith(document.adoptNode(fresh));
  else button.disabled = false;
});
