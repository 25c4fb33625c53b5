// The end of a chat on this device: how it was, the words by mail, and goodbye. Nothing ends by a slip of the finger.

import { h } from "./dom.js";
import { openPanel } from "./panel.js";
import { ratingFields } from "./rating.js";
import { t } from "./words.js";

/** Ask in a dialog; `leave(rating)` is called with {score, text} or null when the person means it. */
export function askToEnd({ rate, leave, mail, back }) {
  const fields = rate ? ratingFields() : null;
  const stay = h("button.later", { type: "button", onclick: () => dialog.close() }, t("Keep chatting"));
  const end = () => {
    dialog.close();
    leave(fields?.value() ?? null);
  };
  const content = [
    h("p", {}, t("The conversation will be removed from this device. The shop keeps its copy.")),
    mail,
    fields?.element,
    h("div.panel-actions", {}, stay, h("button.check.end", { type: "button", onclick: end }, t("End the chat"))),
  ];
  const dialog = openPanel("ending", t("End the chat?"), content.filter(Boolean), back);
  stay.focus();
}
