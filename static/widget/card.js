// The order card: where the order is, what it waits for, where each parcel is, and what comes next.

import { h, icon } from "./dom.js";
import { t } from "./words.js";

/** A card for what the server says about an order; all wordings are the server's. */
export function orderCard(card, language) {
  return h(
    "section.card",
    { lang: language, "aria-label": t("Order {number}", { number: card.number }), "data-order": card.order_id },
    h(
      "header.card-head",
      {},
      h("span.card-number", {}, t("Order {number}", { number: card.number })),
      h("span.card-asof", {}, t("as of {time}", { time: card.as_of })),
      h(`strong.card-title.tone-${card.tone}`, {}, card.title),
    ),
    stageLine(card.stages ?? []),
    card.gate && fact("wait", "gate", card.gate),
    card.detail && h("p.card-detail", {}, card.detail),
    card.next && fact("next", "next", card.next),
    (card.parcels ?? []).map(parcel),
    [card.refund ?? []].flat().map((text) => fact("refund", "refund", text)),
    goods(card),
  );
}

/** One line in place of a card that stands further down. */
export function olderCard(card, onclick) {
  return h("button.card-older", { type: "button", onclick }, icon("parcel"), t("Order {number}", { number: card.number }), " ↓");
}

function stageLine(stages) {
  return h(
    "ol.stages",
    {},
    stages.map((stage) =>
      h(
        `li.stage.is-${stage.state}`,
        { "aria-current": stage.state === "now" ? "step" : null },
        h("span.dot", {}, icon(stage.state === "done" ? "check" : stage.state === "problem" ? "problem" : stage.key)),
        h("span.stage-label", {}, stage.label),
        stage.at ? h("span.stage-at", {}, stage.at) : h("span.hidden", {}, t(STATES[stage.state])),
      ),
    ),
  );
}

const STATES = { done: "done", now: "happening now", todo: "still to come", problem: "held up" };

function fact(name, kind, text) {
  return h(`p.fact.fact-${kind}`, {}, icon(name), h("span", {}, text));
}

function parcel(data) {
  const number = data.tracking_number;
  const linkable = data.tracking_url && number;
  return h(
    "div.parcel",
    {},
    h(
      "p.parcel-head",
      {},
      icon("parcel"),
      h("span.parcel-title", {}, [data.title, data.carrier].filter(Boolean).join(" · ")),
      h(`span.chip.is-${data.state}`, {}, data.state_text),
    ),
    number &&
      h("p.parcel-number", {}, linkable ? h("a", { href: data.tracking_url, target: "_blank", rel: "noopener noreferrer" }, number) : number),
    data.eta && h("p.parcel-eta", {}, t("Expected {time}", { time: data.eta })),
    data.note && h("p.parcel-note", {}, data.note),
    data.scans?.length ? scans(data.scans) : null,
  );
}

function scans(list) {
  const line = (scan) =>
    h("li", {}, h("span", {}, [scan.text, scan.place].filter(Boolean).join(" · ")), h("time", {}, scan.at));
  if (list.length === 1) return h("ol.scans", {}, line(list[0]));
  return h(
    "details.more",
    {},
    h("summary", {}, h("ol.scans", {}, line(list[0])), h("span.more-word", {}, t("All {count} updates", { count: list.length }))),
    h("ol.scans.rest", {}, list.slice(1).map(line)),
  );
}

function goods(card) {
  if (!card.lines?.length) return null;
  const units = card.lines.reduce((sum, line) => sum + line.quantity, 0);
  return h(
    "details.more.goods",
    {},
    h("summary", {}, icon("bag"), h("span", {}, t("{count} items", { count: units })), h("span.total", {}, card.total)),
    h(
      "ul.lines",
      {},
      card.lines.map((line) =>
        h(
          "li",
          {},
          h("span", {}, [line.title, line.variant].filter(Boolean).join(" · "), line.note && h("em", {}, line.note)),
          h("span.line-price", {}, `${line.quantity} × ${line.price}`),
        ),
      ),
    ),
  );
}
