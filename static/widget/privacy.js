// What the shop does with what people write: its own words and page, or the plain promise.

import { h } from "./dom.js";
import { boot, spoken, t } from "./words.js";

/** The line in the language that is spoken, with a link to the shop's page if it has one. */
export function privacyLine() {
  const { url, words = {} } = boot.privacy;
  const text = words[spoken()] || t("We use your messages to help you, and for nothing else.");
  const link = url && h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, t("Privacy"));
  return [h("span", {}, text), link && " ", link];
}
