// New letters appear by themselves: the page is asked for again, and its list replaced when it differs.

const EVERY = 2_000; // milliseconds

async function look() {
  const list = document.querySelector("#letters");
  if (document.hidden || list.contains(document.activeElement)) return;
  const address = new URL(location.href);
  address.searchParams.delete("sent");
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#letters");
  if (fresh && fresh.textContent !== list.textContent) list.replaceChildren(...fresh.childNodes);
}

async function watch() {
  try {
    await look();
  } catch {
    // The desk is restarting; the next look finds it again.
  }
  setTimeout(watch, EVERY);
}

setTimeout(watch, EVERY);
