// When people are at the desk, in the visitor's own time; the zone is named where the shop's clocks show another one.

import { dueAt, t, tag, spoken } from "./words.js";

/** One sentence about the desk's hours, or "" when there is nothing to say. */
export function hoursLine(hours, online) {
  if (!hours) return "";
  const closes = ahead(hours.closes_at), opens = ahead(hours.opens_at), by = ahead(hours.answers_by);
  if (opens) return t("Nobody is here right now. We’ll be back {time}.", { time: moment(opens, hours) });
  if (!hours.open) return "";
  if (!online && by) return t("A person will answer by about {time}.", { time: moment(by, hours) });
  return closes ? t("People are here until {time}.", { time: moment(closes, hours) }) : "";
}

/** A time that somebody waits for, with its zone if it is not the shop's. */
export function moment(at, hours) {
  const zone = hours?.timezone && differs(at, hours.timezone) ? zoneName(at) : "";
  return zone ? t("{time} ({zone})", { time: dueAt(at), zone }) : dueAt(at);
}

function ahead(text) {
  const at = text ? new Date(text) : null;
  return at && at > Date.now() ? at : null;
}

function differs(at, timeZone) {
  const clock = (zone) => at.toLocaleString("en-GB", zone);
  return clock({}) !== clock({ timeZone });
}

function zoneName(at) {
  const parts = new Intl.DateTimeFormat(tag(spoken()), { hour: "numeric", timeZoneName: "short" }).formatToParts(at);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}
