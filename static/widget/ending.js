// The end of a chat on this device: how it was, and goodbye. Nothing ends by a slip of the finger.

import { h } from "./dom.js";
import { ratingFields } from "./rating.js";
import { t } from "./words.js";

/** Ask in a dialog; `leave(rating)` is called with {score, text} or null when the person means it. */
export function askToEnd({ rate, leave, extra = null }) {
  const fields = rate ? ratingFields() : null;
  const dialog = h(
    "dialog.ending",
    { "aria-labelledby": "ending-title" },
    h("h2", { id: "ending-title" }, t("End the chat?")),
    h("p", {}, t("The conversation leaves this device. The desk keeps it.")),
    extra,
    fields?.element,
    h(
      "div.panel-actions",
      {},
      h("button.later", { type: "button", onclick: () => dialog.close() }, t("Go on chatting")),
      h("button.check.end", { type: "button", onclick: () => end() }, t("End the chat")),
    ),
  );
  const end = () => {
    dialog.close();
    leave(fields?.value() ?? null);
  };
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
