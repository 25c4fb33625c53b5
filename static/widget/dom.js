// Making elements: text only ever as text.

/** h("p.small", {lang: "en"}, "words", child): an element with classes, attributes or listeners, and children. */
export function h(name, attributes = {}, ...children) {
  const [tagName, ...classes] = name.split(".");
  const element = document.createElement(tagName);
  element.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const STROKES = {
  check: "m5 12.5 4.5 4.5L19 7.5",
  cross: "M7 7l10 10M17 7 7 17",
  placed: "M6.5 8h11l.9 11.5H5.6zM9 8a3 3 0 0 1 6 0",
  confirmed: "M9 4.5h6v3H9zM9 6H6.5v14h11V6H15M9 13.5l2.2 2.2 4-4.2",
  shipped: "M3.5 7h10v9.5h-10zM13.5 10.5h4l3 3v3h-7zM7 19.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM17 19.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4Z",
  out_for_delivery: "M12 20.5s6.5-5.4 6.5-10.4a6.5 6.5 0 0 0-13 0c0 5 6.5 10.4 6.5 10.4ZM12 12.4a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6Z",
  delivered: "m4.5 11 7.5-6.5 7.5 6.5M6.5 9.5V19h11V9.5M10 19v-5h4v5",
  problem: "M12 6.5v7M12 17.3v.1",
  wait: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 8v4.4l2.8 1.8",
  next: "M5 12h13M13 7l5 5-5 5",
  parcel: "M12 3.5 20 8v8.5l-8 4-8-4V8zM4 8l8 4 8-4M12 12v8.5",
  refund: "M4.5 11.5a7.5 7.5 0 1 1 2.2 6.3M4.5 11.5 3 8.8M4.5 11.5l2.9-1",
  bag: "M6.5 8h11l.9 11.5H5.6zM9 8a3 3 0 0 1 6 0",
  retry: "M19 12a7 7 0 1 1-2.1-5M19 4.5V8h-3.5",
};

/** One of our line icons; it says nothing to screen readers, a word beside it does. */
export function icon(name) {
  const [svg, path] = ["svg", "path"].map((part) => document.createElementNS("http://www.w3.org/2000/svg", part));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  path.setAttribute("d", STROKES[name] ?? STROKES.wait);
  svg.append(path);
  return svg;
}

/** Text with its web addresses as links. */
export function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)，。；：！？）])/).map((part, index) =>
    index % 2 ? h("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part,
  );
}
