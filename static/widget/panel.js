// Dialogs over the conversation: the focus goes in, Escape closes, and it comes back to where it was.

import { h } from "./dom.js";

/** Open a dialog called `name` that is headed by `title`; `dialog.back` gets the focus when it closes. */
export function openPanel(name, title, content, back = document.activeElement) {
  const id = `${name}-title`;
  const dialog = h(`dialog.sheet.${name}`, { "aria-labelledby": id }, h("h2", { id, tabindex: "-1" }, title), content);
  dialog.back = back;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.back?.isConnected) dialog.back.focus({ preventScroll: true });
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
